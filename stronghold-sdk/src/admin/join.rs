//! Accepting an invitation: somebody's keys are made, and nobody but a holder of the code can bring theirs instead.

use super::Account;
use crate::{
    authenticator::LocalIdentity,
    client::Client,
    crypto::password::{self, PasswordInput},
    error::Error,
};
use std::{fmt, sync::Arc};
use stronghold_protocol::{
    acceptance::Acceptance,
    api::{Join, JoinStart},
    crypto::{random, sign::KeyId},
    directory::{Header, HeaderRef},
    id::UserId,
    name::Email,
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
        let started = client.start_join(&invited, &start).await?;
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
        let account = Self { org, user, email, seed, floor };
        let bundle = account.bundle(&finished.export_key, finished.upload, &recovery.public_keys())?;
        client.join(&invited, &Join { acceptance, account: bundle }).await?;
        let recovery_kit = RecoveryKit { org, user, seed: recovery_seed };
        Ok(NewMember { account, account_key, recovery_kit, fingerprint })
    }
}
