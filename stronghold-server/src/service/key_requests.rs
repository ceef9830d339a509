//! `user.request_keys` and `key_request.read`: new keys of members whose keys an owner or admin puts in force.

use super::{
    gate::{Answer, Decision, Refused},
    join::ACCOUNT_BYTES,
};
use crate::store::{KeyRequestRecord, PasswordRecord, Store, StoreError, Tx};
use stronghold_protocol::{
    api::{KeyRequests, KeysRequested, RequestKeys, RequestedKeys},
    directory::Change,
    json,
    key_request::KeyRequest,
    problem::{Problem, ProblemCode},
    signed::Signed,
};

impl<S: Store> Decision<'_, S> {
    /// Keeps what the caller asks for, in place of what they asked for before.
    pub(super) fn request_keys(&self, tx: &mut dyn Tx, asked: &RequestKeys) -> Result<Answer, Refused> {
        let user = self.calling_user()?;
        let verified = KeyRequest::verify(&asked.request, &self.org(), user);
        verified.map_err(|refusal| Problem::new(ProblemCode::InvalidKeyRequest, refusal.to_string()))?;
        if [&asked.envelope, &asked.recovery].iter().any(|bytes| bytes.0.len() > ACCOUNT_BYTES) {
            return Err(Problem::new(ProblemCode::TooLarge, "the account is larger than it can be").into());
        }
        tx.password(&self.org(), &user.id)?.ok_or_else(Problem::not_found)?;
        let request = serde_json::to_vec(&asked.request).map_err(|error| StoreError::GivenUp(error.to_string()))?;
        let keys = KeyRequestRecord { request, envelope: asked.envelope.0.clone(), recovery: asked.recovery.0.clone() };
        tx.put_key_request(&self.org(), &user.id, &keys)?;
        Ok(Answer::new(None, |receipt| KeysRequested { receipt }))
    }

    /// What members ask for.
    pub(super) fn read_key_requests(&self, tx: &mut dyn Tx) -> Result<Answer, Refused> {
        let mut requests = Vec::new();
        for (user, keys) in tx.key_requests(&self.org())? {
            requests.push(RequestedKeys { user, request: parse(&keys)? });
        }
        Ok(Answer::new(None, move |receipt| KeyRequests { requests, receipt }))
    }

    /// Puts into the accounts what belongs to the keys that a statement put in force, in the same transaction: at any time the
    /// envelope that a log-in opens holds the keys that the directory states. What was asked for and is not that is over.
    pub(super) fn settle_key_requests(&self, tx: &mut dyn Tx, changes: &[Change]) -> Result<(), Refused> {
        for change in changes {
            let (user, keys) = match change {
                Change::UserRekeyed { id, keys, .. } => (id, Some(keys)),
                Change::UserRemoved { id } => (id, None),
                _ => continue,
            };
            let Some(asked) = tx.key_request(&self.org(), user)? else { continue };
            let stated = self.directory().user(user).zip(keys);
            let is_asked_for = stated.is_some_and(|(entry, keys)| {
                let said = parse(&asked).ok().and_then(|said| KeyRequest::verify(&said, &self.org(), entry).ok());
                said.is_some_and(|said| said.value().keys == *keys)
            });
            if is_asked_for && let Some(known) = tx.password(&self.org(), user)? {
                let password =
                    PasswordRecord { record: known.record, envelope: asked.envelope, recovery: asked.recovery };
                tx.put_password(&self.org(), user, &password)?;
            }
            tx.end_key_request(&self.org(), user)?;
        }
        Ok(())
    }
}

fn parse(keys: &KeyRequestRecord) -> Result<Signed, StoreError> {
    json::from_slice(&keys.request).map_err(|error| StoreError::Damaged(error.to_string()))
}
