//! Receipts: the server's signed word that a request was logged, at which place.
//!
//! A reply carries one. Whoever keeps it can show later that the log lacks the record, or has another one in its place: by an
//! inclusion proof against any newer checkpoint.
//!
//! Specified in `docs/protocol.md`, section 13.

use crate::{
    audit::{AuditRecord, InvalidRecord, record_leaf_hash},
    crypto::{
        hash::Hash,
        sign::{Signature, SigningKey, SigningPublicKey},
    },
    encoding::{Base64Bytes, Context},
    id::OrgId,
};
use serde::{Deserialize, Serialize};

/// That a record stands in an organization's audit log, as the server says and signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The record's position in the log, from 0.
    pub position: u64,
    /// The exact bytes of the record.
    pub record: Base64Bytes,
    /// The key that signed. Whether it is the checkpoint key is for the directory to say, as of the header that the record
    /// names: an agent, which does not see the directory's bodies, takes it from here.
    pub key: SigningPublicKey,
    /// Signature over organization, position and the hash of the record.
    pub signature: Signature,
}

/// A receipt is not what its key signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidReceipt {
    /// The record is not one.
    #[error(transparent)]
    Record(#[from] InvalidRecord),
    /// It is another organization's.
    #[error("the receipt is of another organization")]
    OtherOrganization,
    /// The key did not sign this record at this position.
    #[error("the receipt is not signed by the key that it names")]
    NotSigned,
}

impl Receipt {
    /// Signs that `record` stands at `position` of the log of `org`, once it is committed there.
    #[must_use]
    pub fn sign(org: &OrgId, position: u64, record: Base64Bytes, key: &SigningKey) -> Self {
        let signature = key.sign(&signature_input(org, position, &record_leaf_hash(&record.0)));
        Self { position, record, key: key.public_key(), signature }
    }

    /// Checks that the key in it signed it for `org`, and gives the record.
    ///
    /// # Errors
    /// [`InvalidReceipt`].
    pub fn verify(&self, org: &OrgId) -> Result<AuditRecord, InvalidReceipt> {
        let input = signature_input(org, self.position, &self.leaf_hash());
        self.key.verify(&input, &self.signature).map_err(|_| InvalidReceipt::NotSigned)?;
        let record = AuditRecord::parse(&self.record.0)?;
        if record.org == *org { Ok(record) } else { Err(InvalidReceipt::OtherOrganization) }
    }

    /// Hash of the record as a leaf of the log.
    #[must_use]
    pub fn leaf_hash(&self) -> Hash {
        record_leaf_hash(&self.record.0)
    }
}

fn signature_input(org: &OrgId, position: u64, leaf: &Hash) -> Vec<u8> {
    Context::new("receipt").field(org.0).number(position).field(leaf.0).finish()
}
