//! What must hold of each audit record, given the directory as it was.

use super::LogRecord;
use crate::error::Error;
use std::collections::{HashMap, HashSet};
use stronghold_protocol::{
    audit::{AuditRecord, Released, UnsignedAction},
    crypto::sign::KeyId,
    directory::Directory,
    id::{EventId, PrincipalId},
    limits,
    number::Seq,
    receipt::Receipt,
    request::{RequestNonce, SignedRequest, check_clock},
    time::Timestamp,
};

/// Goes through a log in order.
pub(super) struct RecordCheck<'a> {
    /// The state after each statement.
    states: &'a [Directory],
    newest_at: Option<Timestamp>,
    /// The newest statement whose record was seen; none before the first record, which is the genesis's.
    statement: Option<Seq>,
    nonces: HashMap<KeyId, HashSet<RequestNonce>>,
    ids: HashSet<EventId>,
}

impl<'a> RecordCheck<'a> {
    pub(super) fn new(states: &'a [Directory]) -> Self {
        Self { states, newest_at: None, statement: None, nonces: HashMap::new(), ids: HashSet::new() }
    }

    /// Checks the next record.
    ///
    /// # Errors
    /// [`Error::Integrity`] that names it.
    pub(super) fn next(&mut self, record: &LogRecord) -> Result<(), Error> {
        self.check(&record.record).map_err(|reason| Error::bad_record(record.position, reason))
    }

    /// Checks, after the last record, that each statement up to `head` left its record in a log of `size`.
    ///
    /// # Errors
    /// [`Error::Integrity`] that names the position from which it is missing.
    pub(super) fn finish(&self, head: Seq, size: u64) -> Result<(), Error> {
        if self.statement == Some(head) {
            return Ok(());
        }
        Err(Error::bad_record(size, format!("it is missing: statement {} left no record", self.awaited())))
    }

    /// The statement whose record is the next one of a statement.
    fn awaited(&self) -> Seq {
        self.statement.map_or(Seq::FIRST, Seq::next)
    }

    fn check(&mut self, record: &AuditRecord) -> Result<(), &'static str> {
        let state = state_at(self.states, record.directory.seq).filter(|state| state.head() == record.directory);
        let state = state.ok_or("it names a directory header that does not exist")?;
        require(record.org == state.org(), "it is of another organization")?;
        // A statement and its record are committed together, and each record names the newest statement before it.
        // Nothing is before the genesis, which is in force in its own.
        let known = self.statement.unwrap_or(Seq::FIRST);
        require(record.directory.seq >= known, "it names an older directory than the record before it")?;
        require(record.directory.seq == known, "the record of a statement is missing before it")?;
        let latest = record.time.plus_millis(limits::SERVER_CLOCK_BEHIND_SECONDS * 1000);
        require(self.newest_at.is_none_or(|newest| newest <= latest), "it is of before the record before it")?;
        self.newest_at = self.newest_at.max(Some(record.time));
        require(self.ids.insert(record.id), "its id was used before")?;
        match record.signed() {
            Some((key, request)) => self.check_signed(state, record, key, request)?,
            None => self.check_unsigned(state, record)?,
        }
        if let Some(Released::Statement { seq, hash }) = &record.released {
            let made = state_at(self.states, *seq).map(|state| state.head().hash);
            require(made == Some(*hash), "it names a statement that is not in the directory")?;
            require(*seq == self.awaited(), "it names another statement than the one after its header")?;
            self.statement = Some(*seq);
        }
        require(self.statement.is_some(), "it is first, and not of the organization's creation")
    }

    /// The record of a request: its principal signed it, with a key that was the principal's, once, and at that time.
    fn check_signed(
        &mut self,
        state: &Directory,
        record: &AuditRecord,
        key_id: KeyId,
        request: &SignedRequest,
    ) -> Result<(), &'static str> {
        // Whoever accepts an invitation is no principal yet.
        let owner = state.key_owner(&key_id).map(|owner| (Some(owner.principal), owner.key));
        let owner = owner.or_else(|| state.invite_with_key(&key_id).map(|(_, invite)| (None, invite.key)));
        let (principal, key) = owner.ok_or("its key was nobody's")?;
        require(record.principal == principal, "its key is another principal's")?;
        record.verify_request_signature(&key).map_err(|_| "its principal did not sign the request")?;
        let nonces = self.nonces.entry(key_id).or_default();
        let in_time = check_clock(request.params().created, record.time);
        // Only what was denied and released nothing has a reason: nothing else is read as a record.
        match record.reason.as_deref() {
            // A repeated request is refused, which is recorded too; one that came too early or late used up no nonce.
            Some("clock_skew") => return Ok(()),
            Some("nonce_used") => {}
            // One denial too many, for whatever reason. If it came in time, its nonce counts from now on, if not before.
            Some("rate_limited") => {
                if in_time.is_ok() {
                    nonces.insert(request.params().nonce);
                }
                return Ok(());
            }
            _ => require(nonces.insert(request.params().nonce), "the same request was decided before")?,
        }
        in_time.map_err(|_| "its time is not that of the request")
    }

    /// The record of what nobody could sign: of nothing else, of a person who was there, and nothing was read.
    fn check_unsigned(&mut self, state: &Directory, record: &AuditRecord) -> Result<(), &'static str> {
        let action = UnsignedAction::named(&record.action).ok_or("its principal did not sign the request")?;
        let Some(PrincipalId::User(user)) = record.principal else { return Err("it is of nobody who could log in") };
        let live = state.user(&user).is_some_and(|user| !user.removed);
        require(live, "it is of nobody who could log in")?;
        match action {
            UnsignedAction::OrgCreate => {
                let names_genesis = matches!(record.released, Some(Released::Statement { seq: Seq::FIRST, .. }));
                require(self.statement.is_none() && names_genesis, "an organization is created once, and first")
            }
            UnsignedAction::LoginStart | UnsignedAction::LoginFinish => {
                require(record.released.is_none(), "a log-in releases nothing")
            }
        }
    }
}

/// Checks that a receipt is signed by the key that the directory names at its record's header, and its request by the
/// record's principal.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check_receipt(states: &[Directory], receipt: &Receipt, record: &AuditRecord) -> Result<(), &'static str> {
    let state = state_at(states, record.directory.seq).filter(|state| state.head() == record.directory);
    let state = state.ok_or("it names a directory header that does not exist")?;
    require(receipt.key == state.checkpoint_key(), "its receipt is not signed by the key that the directory names")?;
    let owner = record.key_id.and_then(|key| state.key_owner(&key)).ok_or("its key was nobody's")?;
    require(record.principal == Some(owner.principal), "its key is another principal's")?;
    record.verify_request_signature(&owner.key).map_err(|_| "its principal did not sign the request")
}

/// The directory after the statement with this number.
pub(super) fn state_at(states: &[Directory], seq: Seq) -> Option<&Directory> {
    states.get(usize::try_from(seq.get()).ok()?)
}

fn require(holds: bool, reason: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(reason) }
}
