//! New keys of people: an owner changes their own, everybody else asks, and an owner or admin confirms ([`super::user_confirm`]).

use super::{auth_login, org_policy::waiting, profile_rotate};
use crate::{acting::HttpSession, args::LoginArgs, failure::Failure, output::Output, settings::Settings, shown::lines};
use stronghold_sdk::admin::LogIn;

/// Asks for new keys of the signed-in member.
async fn request(output: &Output, session: &mut HttpSession, with: LogIn) -> Result<(), Failure> {
    let email = with.email.clone();
    let fingerprint = output.working("making keys", session.request_new_keys(with)).await?;
    let asked = serde_json::json!({"user_id": session.user(), "status": "pending", "fingerprint": fingerprint});
    output.result(&asked, || {
        lines![
            "Your new keys wait for an owner or admin (for an admin's: an owner), who runs",
            format!("  api-stronghold-cli user confirm {email} --fingerprint {fingerprint}"),
            "Give them the fingerprint in person or in a message that only you can write.",
            "",
            format!("Until then your keys so far count. Afterwards sign in again, on each device: api-stronghold-cli auth login --email {email}"),
            "Do not change your password in between: that voids the request.",
        ]
    })
}

/// Proposes an owner's new keys to the other owners, who sign them.
async fn propose(output: &Output, session: &mut HttpSession, with: LogIn) -> Result<(), Failure> {
    let (id, fingerprint) = output.working("making keys", session.propose_own_keys(with)).await?;
    let proposed = serde_json::json!({
        "user_id": session.user(),
        "status": "pending",
        "approval_id": id,
        "fingerprint": fingerprint,
    });
    output.result(&proposed, || {
        waiting(id).then(lines![
            "",
            format!("The fingerprint of your new keys, which the other owners see and compare: {fingerprint}"),
            "Until then your keys so far count. Afterwards sign in again, on each device. Do not change your password in between: that voids the request.",
        ])
    })
}

/// Changes the signed-in owner's keys, or proposes new ones where that takes several; asks for new ones for everybody else.
pub(super) async fn rotate(settings: &Settings, output: &Output, args: &LoginArgs) -> Result<(), Failure> {
    let with = auth_login::log_in_with(args)?;
    let mut session = settings.session().await?;
    if !session.is_owner() {
        return request(output, &mut session, with).await;
    }
    if session.directory().roster().value().threshold() > 1 {
        return propose(output, &mut session, with).await;
    }
    let url = settings.session_url()?;
    let rotated = output.working("making keys, and encrypting anew", session.rotate_own_keys(with)).await;
    let account = rotated.map_err(|error| {
        let unknown = error.is_unanswered();
        let failure = auth_login::keep_unproven(settings, &url, error);
        match unknown {
            true => failure.with_hint(
                "If your keys are refused from now on, they were changed: `auth login` gives you the new ones.",
            ),
            false => failure,
        }
    })?;
    // The keys first: whatever happens to the rest, they are kept.
    let credentials = auth_login::keep(settings, &account, &url)?;
    profile_rotate::finish(output, &mut session).await?;
    output.result(&serde_json::json!({"user_id": account.user, "credentials": credentials}), || {
        format!("Your keys were changed; the new ones are kept in {credentials} (mode 0600). Sign in again on your other devices.")
    })
}
