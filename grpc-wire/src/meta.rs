//! Metadata: the entries of head and trailers (PROTOCOL-HTTP2, "Requests", `Custom-Metadata`).

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::error::MetadataError;
use crate::limits::Limits;
use crate::status::Status;

/// Written without padding, read with and without (PROTOCOL-HTTP2, "Binary-Header").
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The entries that are HTTP's or gRPC's own: never sent as metadata.
const RESERVED: [&str; 11] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

fn is_reserved(name: &str) -> bool {
    name.starts_with("grpc-") || RESERVED.contains(&name)
}

/// The name of an entry whose values are printable ASCII. It does not end in `-bin`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AsciiKey(HeaderName);

/// The name of an entry whose values are any bytes: it ends in `-bin`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BinKey(HeaderName);

fn parse_name(name: &str) -> Result<HeaderName, MetadataError> {
    let parsed = HeaderName::from_bytes(name.as_bytes()).ok();
    // HTTP allows more; gRPC's names are `1*( %x30-39 / %x61-7A / "_" / "-" / "." )`.
    let parsed = parsed.filter(|parsed| {
        parsed.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
    });
    let Some(parsed) = parsed else { return Err(MetadataError::Name { name: name.into() }) };
    if is_reserved(parsed.as_str()) {
        return Err(MetadataError::Reserved { name: name.into() });
    }
    Ok(parsed)
}

