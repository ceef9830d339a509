//! The header that a token was made at: whoever holds the token accepts no state from before it.

use super::{
    InvalidToken,
    codec::{Reader, Writer},
};
use crate::{directory::HeaderRef, number::Seq};

/// A header that existed when a token or invitation was made, by the first half of its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenFloor {
    /// Position of the header in the directory.
    pub seq: Seq,
    /// First 16 bytes of the header's object hash: too long to find a second header for.
    pub hash_prefix: [u8; 16],
}

impl TokenFloor {
    /// The floor at a header.
    #[must_use]
    pub fn of(header: &HeaderRef) -> Self {
        let mut hash_prefix = [0; 16];
        for (byte, source) in hash_prefix.iter_mut().zip(header.hash.as_bytes()) {
            *byte = *source;
        }
        Self { seq: header.seq, hash_prefix }
    }

    /// Whether a header is the one of this floor.
    #[must_use]
    pub fn matches(&self, header: &HeaderRef) -> bool {
        *self == Self::of(header)
    }

    pub(super) fn write(&self, writer: Writer) -> Writer {
        writer.field(&self.seq.get().to_be_bytes()).field(&self.hash_prefix)
    }

    pub(super) fn read(reader: &mut Reader) -> Result<Self, InvalidToken> {
        let seq = Seq::new(u64::from_be_bytes(reader.array()?)).map_err(|_| InvalidToken::Malformed)?;
        Ok(Self { seq, hash_prefix: reader.array()? })
    }
}
