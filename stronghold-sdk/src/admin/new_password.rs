//! A new password, by whoever knows the old one or holds the recovery kit.
//!
//! Record and envelope are replaced in one request, so that there is always exactly one password that opens the account.

use super::{Account, LogIn, join::same_key};
use crate::{
    authenticator::LocalIdentity,
    client::Client,
    crypto::{
        password::{self, PasswordInput, Registered},
        seal,
    },
    error::{Error, MadeOnce},
    open::receipt::{self, Asker},
    reader::Answered,
    session::{DirectoryCache, Found, check_key, holds, settle},
};
use std::fmt;
use stronghold_protocol::{
    api::{AccountStart, ReplaceAccount},
    crypto::random,
    directory::{Directory, HeaderRef},
    token::{AccountKey, RecoveryKit},
    transport::Transport,
};
use zeroize::Zeroizing;

/// What changing a password needs.
pub struct ChangePassword {
    /// The password so far, with account key and address.
    pub with: LogIn,
    /// The next password.
    pub password: Zeroizing<String>,
    /// Whether to make a new account key too, where somebody may know the one so far.
    pub new_account_key: bool,
    /// A header that this client remembers, if it does; the account keeps it for new devices.
    pub floor: Option<HeaderRef>,
}

/// What replacing a forgotten password needs.
pub struct Recover {
    /// The recovery kit; it names organization and user.
    pub kit: RecoveryKit,
    /// The next password.
    pub password: Zeroizing<String>,
    /// A header that this client remembers, if it does: a server that shows an older directory is caught.
    pub floor: Option<HeaderRef>,
}

/// An account with a new password: where the account key is new, the only time that it can be seen.
pub struct PasswordChanged {
    /// The account, opened.
    pub account: Account,
    /// Needed, with the new password, on every new device.
    pub account_key: AccountKey,
}

impl fmt::Debug for PasswordChanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasswordChanged({:?})", self.account)
    }
}

impl Account {
    /// Changes the password. The old one opens nothing from then on; devices that are signed in stay signed in.
    ///
    /// 1. log in with the old password; 2. register the new one; 3. replace record and envelope.
    ///
    /// # Errors
    /// [`Error`] when the log-in is refused, the server cannot be reached, or the keys were changed meanwhile. Without an
    /// answer to the last request either password may count, where logging in with the new one does not tell either.
    pub async fn change_password<T: Transport>(
        client: &Client<T>,
        change: ChangePassword,
    ) -> Result<PasswordChanged, Error> {
        let ChangePassword { with, password, new_account_key, floor } = change;
        // 1.
        let known_key = with.account_key.clone();
        let mut account = Self::log_in(client, with).await?;
        account.floor = floor.filter(|floor| floor.seq > account.floor.seq).unwrap_or(account.floor);
        // 2. and 3.
        let account_key = if new_account_key { account.new_account_key()? } else { known_key };
        let who = LocalIdentity::from_seed(account.org, account.user.into(), &account.seed);
        account.register(client, &who, &password, (account_key, new_account_key), None).await
    }

