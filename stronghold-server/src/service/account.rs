//! A person's next password: `account.register`, `account.replace`, and `account.recover` for whoever forgot the last one.
//!
//! The person's own key signs the first two, or their recovery kit's. The server can test no password, old or new.

use super::{
    gate::{Answer, Decision, Refused},
    join::ACCOUNT_BYTES,
    task::malformed,
};
use crate::store::{PasswordRecord, Store, Tx};
use stronghold_protocol::{
    api::{AccountReplaced, AccountStart, AccountStarted, RecoverySeed, ReplaceAccount},
    crypto::password::{self, Account},
    directory::User,
    id::PrincipalId,
    problem::{Problem, ProblemCode},
};

impl<S: Store> Decision<'_, S> {
    /// Answers the first message of a registration. Nothing is kept: the last message brings everything.
    pub(super) fn start_account(&self, start: &AccountStart) -> Result<Answer, Refused> {
        let account = Account::new(&self.org(), &self.calling_user()?.id);
        let registration = self.inner.evaluations.register(&account, &start.registration)?;
        Ok(Answer::new(None, move |receipt| AccountStarted { registration, receipt }))
    }

    /// Replaces password record and envelope, all or nothing. The old password opens nothing from then on.
    pub(super) fn replace_account(&self, tx: &mut dyn Tx, asked: &ReplaceAccount) -> Result<Answer, Refused> {
        let user = self.calling_user()?;
        if user.keys.sign.key_id() != asked.key {
            // Who changed keys and password at once on two machines would be left with an envelope that opens nothing.
            let detail = "the keys were changed meanwhile; start again";
            return Err(Problem::new(ProblemCode::KeyEnded, detail).into());
        }
        if asked.envelope.0.len() > ACCOUNT_BYTES {
            return Err(Problem::new(ProblemCode::TooLarge, "the account is larger than it can be").into());
        }
        let record = password::password_record(&asked.registration);
        let record = record.map_err(|_| malformed("the password registration is malformed".to_owned()))?;
        let known = tx.password(&self.org(), &user.id)?.ok_or_else(Problem::not_found)?;
        let password = PasswordRecord {
            record: record.as_bytes().to_vec(),
            envelope: asked.envelope.0.clone(),
            recovery: known.recovery,
        };
        tx.put_password(&self.org(), &user.id, &password)?;
        // Its envelope would open with the password so far.
        tx.end_key_request(&self.org(), &user.id)?;
        Ok(Answer::new(None, |receipt| AccountReplaced { receipt }))
    }

    /// Releases the seed that is sealed to the recovery kit, whose key signed the request.
    pub(super) fn read_recovery(&self, tx: &mut dyn Tx) -> Result<Answer, Refused> {
        let user = self.calling_user()?;
        let recovery = tx.password(&self.org(), &user.id)?.ok_or_else(Problem::not_found)?.recovery;
        Ok(Answer::new(None, move |receipt| RecoverySeed { recovery: recovery.into(), receipt }))
    }

    pub(super) fn calling_user(&self) -> Result<&User, Problem> {
        let PrincipalId::User(user) = self.caller.principal else { return Err(Problem::not_found()) };
        self.directory().user(&user).ok_or_else(Problem::not_found)
    }
}
