//! Confirming the keys of a person: of who accepted an invitation, or of a member who asks for new ones. Whose they are is
//! settled before they are in force, by their fingerprint.

use super::{group::ENCRYPTING, org_policy::waiting, profile_rotate};
use crate::{
    acting::HttpSession, args::ConfirmArgs, failure::Failure, input, output::Output, settings::Settings, shown::lines,
};
use stronghold_sdk::{
    admin::{Decision, Resolve},
    protocol::{
        acceptance::Acceptance,
        crypto::sign::KeyId,
        directory::{Directory, Invite},
        key_request::KeyRequest,
        name::Email,
        signed::Verified,
    },
};

/// Runs the command.
pub(super) async fn run(settings: &Settings, output: &Output, args: &ConfirmArgs) -> Result<(), Failure> {
    let said = args.fingerprint.as_deref().map(str::parse::<KeyId>).transpose();
    let said = said.map_err(|_| Failure::usage("that is no fingerprint: copy the whole of it"))?;
    let mut session = settings.session().await?;
    let accepted = session.acceptances().await?;
    let user = &args.user;
    let is_meant = |said: &&Acceptance| said.email.to_string() == *user || said.invite.to_string() == *user;
    let meant: Vec<&Acceptance> = accepted.iter().map(Verified::value).filter(is_meant).collect();
    match meant.as_slice() {
        [one] => member(settings, output, &mut session, args, said, one).await,
        [] => new_keys(settings, output, &mut session, args, said).await,
        _ => Err(Failure::usage("several invitations of this address were accepted; name one by its id")),
    }
}

/// Makes a person who accepted an invitation a member.
async fn member(
    settings: &Settings,
    output: &Output,
    session: &mut HttpSession,
    args: &ConfirmArgs,
    said: Option<KeyId>,
    accepted: &Acceptance,
) -> Result<(), Failure> {
    let invite = session.directory().invite(&accepted.invite);
    let invite = invite.ok_or_else(|| Failure::not_found("open invitation", &args.user))?;
    let question = join_question(session.directory(), invite, accepted, settings);
    let fingerprint = settle(settings, args, said, accepted.fingerprint(), &accepted.email, &question)?;
    let (user_id, decision) = session.confirm_user(accepted.invite, fingerprint).await?;
    let pending = match decision {
        Decision::Pending(id) => Some(id),
        Decision::Made | Decision::Unchanged => None,
    };
    let email = accepted.email.to_string();
    let mut result = serde_json::json!({"user_id": user_id, "email": email, "fingerprint": fingerprint});
    if let (Some(id), Some(result)) = (pending, result.as_object_mut()) {
        result.insert("status".into(), "pending".into());
        result.insert("approval_id".into(), id.to_string().into());
    }
    output.result(&result, || match pending {
        Some(id) => waiting(id),
        None => format!("{email} is a member now, with the keys whose fingerprint is {fingerprint}.").into(),
    })
}

/// What is stated of a newcomer: from the invitation in the directory and the acceptance that its key signed.
fn join_question(directory: &Directory, invite: &Invite, accepted: &Acceptance, settings: &Settings) -> String {
    let groups = invite.groups.iter().filter_map(|id| directory.group(id)).map(|group| group.name.to_string());
    let groups: Vec<String> = groups.collect();
    let into = if groups.is_empty() { String::new() } else { format!(" in {}", groups.join(", ")) };
    let late = match invite.expires_at <= settings.clock.now() {
        true => format!(" The invitation ended at {}; nothing proves that it was accepted before.", invite.expires_at),
        false => String::new(),
    };
    format!(
        "Make {} {}{into}, with the keys whose fingerprint is {}?{late}",
        invite.email,
        invite.role,
        accepted.fingerprint()
    )
}

/// Puts in force the new keys that a member asks for.
async fn new_keys(
    settings: &Settings,
    output: &Output,
    session: &mut HttpSession,
    args: &ConfirmArgs,
    said: Option<KeyId>,
) -> Result<(), Failure> {
    let nothing = || {
        Failure::not_found("accepted invitation or request for new keys of", &args.user).with_hint(
            "`user list` shows what is open; they accept it with `user accept`, or ask with `user rotate-keys`.",
        )
    };
    let Ok(member) = session.directory().find_user(&args.user) else { return Err(nothing()) };
    let (id, email, role) = (member.id, member.email.clone(), member.role);
    let requests = session.key_requests().await?;
    let asked: &KeyRequest = requests.iter().map(Verified::value).find(|asked| asked.user == id).ok_or_else(nothing)?;
    let question = format!(
        "Give {email}, who is {role}, new keys, whose fingerprint is {}, in place of {}?",
        asked.fingerprint(),
        asked.replaces
    );
    let fingerprint = settle(settings, args, said, asked.fingerprint(), &email, &question)?;
    output.working(ENCRYPTING, session.confirm_keys(id, fingerprint)).await?;
    profile_rotate::finish(output, session).await?;
    output.result(&serde_json::json!({"user_id": id, "email": email, "fingerprint": fingerprint}), || {
        lines![
            format!("{email} has new keys, and what the old ones could open was encrypted anew. They sign in again: api-stronghold-cli auth login --email {email}"),
            "",
            format!("Fingerprint of the new keys: {fingerprint}"),
        ]
    })
}

/// The fingerprint that is to be confirmed: the one that was said, which the session holds against the keys, or the keys' own
/// once a person has seen it.
fn settle(
    settings: &Settings,
    args: &ConfirmArgs,
    said: Option<KeyId>,
    keys: KeyId,
    email: &Email,
    question: &str,
) -> Result<KeyId, Failure> {
    if let Some(said) = said {
        return Ok(said);
    }
    let otherwise = format!(
        "Ask {email} for the fingerprint that they were shown, and say it with --fingerprint; or say --yes to take these \
         keys without comparing them."
    );
    input::confirm_or(
        &format!("{question} Compare it with what {email} was shown."),
        args.yes,
        &settings.global,
        &otherwise,
    )?;
    Ok(keys)
}
