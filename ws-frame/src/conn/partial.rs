//! A small message that is cut by a read: it stays in the reader's buffer until it is whole, and needs no memory of its own.

use std::time::Instant;

use crate::header::{Header, Opcode};
use crate::mask;

/// What is known of the message.
#[derive(Debug)]
pub(super) struct Partial {
    /// When its header came.
    since: Instant,
    /// How many bytes of its payload, if it is text, were looked at and are whole characters.
    checked: u16,
}

impl Partial {
    /// The longest payload that stays; of a longer one what came is taken, as it would be moved with each read.
    pub(super) const UP_TO: usize = 4096;

    pub(super) const fn new(since: Instant) -> Partial {
        Partial { since, checked: 0 }
    }

    /// When the header came.
    pub(super) const fn since(&self) -> Instant {
        self.since
    }

    /// Checks what came of a text since the last look: all that came of its payload, [`UP_TO`](Self::UP_TO) bytes at most, is `came`.
    ///
    /// # Errors
    /// The offset of the first byte that belongs to no valid character.
    pub(super) fn look(&mut self, header: &Header, came: &[u8]) -> Result<(), usize> {
        if header.opcode == Opcode::Text {
            // A key of zeros changes nothing.
            let key = header.mask.unwrap_or_default();
            self.checked = mask::look(came, key, usize::from(self.checked))? as u16;
        }
        Ok(())
    }
}
