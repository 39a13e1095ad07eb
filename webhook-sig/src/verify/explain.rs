//! What a refused comparison looked like, for logs.

use core::fmt;

/// What was compared when no signature matched. For logs: it counts, and holds no value.
///
/// [`Verifier::diagnose`](crate::Verifier::diagnose) finds out more, at a cost.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Explain {
    /// Active keys, which is the number of HMACs that were computed, however many signatures there were.
    pub keys: usize,
    /// Well-formed signatures, each of which was compared with each HMAC.
    pub signatures: usize,
    /// Signatures with the right label and a value that is none.
    pub garbled: usize,
    /// Signatures of a kind that the scheme's keys do not check.
    pub foreign: usize,
    /// Bytes of body. Zero for a request that had one: something read the body before.
    pub body: usize,
}

impl fmt::Display for Explain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { keys, signatures, garbled, foreign, body } = self;
        if *keys == 0 {
            return f.write_str("no key of the ring is active at this time");
        }
        write!(
            f,
            "active keys: {keys}, signatures compared: {signatures}, malformed: {garbled}, of another kind: {foreign}, \
             bytes of body: {body}; either the secret is another one, or these are not the bytes that were signed"
        )
    }
}