    /// Replaces a forgotten password by means of the recovery kit, with a new account key.
    ///
    /// 1. the seed, which the server releases to the kit's key alone and only the kit opens; 2. the directory, replayed from
    ///    the genesis that the kit pins, must state this seed's keys and this kit's as the person's; 3. register the new
    ///    password; 4. replace record and envelope.
    ///
    /// # Errors
    /// [`Error`] when the kit is not the person's any more or they were removed, the server shows another person's seed, an
    /// old seed or an old directory, or cannot be reached.
    pub async fn recover<T: Transport>(client: &Client<T>, recover: Recover) -> Result<PasswordChanged, Error> {
        let Recover { kit, password, floor } = recover;
        let (org, user) = (kit.org, kit.user);
        // 1.
        let holder = LocalIdentity::from_seed(org, user.into(), &kit.seed);
        let Answered { request, reply: sealed } = client.recovery_seed(&holder).await?;
        let record = receipt::check(&sealed.receipt, &request, Asker::of(&holder), "account.recover", None)?;
        let opened =
            seal::open(holder.kem_key(), super::account::recovery_context(&org, &user).as_ref(), &sealed.recovery.0)?;
        let mut seed = Zeroizing::new([0; 32]);
        if opened.len() != seed.len() {
            return Err(Error::wrong_key("recovery seed"));
        }
        seed.copy_from_slice(&opened);
        // 2.
        let who = LocalIdentity::from_seed(org, user.into(), &seed);
        let directory: Directory = DirectoryCache::new(org, None).replay(client, &who, None).await?;
        if floor.is_some_and(|floor| !holds(&directory, &floor)) {
            return Err(Error::rolled_back("the server's directory lacks a statement that this client remembers"));
        }
        check_key(&directory, &sealed.receipt, record.directory)?;
        let entry = directory.user(&user).filter(|entry| entry.keys == who.public_keys());
        let entry = entry.filter(|entry| entry.recovery == holder.public_keys() && !entry.removed);
        let email = entry.ok_or_else(|| Error::wrong_key("recovery seed"))?.email.clone();
        let account = Self { org, user, email, seed, floor: directory.head() };
        // 3. and 4.
        let account_key = account.new_account_key()?;
        account.register(client, &holder, &password, (account_key, true), Some(&directory)).await
    }

    fn new_account_key(&self) -> Result<AccountKey, Error> {
        Ok(AccountKey { org: self.org, user: self.user, key: random::secret()? })
    }

    /// Registers a password for the account, in requests that `who` signs: the person's own key or their kit's. Where the
    /// caller has the directory, it says which key signs receipts; without it, both receipts must be of one key. `is_new` says
    /// whether the account key was just made.
    ///
    /// What the last answer does not prove is looked up by logging in.
    async fn register<T: Transport>(
        self,
        client: &Client<T>,
        who: &LocalIdentity,
        password: &Zeroizing<String>,
        (account_key, is_new): (AccountKey, bool),
        directory: Option<&Directory>,
    ) -> Result<PasswordChanged, Error> {
        let input = PasswordInput::new(password, &account_key.key);
        let (state, registration) = password::registration_start(&input)?;
        let Answered { request, reply: started } = client.start_account(who, &AccountStart { registration }).await?;
        let record = receipt::check(&started.receipt, &request, Asker::of(who), "account.register", None)?;
        if let Some(directory) = directory {
            check_key(directory, &started.receipt, record.directory)?;
        }
        let finished: Registered =
            password::registration_finish(state, &input, &started.registration, &self.org, &self.user)?;
        let own = LocalIdentity::from_seed(self.org, self.user.into(), &self.seed);
        let body = ReplaceAccount {
            key: own.public_keys().sign.key_id(),
            registration: finished.upload,
            envelope: self.seal_envelope(&finished.export_key)?,
        };
        let (email, with) = (
            self.email.clone(),
            LogIn { account_key: account_key.clone(), email: self.email.clone(), password: password.clone() },
        );
        let new = MadeOnce::new(PasswordChanged { account: self, account_key });
        let proof = match client.replace_account(who, &body).await {
            Ok(Answered { request, reply }) => {
                receipt::check(&reply.receipt, &request, Asker::of(who), "account.replace", None)
                    .and_then(|_| same_key(&started.receipt, &reply.receipt))
            }
            Err(error) => Err(error),
        };
        let written = match proof {
            Err(error) if !error.is_refusal() => {
                let found = match Self::log_in(client, with).await {
                    Ok(_) => Found::Made,
                    Err(refused) if refused.is_login_refused() => Found::NotMade,
                    Err(_) => Found::Unknown,
                };
                settle(error, found, || format!("new password of {email}"))
            }
            proof => proof,
        };
        let ((), changed) = new.after(written, |changed| {
            let key = is_new.then(|| ("account_key", changed.account_key.to_secret_string()));
            (key.into_iter().collect(), Some(changed.account))
        })?;
        Ok(changed)
    }
}
