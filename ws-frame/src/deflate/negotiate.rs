//! The parameters of permessage-deflate (RFC 7692 §7.1): offer, choice, and check of the choice.

use core::fmt;

use super::Deflate;
use crate::handshake::Extension;

const NAME: &str = "permessage-deflate";
const SERVER_NO_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_NO_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_BITS: &str = "server_max_window_bits";
const CLIENT_BITS: &str = "client_max_window_bits";

/// The base-2 logarithm of the size of a window, 8 to 15 (§7.1.2).
///
/// ```
/// use ws_frame::deflate::WindowBits;
///
/// assert_eq!(WindowBits::try_from(10)?.window(), 1024);
/// assert!(WindowBits::try_from(7).is_err() && WindowBits::try_from(16).is_err());
/// # Ok::<(), ws_frame::deflate::InvalidWindowBits>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowBits(u8);

impl WindowBits {
    /// 8 bits: 256 bytes.
    pub const MIN: WindowBits = WindowBits(8);
    /// 15 bits: 32 KiB.
    pub const MAX: WindowBits = WindowBits(15);

    /// The number, 8 to 15.
    #[must_use]
    pub const fn as_u8(self) -> u8 {
        self.0
    }

    /// The size of the window in bytes.
    #[must_use]
    pub const fn window(self) -> usize {
        1 << self.0
    }

    /// The value of a parameter: a decimal number without leading zeros (§7.1.2.1).
    fn parse(value: &str) -> Option<WindowBits> {
        match value.as_bytes() {
            [digit @ b'8'..=b'9'] => Some(WindowBits(digit - b'0')),
            [b'1', digit @ b'0'..=b'5'] => Some(WindowBits(10 + digit - b'0')),
            _ => None,
        }
    }
}

impl TryFrom<u8> for WindowBits {
    type Error = InvalidWindowBits;

    fn try_from(bits: u8) -> Result<Self, InvalidWindowBits> {
        if (8..=15).contains(&bits) { Ok(WindowBits(bits)) } else { Err(InvalidWindowBits(bits)) }
    }
}

impl fmt::Display for WindowBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number is not one of window bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidWindowBits(u8);

impl fmt::Display for InvalidWindowBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "window bits are 8 to 15, not {}", self.0)
    }
}

impl core::error::Error for InvalidWindowBits {}

/// What both sides agreed on, and what this side wants within it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    send: Direction,
    receive: Direction,
    pub(super) deflate: Deflate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Direction {
    takeover: bool,
    window: WindowBits,
}

impl Agreement {
    /// Whether what we send may refer to our earlier messages.
    #[must_use]
    pub const fn send_takeover(&self) -> bool {
        self.send.takeover
    }

    /// Whether what the peer sends may refer to its earlier messages.
    #[must_use]
    pub const fn receive_takeover(&self) -> bool {
        self.receive.takeover
    }

    /// How far back what we send may refer.
    #[must_use]
    pub const fn send_window(&self) -> WindowBits {
        self.send.window
    }

    /// How far back what the peer sends may refer.
    #[must_use]
    pub const fn receive_window(&self) -> WindowBits {
        self.receive.window
    }

    /// What this side wants.
    #[must_use]
    pub const fn deflate(&self) -> &Deflate {
        &self.deflate
    }

    /// zlib has no compressor of 8 bits. That of 9 refers back 512 - 262 = 250 bytes at most, which a window of 256 bytes holds.
    pub(crate) const fn compressor_bits(&self) -> u8 {
        if self.send.window.0 < 9 { 9 } else { self.send.window.0 }
    }
}

/// The parameters of one offer or answer. A window without a value is `Some(None)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Parameters {
    server_no_takeover: bool,
    client_no_takeover: bool,
    server_bits: Option<WindowBits>,
    client_bits: Option<Option<WindowBits>>,
}

impl Parameters {
    fn parse(extension: &Extension) -> Result<Parameters, NegotiationError> {
        let mut found = Parameters::default();
        for (name, value) in extension.parameters() {
            let bits = value.map(|value| WindowBits::parse(value).ok_or(NegotiationError::WindowBits));
            let bits = bits.transpose();
            let again = match name {
                SERVER_NO_TAKEOVER | CLIENT_NO_TAKEOVER if value.is_some() => {
                    return Err(NegotiationError::UnexpectedValue);
                }
                SERVER_NO_TAKEOVER => core::mem::replace(&mut found.server_no_takeover, true),
                CLIENT_NO_TAKEOVER => core::mem::replace(&mut found.client_no_takeover, true),
                SERVER_BITS => {
                    let bits = bits?.ok_or(NegotiationError::MissingValue)?;
                    found.server_bits.replace(bits).is_some()
                }
                CLIENT_BITS => found.client_bits.replace(bits?).is_some(),
                _ => return Err(NegotiationError::UnknownParameter),
            };
            if again {
                return Err(NegotiationError::Repeated);
            }
        }
        Ok(found)
    }

    fn write(&self) -> Extension {
        let mut parameters = Vec::new();
        if self.server_no_takeover {
            parameters.push((SERVER_NO_TAKEOVER, None));
        }
        if self.client_no_takeover {
            parameters.push((CLIENT_NO_TAKEOVER, None));
        }
        if let Some(bits) = self.server_bits {
            parameters.push((SERVER_BITS, Some(bits)));
        }
        if let Some(bits) = self.client_bits {
            parameters.push((CLIENT_BITS, bits));
        }
        let parameters = parameters.into_iter();
        Extension::new(NAME, parameters.map(|(name, bits)| (name, bits.map(|bits| bits.to_string()))))
    }
}

