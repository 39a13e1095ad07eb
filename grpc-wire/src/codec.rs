//! From messages to bytes and back.

use bytes::{Bytes, BytesMut};

use crate::error::CodecError;

/// A message that can be sent.
///
/// With feature `prost`, every `prost::Message` is one. Another codec implements it for its own types.
pub trait Encode {
    /// How many bytes [`encode`](Self::encode) will add, where that is known beforehand.
    fn encoded_len(&self) -> Option<usize> {
        None
    }

    /// Adds the encoded message.
    ///
    /// # Errors
    /// The reason why it cannot be encoded.
    fn encode(&self, out: &mut BytesMut) -> Result<(), CodecError>;
}

/// A message that can be received.
pub trait Decode: Sized {
    /// Reads a message. The bytes are a slice of what was received; a codec may keep slices of them.
    ///
    /// # Errors
    /// The reason why the bytes are no such message.
    fn decode(message: Bytes) -> Result<Self, CodecError>;
}

/// A message as its bytes, for proxies and for other codecs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Raw(pub Bytes);

impl Encode for Raw {
    fn encoded_len(&self) -> Option<usize> {
        Some(self.0.len())
    }

    fn encode(&self, out: &mut BytesMut) -> Result<(), CodecError> {
        out.extend_from_slice(&self.0);
        Ok(())
    }
}

impl Decode for Raw {
    fn decode(message: Bytes) -> Result<Self, CodecError> {
        Ok(Self(message))
    }
}

#[cfg(feature = "prost")]
const SMALL: usize = 4 << 10;

#[cfg(feature = "prost")]
impl<M: prost::Message> Encode for M {
    fn encoded_len(&self) -> Option<usize> {
        Some(prost::Message::encoded_len(self))
    }

    fn encode(&self, out: &mut BytesMut) -> Result<(), CodecError> {
        // Not `encode`, which measures the message once more to see whether it fits: a `BytesMut` grows.
        self.encode_raw(out);
        Ok(())
    }
}

#[cfg(feature = "prost")]
impl<M: prost::Message + Default> Decode for M {
    fn decode(message: Bytes) -> Result<Self, CodecError> {
        // A small message is quicker to read from a slice, and its fields do not keep the buffer that it came in. A field
        // of bytes in a big one is a slice of it.
        let decoded = if message.len() <= SMALL { M::decode(&message[..]) } else { M::decode(message) };
        decoded.map_err(|error| CodecError::new(error.to_string()))
    }
}
