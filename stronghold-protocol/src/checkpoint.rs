//! Checkpoints of the audit log: signed notes that fix all records so far.
//!
//! The form is C2SP's tlog-checkpoint, a signed note of these lines, so that tools of that field read it:
//!
//! ```text
//! stronghold/<org>
//! <number of records>
//! <root over them, base64>
//! directory <seq> <hash of that header, base64>
//!
//! — stronghold/<org> <base64 of: first 4 bytes of the key's note id, Ed25519 signature over the lines above the blank one>
//! ```
//! The checkpoint's key is the one that the directory names at the header in the extension line. Sources: C2SP
//! tlog-checkpoint and signed-note. Specified in `docs/protocol.md`, section 13.

use crate::{
    crypto::{
        hash::{Hash, sha256},
        sign::{Signature, SigningKey, SigningPublicKey},
    },
    directory::HeaderRef,
    id::OrgId,
    number::{MAX_SAFE_INTEGER, Seq},
};
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a checkpoint states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// The organization.
    pub org: OrgId,
    /// How many records there are.
    pub size: u64,
    /// RFC 6962 root over them.
    pub root: Hash,
    /// The newest directory header when it was made; the checkpoint's key is the one in force there.
    pub directory: HeaderRef,
}

/// A note is not a checkpoint of this organization and key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCheckpoint {
    /// It is not of the form above.
    #[error("not a checkpoint")]
    Malformed,
    /// It is another log's.
    #[error("the checkpoint is of another organization")]
    OtherOrganization,
    /// No signature is the key's, or the one that says so is false.
    #[error("the checkpoint is not signed by the key that the directory names")]
    NotSigned,
}

/// Ends the text and starts a signature line in a signed note.
const SIGNATURE_PREFIX: &str = "\u{2014} ";
/// The type of Ed25519 keys in note ids.
const ED25519: u8 = 1;
const NOTE_ID_BYTES: usize = 4;

impl fmt::Display for Checkpoint {
    /// The lines that are signed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", origin(&self.org))?;
        writeln!(f, "{}", self.size)?;
        writeln!(f, "{}", BASE64.encode(&self.root.0))?;
        writeln!(f, "directory {} {}", self.directory.seq, BASE64.encode(&self.directory.hash.0))
    }
}

impl Checkpoint {
    /// Signs it; the result is the whole note.
    #[must_use]
    pub fn sign(&self, key: &SigningKey) -> String {
        let text = self.to_string();
        let name = origin(&self.org);
        let signature = [&note_id(&name, &key.public_key())[..], &key.sign(text.as_bytes()).0].concat();
        format!("{text}\n{SIGNATURE_PREFIX}{name} {}\n", BASE64.encode(&signature))
    }

    /// Reads a note without believing it: which header it names, so that the key in force there can be found.
    ///
    /// # Errors
    /// [`InvalidCheckpoint::Malformed`], [`InvalidCheckpoint::OtherOrganization`].
    pub fn parse_unverified(note: &str, org: &OrgId) -> Result<Self, InvalidCheckpoint> {
        let (text, _) = split(note)?;
        parse(text, org)
    }

    /// Believes a note of `org` that `key` signed. Signatures of other keys (witnesses) are passed over.
    ///
    /// # Errors
    /// [`InvalidCheckpoint`].
    pub fn verify(note: &str, org: &OrgId, key: &SigningPublicKey) -> Result<Self, InvalidCheckpoint> {
        let (text, signatures) = split(note)?;
        let checkpoint = parse(text, org)?;
        let name = origin(org);
        let id = note_id(&name, key);
        let mut signed = false;
        for line in signatures.lines() {
            let line = line.strip_prefix(SIGNATURE_PREFIX).ok_or(InvalidCheckpoint::Malformed)?;
            let (signer, encoded) = line.split_once(' ').ok_or(InvalidCheckpoint::Malformed)?;
            let bytes = BASE64.decode(encoded.as_bytes()).map_err(|_| InvalidCheckpoint::Malformed)?;
            let (said, signature) = bytes.split_first_chunk::<NOTE_ID_BYTES>().ok_or(InvalidCheckpoint::Malformed)?;
            if signer != name || *said != id {
                continue;
            }
            let signature: [u8; Signature::LENGTH] = signature.try_into().map_err(|_| InvalidCheckpoint::Malformed)?;
            key.verify(text.as_bytes(), &Signature(signature)).map_err(|_| InvalidCheckpoint::NotSigned)?;
            signed = true;
        }
        if signed { Ok(checkpoint) } else { Err(InvalidCheckpoint::NotSigned) }
    }
}

/// The log's name: what C2SP calls its origin.
fn origin(org: &OrgId) -> String {
    format!("stronghold/{org}")
}

/// A key's id in signed notes: the first 4 bytes of SHA-256(name || 0x0A || type || key).
fn note_id(name: &str, key: &SigningPublicKey) -> [u8; NOTE_ID_BYTES] {
    let Hash([a, b, c, d, ..]) = sha256(&[name.as_bytes(), &[b'\n', ED25519], key.as_bytes()]);
    [a, b, c, d]
}

/// The text, its last line's end included, and the lines of signatures.
fn split(note: &str) -> Result<(&str, &str), InvalidCheckpoint> {
    let end = note.find("\n\n").ok_or(InvalidCheckpoint::Malformed)?;
    let (text, signatures) = note.split_at_checked(end + 1).ok_or(InvalidCheckpoint::Malformed)?;
    let signatures = signatures.strip_prefix('\n').filter(|rest| rest.ends_with('\n'));
    Ok((text, signatures.ok_or(InvalidCheckpoint::Malformed)?))
}

fn parse(text: &str, org: &OrgId) -> Result<Checkpoint, InvalidCheckpoint> {
    let malformed = InvalidCheckpoint::Malformed;
    let mut lines = text.lines();
    let mut line = || lines.next().ok_or(malformed);
    let name = line()?;
    let size = number(line()?).ok_or(malformed)?;
    let root = hash(line()?).ok_or(malformed)?;
    let (seq, header) = line()?.strip_prefix("directory ").and_then(|rest| rest.split_once(' ')).ok_or(malformed)?;
    let seq = number(seq).and_then(|seq| Seq::new(seq).ok()).ok_or(malformed)?;
    let directory = HeaderRef { seq, hash: hash(header).ok_or(malformed)? };
    if name != origin(org) {
        return Err(InvalidCheckpoint::OtherOrganization);
    }
    let checkpoint = Checkpoint { org: *org, size, root, directory };
    // What is believed is exactly what is written: there is one way to write a checkpoint.
    if checkpoint.to_string() == text { Ok(checkpoint) } else { Err(malformed) }
}

fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number| *number <= MAX_SAFE_INTEGER)
}

fn hash(text: &str) -> Option<Hash> {
    BASE64.decode(text.as_bytes()).ok()?.try_into().ok().map(Hash)
}
