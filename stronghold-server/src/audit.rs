//! The audit log: one record of each request of a principal, and of each log-in, in the transaction that decides it.

pub mod archive;
pub mod stream;

use crate::store::{AuditEntry, StoreError, Tx};
use stronghold_protocol::{
    audit::{AuditRecord, Outcome, RecordSchema, Released, record_leaf_hash},
    directory::HeaderRef,
    encoding::Base64Bytes,
    id::{EventId, OrgId, PrincipalId, ProfileId},
    problem::ProblemCode,
    request::SignedRequest,
    time::Timestamp,
};

/// What is known of a request when it was decided.
#[derive(Clone, Debug)]
pub(crate) struct Event<'a> {
    /// When it was decided.
    pub(crate) at: Timestamp,
    /// The organization.
    pub(crate) org: OrgId,
    /// Whose key signed it; none where it is the key of an invitation.
    pub(crate) principal: Option<PrincipalId>,
    /// The route's action.
    pub(crate) action: &'static str,
    /// The profile that it names, where there is such a profile.
    pub(crate) profile: Option<ProfileId>,
    /// From where, as the server saw it.
    pub(crate) address: Option<std::net::IpAddr>,
    /// The newest header before the request, as of which it was decided.
    pub(crate) directory: HeaderRef,
    /// The signed request; none of what nobody can sign.
    pub(crate) request: Option<&'a SignedRequest>,
}

/// Appends the record of an event and returns its position and exact bytes. `decided` is what was released or stored, or why nothing
/// was.
///
/// # Errors
/// [`StoreError`] when the record cannot be written; then nothing may be answered.
pub(crate) fn record(
    tx: &mut dyn Tx,
    event: &Event<'_>,
    decided: Result<Option<&Released>, &ProblemCode>,
) -> Result<(u64, Base64Bytes), StoreError> {
    let failed = |error: &dyn std::fmt::Display| StoreError::GivenUp(format!("no audit record: {error}"));
    let id = EventId::generate(event.at).map_err(|error| failed(&error))?;
    let record = AuditRecord {
        schema: RecordSchema,
        id,
        org: event.org,
        time: event.at,
        principal: event.principal,
        key_id: event.request.map(SignedRequest::key_id),
        action: event.action.to_owned(),
        outcome: if decided.is_ok() { Outcome::Allowed } else { Outcome::Denied },
        reason: decided.err().map(ToString::to_string),
        released: decided.ok().flatten().cloned(),
        address: event.address.map(|address| address.to_canonical().to_string()),
        directory: event.directory,
        request: event.request.cloned(),
    };
    let bytes = record.encode().map_err(|error| failed(&error))?;
    let entry = AuditEntry {
        id,
        at: event.at,
        principal: record.principal,
        action: record.action,
        profile: event.profile,
        allowed: decided.is_ok(),
        leaf: record_leaf_hash(&bytes),
        bytes: bytes.clone(),
    };
    let position = tx.append_record(&event.org, &entry)?;
    Ok((position, Base64Bytes(bytes)))
}