impl Deflate {
    /// What a client offers (§7.1).
    ///
    /// ```
    /// use ws_frame::deflate::Deflate;
    ///
    /// assert_eq!(
    ///     Deflate::default().offer().to_string(),
    ///     "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits",
    /// );
    /// assert_eq!(Deflate::with_takeover().offer().to_string(), "permessage-deflate; client_max_window_bits");
    /// ```
    #[must_use]
    pub fn offer(&self) -> Extension {
        let asked = |window: WindowBits| (window < WindowBits::MAX).then_some(window);
        let offer = Parameters {
            server_no_takeover: !self.receive_takeover,
            client_no_takeover: !self.send_takeover,
            server_bits: asked(self.receive_window),
            // Without a value it only says that the server may limit us.
            client_bits: Some(asked(self.send_window)),
        };
        offer.write()
    }

    /// What a server chooses of a client's offers: the first that it can hold to. Gives what both sides agreed on, and the answer. An
    /// offer with a parameter that is unknown, doubled, or has a wrong value is passed over (§7.1, §5.1); other extensions are
    /// no concern of this one.
    ///
    /// ```
    /// use ws_frame::deflate::Deflate;
    /// use ws_frame::handshake::{Extension, Limits};
    ///
    /// let offers = b"permessage-deflate; server_max_window_bits=16, permessage-deflate; server_max_window_bits=10";
    /// let offers = Extension::parse_list(offers, &Limits::default())?;
    /// let (agreement, answer) = Deflate::with_takeover().choose(&offers).unwrap();
    /// assert_eq!(answer.to_string(), "permessage-deflate; server_max_window_bits=10");
    /// assert_eq!(agreement.send_window().as_u8(), 10);
    /// # Ok::<(), ws_frame::handshake::ExtensionError>(())
    /// ```
    #[must_use]
    pub fn choose(&self, offers: &[Extension]) -> Option<(Agreement, Extension)> {
        let offer = offers
            .iter()
            .filter(|extension| extension.name() == NAME)
            .find_map(|extension| Parameters::parse(extension).ok())?;
        let send_window = offer.server_bits.map_or(self.send_window, |asked| asked.min(self.send_window));
        // Only a client that offers it can be limited (§7.1.2.2).
        let client_window =
            offer.client_bits.map(|bits| bits.unwrap_or(WindowBits::MAX).min(self.receive_window));
        let limits_client =
            client_window.filter(|&window| window < WindowBits::MAX || offer.client_bits != Some(None));
        let answer = Parameters {
            server_no_takeover: offer.server_no_takeover || !self.send_takeover,
            client_no_takeover: offer.client_no_takeover || !self.receive_takeover,
            server_bits: (offer.server_bits.is_some() || send_window < WindowBits::MAX)
                .then_some(send_window),
            client_bits: limits_client.map(Some),
        };
        let agreement = Agreement {
            send: Direction { takeover: !answer.server_no_takeover, window: send_window },
            receive: Direction {
                takeover: !answer.client_no_takeover,
                window: client_window.unwrap_or(WindowBits::MAX),
            },
            deflate: self.clone(),
        };
        Some((agreement, answer.write()))
    }

    /// Checks what a server chose of [`offer`](Self::offer). `None` where it chose nothing.
    ///
    /// A server that leaves out what it was asked for uses more than that, and is taken so; what it may not do is to answer more than
    /// was offered.
    ///
    /// # Errors
    /// [`NegotiationError`]: the connection must be failed (§7.1).
    pub fn check(&self, answers: &[Extension]) -> Result<Option<Agreement>, NegotiationError> {
        let answer = match answers {
            [] => return Ok(None),
            [answer] if answer.name() == NAME => Parameters::parse(answer)?,
            [answer, ..] if answer.name() == NAME => return Err(NegotiationError::Repeated),
            _ => return Err(NegotiationError::NotOffered),
        };
        let receive_window = answer.server_bits.unwrap_or(WindowBits::MAX);
        if answer.server_bits.is_some_and(|bits| bits > self.receive_window) {
            return Err(NegotiationError::WindowBits);
        }
        let send_window = match answer.client_bits {
            None => self.send_window,
            Some(None) => return Err(NegotiationError::MissingValue),
            Some(Some(bits)) => bits.min(self.send_window),
        };
        Ok(Some(Agreement {
            send: Direction {
                takeover: self.send_takeover && !answer.client_no_takeover,
                window: send_window,
            },
            receive: Direction { takeover: !answer.server_no_takeover, window: receive_window },
            deflate: self.clone(),
        }))
    }
}

/// Why a server's answer to the offer of permessage-deflate fails the connection.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NegotiationError {
    /// An extension that was not offered.
    NotOffered,
    /// The extension, or a parameter of it, stands twice.
    Repeated,
    /// A parameter that RFC 7692 does not have.
    UnknownParameter,
    /// A parameter that has no value has one.
    UnexpectedValue,
    /// A parameter lacks its value.
    MissingValue,
    /// Window bits that are not a number from 8 to 15, or more than were offered.
    WindowBits,
}

impl fmt::Display for NegotiationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotOffered => "an extension that was not offered",
            Self::Repeated => "permessage-deflate, or a parameter of it, stands twice",
            Self::UnknownParameter => "an unknown parameter of permessage-deflate",
            Self::UnexpectedValue => "a parameter of permessage-deflate with a value that it does not take",
            Self::MissingValue => "a parameter of permessage-deflate without its value",
            Self::WindowBits => "window bits of permessage-deflate out of range",
        })
    }
}

impl core::error::Error for NegotiationError {}
