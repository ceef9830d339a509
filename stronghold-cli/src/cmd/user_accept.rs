//! Accepting an invitation.

use super::{
    auth_login,
    recovery_sheet::{self, Sheet},
};
use crate::{
    args::AcceptArgs,
    failure::Failure,
    input::{self, Word},
    output::Output,
    settings::Settings,
    shown::lines,
};
use secrecy::ExposeSecret;
use serde::Serialize;
use stronghold_sdk::{
    admin::{AcceptInvite, Account},
    protocol::{
        crypto::sign::KeyId,
        id::{OrgId, UserId},
        token::{InviteCode, TokenUrl},
    },
};

/// What `user accept` prints: the only time that key and kit can be seen.
#[derive(Serialize)]
struct Accepted {
    org_id: OrgId,
    user_id: UserId,
    account_key: String,
    recovery_kit: String,
    /// Of the keys, for whoever confirms them.
    fingerprint: KeyId,
}

/// Accepts an invitation and signs in.
pub(super) async fn run(settings: &Settings, output: &Output, args: &AcceptArgs) -> Result<(), Failure> {
    let code = Word {
        what: "invitation's code",
        flag: "--invite",
        variable: "API_STRONGHOLD_INVITE",
        hint: "The person who invited you has it; it starts with stronghold_invite_.",
        given: args.invite.as_ref(),
        file: args.invite_file.as_ref(),
    };
    let code = InviteCode::parse(&code.read()?).map_err(|error| {
        Failure::refused(format!("the invitation's code is not one: {error}")).with_hint("Copy it whole.")
    })?;
    let email = auth_login::email_of(args.email.as_ref())?;
    recovery_sheet::check(&args.sheet)?;
    let url = settings.url(code.url.as_ref().map(TokenUrl::as_str))?;
    let password = input::password(&args.password, true)?;
    let client = settings.client(&url)?;
    let with = AcceptInvite { code, email: email.clone(), password };
    let member = output.working("making keys", Account::accept_invite(&client, with, &settings.clock)).await;
    let member = member.map_err(|error| match error.problem_code() {
        Some("unauthenticated") => Failure::refused("this invitation is not open: it was used or cancelled")
            .with_hint("Ask whoever invited you for a new one."),
        _ => auth_login::keep_unproven(settings, &url, error),
    })?;
    auth_login::keep_new(settings, &member.account, &url, &member.account_key, &member.recovery_kit)?;
    let accepted = Accepted {
        org_id: member.account.org,
        user_id: member.account.user,
        account_key: member.account_key.to_secret_string().expose_secret().to_owned(),
        recovery_kit: member.recovery_kit.to_secret_string().expose_secret().to_owned(),
        fingerprint: member.fingerprint,
    };
    let (at, kit) = (settings.clock.now(), accepted.recovery_kit.as_str());
    let sheet = Sheet { org: accepted.org_id, email: &email, url: &url, kit, at };
    let sheet = recovery_sheet::write(&args.sheet, &sheet, output);
    let fingerprint = accepted.fingerprint;
    output.result(&accepted, || {
        lines![
            format!("You accepted the invitation and are signed in as {email}; an owner or admin confirms you with"),
            format!("  api-stronghold-cli user confirm {email} --fingerprint {fingerprint}"),
            format!("Give them the fingerprint of your keys in person or in a message that only you can write: {fingerprint}"),
            "",
            "Account key (you need it, with your password, on every new device):",
            format!("  {}", accepted.account_key),
            "",
            "Recovery kit (print it and lock it away; it replaces a forgotten password):",
            format!("  {}", accepted.recovery_kit),
            "",
        ]
        .then(sheet)
        .then("Nobody, this server included, can show you these again.")
    })
}
