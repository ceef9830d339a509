//! The one encoding of all strings: prefix, base32, version, suite, fields, checksum.

use super::{InvalidToken, TokenKind};
use crate::{
    crypto::{SUITE, hash::sha256},
    encoding::Context,
    limits,
};
use data_encoding::{BASE32_NOPAD, DecodeKind};
use secrecy::SecretString;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const CHECKSUM_BYTES: usize = 4;

/// The longest body, an agent token with the longest URL, and its checksum.
const LONGEST_BYTES: usize = 1 + 2 + 16 + 32 + 32 + 8 + 16 + 1 + limits::TOKEN_URL_BYTES + CHECKSUM_BYTES;

/// Builds a string. Its buffers are wiped, and reserved whole so that growth leaves no copy behind.
pub(super) struct Writer {
    kind: TokenKind,
    body: Zeroizing<Vec<u8>>,
}

impl Writer {
    pub(super) fn new(kind: TokenKind) -> Self {
        let mut body = Zeroizing::new(Vec::with_capacity(LONGEST_BYTES));
        body.push(VERSION);
        body.extend_from_slice(&SUITE.to_be_bytes());
        Self { kind, body }
    }

    pub(super) fn field(mut self, bytes: &[u8]) -> Self {
        self.body.extend_from_slice(bytes);
        self
    }

    pub(super) fn finish(mut self) -> SecretString {
        let checksum = checksum(self.kind, &self.body);
        self.body.extend_from_slice(&checksum);
        let prefix = self.kind.prefix();
        let digits = BASE32_NOPAD.encode_len(self.body.len());
        // The exact capacity, so that boxing it does not move it.
        let mut text = String::with_capacity(prefix.len() + digits);
        text.push_str(prefix);
        BASE32_NOPAD.encode_append(&self.body, &mut text);
        text.make_ascii_lowercase();
        SecretString::from(text)
    }
}

/// Takes a string apart, field by field.
pub(super) struct Reader {
    body: Zeroizing<Vec<u8>>,
    at: usize,
}

impl Reader {
    /// Checks everything that all kinds share: prefix, alphabet, length, checksum, version and suite, in this order.
    pub(super) fn new(kind: TokenKind, text: &str) -> Result<Self, InvalidToken> {
        let digits = text.strip_prefix(kind.prefix()).ok_or_else(|| wrong_prefix(kind, text))?;
        let mut body = decode(kind.prefix().len(), digits)?;
        let split = body.len().checked_sub(CHECKSUM_BYTES).ok_or(InvalidToken::Length)?;
        let (head, tail) = body.split_at(split);
        if tail != checksum(kind, head) {
            return Err(InvalidToken::Checksum);
        }
        body.truncate(split);
        let mut reader = Self { body, at: 0 };
        let [version] = reader.array()?;
        let suite = u16::from_be_bytes(reader.array()?);
        if version != VERSION || suite != SUITE {
            return Err(InvalidToken::Newer { version, suite });
        }
        Ok(reader)
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], InvalidToken> {
        let bytes = self.take(N)?;
        bytes.try_into().map_err(|_| InvalidToken::Malformed)
    }

    /// The next `N` bytes, wiped when dropped.
    pub(super) fn secret<const N: usize>(&mut self) -> Result<Zeroizing<[u8; N]>, InvalidToken> {
        let mut secret = Zeroizing::new([0; N]);
        secret.copy_from_slice(self.take(N)?);
        Ok(secret)
    }

    /// The next `count` bytes.
    pub(super) fn take(&mut self, count: usize) -> Result<&[u8], InvalidToken> {
        let end = self.at.saturating_add(count);
        let bytes = self.body.get(self.at..end).ok_or(InvalidToken::Malformed)?;
        self.at = end;
        Ok(bytes)
    }

    /// Refuses what follows the last field.
    pub(super) fn finish(self) -> Result<(), InvalidToken> {
        if self.at == self.body.len() { Ok(()) } else { Err(InvalidToken::Malformed) }
    }
}

fn checksum(kind: TokenKind, body: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let context = Zeroizing::new(Context::new(kind.label()).field(body).finish());
    let [a, b, c, d, ..] = sha256(&[&context]).0;
    [a, b, c, d]
}

/// `offset` is how many characters stand before `digits`, for the position in an error.
fn decode(offset: usize, digits: &str) -> Result<Zeroizing<Vec<u8>>, InvalidToken> {
    if digits.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(InvalidToken::UpperCase);
    }
    if let Some(index) = digits.chars().position(|c| !matches!(c, 'a'..='z' | '2'..='7')) {
        return Err(InvalidToken::WrongCharacter { position: offset + index + 1 });
    }
    if digits.is_empty() || digits.len() > BASE32_NOPAD.encode_len(LONGEST_BYTES) {
        return Err(InvalidToken::Length);
    }
    let upper = Zeroizing::new(digits.to_ascii_uppercase());
    let decoded = BASE32_NOPAD.decode(upper.as_bytes()).map_err(|error| match error.kind {
        DecodeKind::Length => InvalidToken::Length,
        // Bits after the last byte must be zero: one secret has one text.
        _ => InvalidToken::Checksum,
    })?;
    Ok(Zeroizing::new(decoded))
}

fn wrong_prefix(expected: TokenKind, text: &str) -> InvalidToken {
    let starts = |prefix: &str| {
        text.as_bytes().get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
    };
    if starts(expected.prefix()) {
        return InvalidToken::UpperCase;
    }
    match TokenKind::ALL.into_iter().find(|kind| starts(kind.prefix())) {
        Some(found) => InvalidToken::OtherKind { expected, found },
        None => InvalidToken::UnknownPrefix { expected: expected.prefix() },
    }
}
