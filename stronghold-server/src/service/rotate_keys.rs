//! `user.rotate_keys`: the statement in which a person changes their own keys, and their account, all or nothing.

use super::{
    gate::{Answer, Decision, Refused},
    join::ACCOUNT_BYTES,
};
use crate::store::{PasswordRecord, Store, Tx};
use stronghold_protocol::{
    api::RotateKeys,
    directory::{Body, Change},
    id::PrincipalId,
    json,
    problem::{Problem, ProblemCode},
};

impl<S: Store> Decision<'_, S> {
    /// Commits the statement and replaces the account's envelope. Were they two requests, a person whose client dies between
    /// them would be left with keys that open nothing.
    pub(super) fn rotate_keys(&self, tx: &mut dyn Tx, asked: &RotateKeys) -> Result<Answer, Refused> {
        let PrincipalId::User(user) = self.caller.principal else { return Err(Problem::not_found().into()) };
        let body: Option<Body> = json::from_slice(&asked.commit.statement.body.0).ok();
        let own = |change: &Change| matches!(change, Change::UserRekeyed { id, .. } if *id == user);
        if !body.is_some_and(|body| body.changes.iter().any(own)) {
            let detail = "the statement does not change the caller's own keys";
            return Err(Problem::new(ProblemCode::InvalidStatement, detail).into());
        }
        if [&asked.envelope, &asked.recovery].iter().any(|bytes| bytes.0.len() > ACCOUNT_BYTES) {
            return Err(Problem::new(ProblemCode::TooLarge, "the account is larger than it can be").into());
        }
        let known = tx.password(&self.org(), &user)?.ok_or_else(Problem::not_found)?;
        let answer = self.commit_statement(tx, &asked.commit)?;
        let password = PasswordRecord {
            record: known.record,
            envelope: asked.envelope.0.clone(),
            recovery: asked.recovery.0.clone(),
        };
        tx.put_password(&self.org(), &user, &password)?;
        Ok(answer)
    }
}
