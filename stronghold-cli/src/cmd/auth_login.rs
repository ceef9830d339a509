//! `auth login`: sign in as a person.

use crate::{
    args::{AccountKeyArgs, LoginArgs},
    credentials::Identity,
    failure::Failure,
    input::{self, Word},
    output::Output,
    settings::Settings,
    shown::lines,
};
use serde::Serialize;
use stronghold_sdk::{
    Error,
    admin::{Account, LogIn},
    protocol::{
        encoding::base64url,
        id::{OrgId, UserId},
        name::Email,
        token::{AccountKey, RecoveryKit},
    },
};

#[derive(Serialize)]
struct SignedIn {
    kind: &'static str,
    id: UserId,
    name: String,
    org_id: OrgId,
    url: String,
    credentials: String,
}

/// Runs the command.
pub(crate) async fn run(settings: &Settings, output: &Output, args: &LoginArgs) -> Result<(), Failure> {
    let with = log_in_with(args)?;
    let url = settings.url(None)?;
    let client = settings.client(&url)?;
    let account = output.working("stretching the password", Account::log_in(&client, with)).await?;
    let path = keep(settings, &account, &url)?;
    let signed_in = SignedIn {
        kind: "user",
        id: account.user,
        name: account.email.to_string(),
        org_id: account.org,
        url,
        credentials: path,
    };
    output.result(&signed_in, || {
        lines![
            format!("Signed in as {} at {}.", signed_in.name, signed_in.url),
            format!("Your keys are kept in {} (mode 0600).", signed_in.credentials),
        ]
    })
}

/// What a log-in needs, from flags, the environment and a prompt.
pub(crate) fn log_in_with(args: &LoginArgs) -> Result<LogIn, Failure> {
    let account_key = account_key_of(&args.account_key)?;
    let email = email_of(args.email.as_ref())?;
    let password = input::password(&args.password, false)?;
    Ok(LogIn { account_key, email, password })
}

/// The account key, wherever it comes from.
pub(crate) fn account_key_of(args: &AccountKeyArgs) -> Result<AccountKey, Failure> {
    let key = Word {
        what: "account key",
        flag: "--account-key",
        variable: "API_STRONGHOLD_ACCOUNT_KEY",
        hint: "You were shown it when you joined; it starts with stronghold_account_.",
        given: args.account_key.as_ref(),
        file: args.account_key_file.as_ref(),
    };
    let key = key.read()?;
    AccountKey::parse(&key)
        .map_err(|error| Failure::refused(format!("the account key is not one: {error}")).with_hint("Copy it whole."))
}

/// The address of a flag or its variable.
pub(crate) fn email_of(given: Option<&String>) -> Result<Email, Failure> {
    let email = input::given(given)
        .ok_or_else(|| Failure::usage("your address is needed: say --email or set API_STRONGHOLD_EMAIL"))?;
    Email::new(email).map_err(|error| Failure::usage(format!("{email:?}: {error}")))
}

/// Keeps an account's keys and makes it the active identity. Returns where they are.
pub(crate) fn keep(settings: &Settings, account: &Account, url: &str) -> Result<String, Failure> {
    let mut credentials = settings.credentials()?;
    credentials.sign_in(Identity::User {
        id: account.user,
        org: account.org,
        email: account.email.to_string(),
        url: Some(url.to_owned()),
        seed: base64url(account.seed.as_slice()),
        floor: account.floor,
    })?;
    Ok(credentials.path().display().to_string())
}

/// The failure of what may have made an account, or given it new keys, which are kept all the same: nothing else opens it.
pub(crate) fn keep_unproven(settings: &Settings, url: &str, error: Error) -> Failure {
    let kept = error.as_unproven().and_then(|unproven| unproven.account()).map(|account| keep(settings, account, url));
    let failure = Failure::from(error);
    match kept {
        None => failure,
        Some(Ok(credentials)) => {
            let advice = failure.hint().unwrap_or_default().to_owned();
            failure.with_hint(format!("The keys are kept in {credentials} (mode 0600). {advice}"))
        }
        Some(Err(error)) => failure
            .with_hint(format!("The keys could not be kept: {}. `auth login` gives them to you.", error.message())),
    }
}

/// The same for an account that was just made: where its keys cannot be kept, what opens it is shown all the same.
pub(crate) fn keep_new(
    settings: &Settings,
    account: &Account,
    url: &str,
    account_key: &AccountKey,
    recovery_kit: &RecoveryKit,
) -> Result<String, Failure> {
    keep(settings, account, url).map_err(|failure| {
        let failure = failure.with_once("account_key", account_key.to_secret_string());
        failure.with_once("recovery_kit", recovery_kit.to_secret_string())
    })
}
