//! What one call may make this side hold.

/// The bounds of a call, the same for server and client.
///
/// Sizes are in bytes. A crossed bound ends the call with the status that the field names.
///
/// ```
/// let mut limits = grpc_wire::Limits::default();
/// limits.max_recv_message = 64 << 10;
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest message taken; default 4 MiB. A longer one is RESOURCE_EXHAUSTED as soon as its length is read, before
    /// anything is allocated for it. Stops a length field that announces 4 GiB.
    pub max_recv_message: usize,
    /// The longest message sent; default 4 GiB less one byte, what the length field can say. A longer one is
    /// RESOURCE_EXHAUSTED. Stops an answer that grew with what a client asked for.
    pub max_send_message: usize,
    /// How much of what was sent may wait for the peer to read it; default 64 KiB. `Outbound::send` waits above it, so one
    /// message more may be held. Stops a peer that asks for a stream and never reads it.
    pub max_send_buffer: usize,
    /// The names and values of all metadata received with a head or with trailers; default 16 KiB. More is
    /// RESOURCE_EXHAUSTED. Stops metadata that is carried through every layer, and logged by some.
    pub max_metadata: usize,
    /// How many metadata entries; default 128. More is RESOURCE_EXHAUSTED. Stops tiny entries, which cost more than their
    /// bytes.
    pub max_metadata_entries: usize,
    /// The longest `grpc-message` sent, percent-encoded; default 4 KiB. A longer one is cut at a character. Stops an error
    /// text that quotes its input from overflowing the peer's header limit, which would hide the status itself.
    pub max_status_message: usize,
    /// The longest `grpc-status-details-bin` sent, in base64; default 8 KiB. Longer details are left out. Stops the same.
    pub max_status_details: usize,
}

impl Limits {
    /// The defaults given at each field.
    pub const DEFAULT: Self = Self {
        max_recv_message: 4 << 20,
        max_send_message: u32::MAX as usize,
        max_send_buffer: 64 << 10,
        max_metadata: 16 << 10,
        max_metadata_entries: 128,
        max_status_message: 4 << 10,
        max_status_details: 8 << 10,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