impl AsciiKey {
    /// Reads a name; upper case becomes lower case.
    ///
    /// # Errors
    /// A [`MetadataError`] for a name with other characters than gRPC allows, one that is reserved, and one in `-bin`.
    pub fn parse(name: &str) -> Result<Self, MetadataError> {
        let parsed = parse_name(name)?;
        if parsed.as_str().ends_with("-bin") {
            return Err(MetadataError::Kind { name: name.into() });
        }
        Ok(Self(parsed))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl BinKey {
    /// Reads a name; upper case becomes lower case.
    ///
    /// # Errors
    /// A [`MetadataError`] for a name with other characters than gRPC allows, one that is reserved, and one not in `-bin`.
    pub fn parse(name: &str) -> Result<Self, MetadataError> {
        let parsed = parse_name(name)?;
        if !parsed.as_str().ends_with("-bin") {
            return Err(MetadataError::Kind { name: name.into() });
        }
        Ok(Self(parsed))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl TryFrom<&str> for AsciiKey {
    type Error = MetadataError;

    fn try_from(name: &str) -> Result<Self, MetadataError> {
        Self::parse(name)
    }
}

impl TryFrom<&str> for BinKey {
    type Error = MetadataError;

    fn try_from(name: &str) -> Result<Self, MetadataError> {
        Self::parse(name)
    }
}

/// Entries of a head or of trailers, in order of arrival for each name.
///
/// ```
/// use grpc_wire::Metadata;
///
/// let mut metadata = Metadata::new();
/// metadata.insert("x-request-id", "7")?;
/// metadata.insert_bin("trace-bin", b"\x00\x01")?;
/// assert_eq!(metadata.get("x-request-id"), Some("7"));
/// assert_eq!(metadata.get_bin("trace-bin").transpose()?.as_deref(), Some(&b"\x00\x01"[..]));
/// assert!(metadata.insert("grpc-status", "0").is_err());
/// # Ok::<(), grpc_wire::MetadataError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata(HeaderMap);

impl Metadata {
    /// No entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The entries of a received head or of received trailers, those of HTTP itself included.
    #[must_use]
    pub const fn from_headers(headers: HeaderMap) -> Self {
        Self(headers)
    }

    /// All entries as HTTP has them.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.0
    }

    /// The first value under this name that is printable ASCII.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_all(name).next()
    }

    /// The values under this name that are printable ASCII.
    pub fn get_all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.get_all(name).into_iter().filter_map(|value| value.to_str().ok())
    }

    /// The first value under this `-bin` name.
    #[must_use]
    pub fn get_bin(&self, name: &str) -> Option<Result<Bytes, MetadataError>> {
        self.get_all_bin(name).next()
    }

    /// The values under this `-bin` name, those that some hop joined by commas included.
    ///
    /// Each may be an error of its own: it is no base64, padded or not.
    pub fn get_all_bin(&self, name: &str) -> impl Iterator<Item = Result<Bytes, MetadataError>> {
        self.0
            .get_all(name)
            .into_iter()
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
            .map(decode_bin)
    }

    /// Sets an entry.
    ///
    /// # Errors
    /// A [`MetadataError`] for a name that [`AsciiKey`] refuses, and for a value that is not printable ASCII.
    pub fn insert<K>(&mut self, key: K, value: &str) -> Result<(), MetadataError>
    where
        K: TryInto<AsciiKey>,
        MetadataError: From<K::Error>,
    {
        let key = key.try_into()?;
        self.0.insert(key.0.clone(), ascii_value(&key, value)?);
        Ok(())
    }

    /// Adds an entry to those of the same name.
    ///
    /// # Errors
    /// As [`insert`](Self::insert).
    pub fn append<K>(&mut self, key: K, value: &str) -> Result<(), MetadataError>
    where
        K: TryInto<AsciiKey>,
        MetadataError: From<K::Error>,
    {
        let key = key.try_into()?;
        self.0.append(key.0.clone(), ascii_value(&key, value)?);
        Ok(())
    }

    /// Sets an entry of any bytes.
    ///
    /// # Errors
    /// A [`MetadataError`] for a name that [`BinKey`] refuses.
    pub fn insert_bin<K>(&mut self, key: K, value: &[u8]) -> Result<(), MetadataError>
    where
        K: TryInto<BinKey>,
        MetadataError: From<K::Error>,
    {
        self.0.insert(key.try_into()?.0, encode_bin(value));
        Ok(())
    }

    /// Adds an entry of any bytes to those of the same name.
    ///
    /// # Errors
    /// As [`insert_bin`](Self::insert_bin).
    pub fn append_bin<K>(&mut self, key: K, value: &[u8]) -> Result<(), MetadataError>
    where
        K: TryInto<BinKey>,
        MetadataError: From<K::Error>,
    {
        self.0.append(key.try_into()?.0, encode_bin(value));
        Ok(())
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the entries to a head or to trailers. Reserved ones, which received metadata has, are not passed on.
    pub fn write(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.0 {
            if !is_reserved(name.as_str()) {
                headers.append(name.clone(), value.clone());
            }
        }
    }
}

fn ascii_value(key: &AsciiKey, value: &str) -> Result<HeaderValue, MetadataError> {
    let is_ascii = value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let parsed = HeaderValue::from_str(value).ok().filter(|_| is_ascii);
    parsed.ok_or_else(|| MetadataError::Value { name: key.as_str().into() })
}

pub(crate) fn encode_bin(value: &[u8]) -> HeaderValue {
    let text = BASE64.encode(value);
    // The alphabet of base64 is within what a header value may hold.
    HeaderValue::from_maybe_shared(Bytes::from(text)).unwrap_or(HeaderValue::from_static(""))
}

pub(crate) fn decode_bin(value: &[u8]) -> Result<Bytes, MetadataError> {
    BASE64.decode(value.trim_ascii()).map(Bytes::from).map_err(|_| MetadataError::Base64)
}

/// Holds received entries to the limits.
pub(crate) fn check(headers: &HeaderMap, limits: &Limits) -> Result<(), Status> {
    if headers.len() > limits.max_metadata_entries {
        return Err(Status::resource_exhausted(format!(
            "{} metadata entries, max_metadata_entries is {}",
            headers.len(),
            limits.max_metadata_entries
        )));
    }
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if size > limits.max_metadata {
        return Err(Status::resource_exhausted(format!(
            "{size} bytes of metadata, max_metadata is {}",
            limits.max_metadata
        )));
    }
    Ok(())
}
