//! `auth password` and `auth recover`: a new password, with the old one or the recovery kit.

use super::auth_login::{account_key_of, email_of, keep, keep_unproven};
use crate::{
    args::{NewPasswordArgs, RecoverArgs},
    failure::Failure,
    input::{self, Word},
    output::Output,
    settings::Settings,
    shown::{Lines, lines},
};
use secrecy::ExposeSecret;
use serde::Serialize;
use stronghold_sdk::{
    admin::{Account, ChangePassword, LogIn, PasswordChanged, Recover},
    memory::{Remembered, StateFolder},
    protocol::{
        directory::HeaderRef,
        id::{OrgId, UserId},
        name::Email,
        token::RecoveryKit,
    },
};

const STRETCHING: &str = "stretching the passwords";

/// What the commands print: a new account key can be seen this once.
#[derive(Serialize)]
struct Changed {
    org_id: OrgId,
    user_id: UserId,
    email: Email,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_key: Option<String>,
    credentials: String,
}

/// Changes the password.
pub(crate) async fn change(settings: &Settings, output: &Output, args: &NewPasswordArgs) -> Result<(), Failure> {
    let account_key = account_key_of(&args.account_key)?;
    let email = email_of(args.email.as_ref())?;
    let (old, password) = input::old_and_new_password(args.password_stdin, args.password_file.as_deref())?;
    let floor = remembered(settings, &account_key.org).await?;
    let with = LogIn { account_key, email, password: old };
    let change = ChangePassword { with, password, new_account_key: args.new_account_key, floor };
    let url = settings.url(None)?;
    let client = settings.client(&url)?;
    let changed = output.working(STRETCHING, Account::change_password(&client, change)).await.map_err(|error| {
        let unknown = error.is_unanswered();
        let failure = keep_unproven(settings, &url, error);
        if unknown {
            failure.with_hint("The password may be changed: try the new one, then the old one.")
        } else {
            failure
        }
    })?;
    let changed = done(settings, &changed, &url, args.new_account_key)?;
    output.result(&changed, || {
        Lines::from(format!("The password of {} was changed; the old one opens nothing from now on.", changed.email))
            .then(changed.account_key.as_ref().map(|key| shown_key(key)).unwrap_or_default())
    })
}

/// Replaces a forgotten password.
pub(crate) async fn recover(settings: &Settings, output: &Output, args: &RecoverArgs) -> Result<(), Failure> {
    let kit = Word {
        what: "recovery kit",
        flag: "--kit",
        variable: "API_STRONGHOLD_RECOVERY_KIT",
        hint: "You were shown it when you joined; it starts with stronghold_recovery_.",
        given: args.kit.as_ref(),
        file: args.kit_file.as_ref(),
    };
    let kit = RecoveryKit::parse(&kit.read()?).map_err(|error| {
        Failure::refused(format!("the recovery kit is not one: {error}")).with_hint("Copy it whole.")
    })?;
    let password = input::password(&args.password, true)?;
    let floor = remembered(settings, &kit.org).await?;
    let url = settings.url(None)?;
    let client = settings.client(&url)?;
    let recover = Recover { kit, password, floor };
    let recovered = output.working(STRETCHING, Account::recover(&client, recover)).await;
    let recovered = recovered.map_err(|error| match error.problem_code() {
        Some("unauthenticated") => Failure::refused("this server knows no such recovery kit")
            .with_hint("Check --url; a person who was never confirmed cannot recover."),
        _ => keep_unproven(settings, &url, error),
    })?;
    let changed = done(settings, &recovered, &url, true)?;
    output.result(&changed, || {
        Lines::from(format!("{} has a new password and is signed in. Your recovery kit stays good.", changed.email))
            .then(changed.account_key.as_ref().map(|key| shown_key(key)).unwrap_or_default())
    })
}

fn done(settings: &Settings, changed: &PasswordChanged, url: &str, new_key: bool) -> Result<Changed, Failure> {
    let key = || changed.account_key.to_secret_string();
    let credentials = keep(settings, &changed.account, url);
    let credentials =
        credentials.map_err(|failure| if new_key { failure.with_once("account_key", key()) } else { failure })?;
    Ok(Changed {
        org_id: changed.account.org,
        user_id: changed.account.user,
        email: changed.account.email.clone(),
        account_key: new_key.then(|| key().expose_secret().to_owned()),
        credentials,
    })
}

fn shown_key(key: &str) -> Lines {
    lines![
        "",
        "New account key (you need it, with your password, on every new device; the one before is void):",
        format!("  {key}"),
        "",
        "Nobody, this server included, can show you it again.",
    ]
}

/// A header that this machine remembers of the organization, if it has been here before.
async fn remembered(settings: &Settings, org: &OrgId) -> Result<Option<HeaderRef>, Failure> {
    Ok(Remembered::load(&StateFolder::new(settings.state_folder()), org).await?.header)
}
