//! Accepting an invitation: somebody's keys are made, and nobody but a holder of the code can bring theirs instead.

use super::{Account, account::NewAccount};
use crate::{
    authenticator::LocalIdentity,
    client::Client,
    crypto::password::{self, PasswordInput},
    error::{Error, MadeOnce},
    open::receipt::{self, Asker},
    reader::Answered,
    session::{Found, settle},
};
use std::{fmt, sync::Arc};
use stronghold_protocol::{
    acceptance::Acceptance,
    api::{Join, JoinStart},
    crypto::{random, sign::KeyId},
    directory::{Header, HeaderRef},
    id::UserId,
    name::Email,
    receipt::Receipt,
    signed::Signed,
    time::Clock,
    token::{AccountKey, InviteCode, RecoveryKit},
    transport::Transport,
};
use zeroize::Zeroizing;

/// What accepting an invitation needs.
pub struct AcceptInvite {
    /// The code, as it was passed outside the server.
    pub code: InviteCode,
    /// The address that was invited.
    pub email: Email,
    /// The password to be.
    pub password: Zeroizing<String>,
}

/// Somebody who accepted: the only time that the account key and the recovery kit can be seen. They are a member once
/// an owner or admin has confirmed them.
pub struct NewMember {
    /// The account, opened.
    pub account: Account,
    /// Needed, with the password, on every new device.
    pub account_key: AccountKey,
    /// Replaces a forgotten password.
    pub recovery_kit: RecoveryKit,
    /// Fingerprint of the keys: for whoever confirms them to compare, passed by a way that only the new member has.
    pub fingerprint: KeyId,
}

impl fmt::Debug for NewMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewMember({:?})", self.account)
    }
}

impl Account {
    /// Accepts an invitation.
    ///
    /// 1. identities; 2. OPAQUE registration, in requests that the code's key signs; 3. the header at the code's floor, which
    ///    the code names by its hash; 4. the acceptance, signed by the code's key and by the new ones; 5. all of it is sent
    ///    at once.
    ///
    /// # Errors
    /// [`Error`] when the invitation is over, was cancelled or accepted before, is another address's, or the server cannot
    /// be reached.
    pub async fn accept_invite<T: Transport>(
        client: &Client<T>,
        with: AcceptInvite,
        clock: &Arc<dyn Clock>,
    ) -> Result<NewMember, Error> {
        let AcceptInvite { code, email, password } = with;
        // 1.
        let org = code.org;
        let user = UserId::generate(clock.now())?;
        let (seed, recovery_seed) = (random::secret::<32>()?, random::secret::<32>()?);
        let invited = LocalIdentity::from_seed(org, user.into(), &code.seed);
        let identity = LocalIdentity::from_seed(org, user.into(), &seed);
        let recovery = LocalIdentity::from_seed(org, user.into(), &recovery_seed);
        // 2.
        let account_key = AccountKey { org, user, key: random::secret()? };
        let input = PasswordInput::new(&password, &account_key.key);
        let (state, registration) = password::registration_start(&input)?;
        let start = JoinStart { user, registration, floor: code.floor.seq };
        let Answered { request, reply: started } = client.start_join(&invited, &start).await?;
        let asker = Asker::invited(&invited);
        receipt::check(&started.receipt, &request, asker, "user.register", None)?;
        let finished = password::registration_finish(state, &input, &started.registration, &org, &user)?;
        // 3.
        let floor = HeaderRef { seq: code.floor.seq, hash: started.header.hash_as::<Header>() };
        if !code.floor.matches(&floor) {
            return Err(Error::rolled_back("the server lacks the statement at which the invitation was made"));
        }
        // 4.
        let acceptance = Acceptance {
            org,
            invite: code.invite,
            user,
            email: email.clone(),
            keys: identity.public_keys(),
            recovery: recovery.public_keys(),
        };
        let fingerprint = acceptance.fingerprint();
        let signers = [invited.signing_key(), identity.signing_key(), recovery.signing_key()];
        let acceptance = Signed::create(&acceptance, &signers)?;
        // 5.
        let account = Self { org, user, email: email.clone(), seed, floor };
        let bundle = account.bundle(&finished.export_key, finished.upload, &recovery.public_keys())?;
        let recovery_kit = RecoveryKit { org, user, seed: recovery_seed };
        let new = MadeOnce::new(NewAccount { account, account_key, recovery_kit });
        let proof = match client.join(&invited, &Join { acceptance, account: bundle }).await {
            Ok(Answered { request, reply }) => receipt::check(&reply.receipt, &request, asker, "user.accept", None)
                .and_then(|_| same_key(&started.receipt, &reply.receipt)),
            Err(error) => Err(error),
        };
        // Who is no member yet is shown nothing: whether it was made is for whoever confirms it to see.
        let written =
            proof.or_else(|error| settle(error, Found::Unknown, || format!("acceptance of the invitation of {email}")));
        let ((), NewAccount { account, account_key, recovery_kit }) = new.after(written, NewAccount::told)?;
        Ok(NewMember { account, account_key, recovery_kit, fingerprint })
    }
}

/// Two receipts of one server that come right after each other must be signed by the same key. More cannot be told without
/// a directory.
pub(super) fn same_key(one: &Receipt, other: &Receipt) -> Result<(), Error> {
    if one.key == other.key { Ok(()) } else { Err(Error::forged("the server's receipts are signed by two keys")) }
}
