//! The inputs of a batch: one object, cut at its members without reading them.

use bytes::Bytes;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::{Code, RpcError};
use crate::input::RawInput;

/// Cuts `{"0":…,"2":…}` into the inputs of `calls` calls, each a slice of `body`. A call whose index is missing has no input;
/// other members are passed over; of an index that stands there twice, the last counts, as in `JSON.parse`. An empty body
/// is no input for any.
///
/// ```
/// use rpc_typed::wire::batch::split;
///
/// let mut inputs = split(&br#"{"1":[7],"x":0}"#.as_slice().into(), 2)?.into_iter();
/// assert_eq!(inputs.next().unwrap().parse::<Option<u8>>()?, None);
/// assert_eq!(inputs.next().unwrap().parse::<[u8; 1]>()?, [7]);
/// # Ok::<(), rpc_typed::RpcError>(())
/// ```
///
/// # Errors
/// `BAD_REQUEST`, with the place if it is not JSON, and with tRPC's words if it is not an object.
pub fn split(body: &Bytes, calls: usize) -> Result<Vec<RawInput>, RpcError> {
    let mut inputs: Vec<RawInput> = std::iter::repeat_with(RawInput::absent).take(calls).collect();
    if body.is_empty() {
        return Ok(inputs);
    }
    let malformed = |error| RpcError::new(Code::BadRequest, format!("the input is not valid JSON: {error}"));
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(match serde_json::from_slice::<IgnoredAny>(body) {
            Ok(_) => RpcError::new(Code::BadRequest, NO_OBJECT),
            Err(error) => malformed(error),
        });
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    reader.deserialize_map(Split { body, inputs: &mut inputs }).map_err(malformed)?;
    reader.end().map_err(malformed)?;
    Ok(inputs)
}

/// What tRPC says of a batch whose input is something else than an object.
const NO_OBJECT: &str = "\"input\" needs to be an object when doing a batch call";

struct Split<'b> {
    body: &'b Bytes,
    inputs: &'b mut [RawInput],
}

impl<'de> Visitor<'de> for Split<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object of inputs by their index")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let base = self.body.as_ptr().addr();
        while let Some(Index(index)) = map.next_key()? {
            let Some(input) = index.and_then(|index| self.inputs.get_mut(index)) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let raw = map.next_value::<&'de RawValue>()?.get();
            // The value lies in the body, so its place is its distance from the beginning.
            let from = raw.as_ptr().addr().wrapping_sub(base);
            let to = from.wrapping_add(raw.len());
            *input = match to <= self.body.len() && from <= to {
                true => RawInput::json(self.body.slice(from..to)),
                false => RawInput::json(raw.to_owned()),
            };
        }
        Ok(())
    }
}

/// A key as the index that it is; JavaScript writes one without sign or leading zero.
struct Index(Option<usize>);

impl<'de> de::Deserialize<'de> for Index {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Index, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Index;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an index")
            }
            fn visit_str<E: de::Error>(self, key: &str) -> Result<Index, E> {
                let canonical =
                    key == "0" || (!key.starts_with('0') && key.bytes().all(|b| b.is_ascii_digit()));
                Ok(Index(if canonical { key.parse().ok() } else { None }))
            }
        }
        deserializer.deserialize_str(Read)
    }
}
