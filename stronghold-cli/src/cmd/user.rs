//! `user`: people.

use super::{
    exposed::{self, Exposed},
    group::ENCRYPTING,
    org_policy::waiting,
    profile_rotate, user_accept, user_confirm, user_keys,
};
use crate::{
    args::{InviteArgs, UserCommand},
    failure::Failure,
    input,
    output::{Output, table},
    settings::{Settings, token_url},
    shown::{Lines, lines},
    when,
};
use secrecy::ExposeSecret;
use serde::Serialize;
use stronghold_sdk::{
    admin::{Decision, NewInvite, PersonSummary, Resolve},
    protocol::{
        crypto::hash::Hash,
        directory::Role,
        id::{InviteId, UserId},
        name::{Email, Name},
        time::Timestamp,
    },
};

/// Runs the command.
pub(crate) async fn run(settings: &Settings, output: &Output, command: UserCommand) -> Result<(), Failure> {
    match command {
        UserCommand::Invite(args) => invite(settings, output, &args).await,
        UserCommand::Accept(args) => user_accept::run(settings, output, &args).await,
        UserCommand::Confirm(args) => user_confirm::run(settings, output, &args).await,
        UserCommand::List => list(settings, output).await,
        UserCommand::SetRole { user, role } => set_role(settings, output, &user, &role).await,
        UserCommand::Remove { user, yes } => remove(settings, output, &user, yes).await,
        UserCommand::RotateKeys(args) => user_keys::rotate(settings, output, &args).await,
    }
}

#[derive(Serialize)]
struct Invited {
    invite_id: InviteId,
    email: Email,
    role: Role,
    code: String,
    expires_at: Timestamp,
}

async fn invite(settings: &Settings, output: &Output, args: &InviteArgs) -> Result<(), Failure> {
    let email = Email::new(&args.email).map_err(|error| Failure::usage(format!("{:?}: {error}", args.email)))?;
    let expires_at = when::parse(&args.expires, settings.clock.now())?;
    let expires_at = expires_at.ok_or_else(|| Failure::usage("an invitation ends at some time: write --expires 7d"))?;
    let role = role_of(&args.role)?;
    let mut session = settings.session().await?;
    let mut groups = Vec::with_capacity(args.group.len());
    for group in &args.group {
        groups.push(session.directory().find_group(group)?.id);
    }
    let url = token_url(&settings.session_url()?);
    let minted = session.invite_user(NewInvite { email, role, groups, expires_at, url }).await?;
    // What is shown is what the directory states, not what was typed.
    let stated = minted.stated;
    let invited = Invited {
        invite_id: minted.invite,
        email: stated.email,
        role: stated.role,
        code: minted.code.expose_secret().to_owned(),
        expires_at: stated.expires_at,
    };
    output.result(&invited, || {
        lines![
            format!("{} is invited as {} until {}.", invited.email, invited.role, invited.expires_at),
            "",
            "The code, which nobody can show you again; give it to them in person or in a message that only they read:",
            format!("  {}", invited.code),
            "",
            "They run",
            format!("  api-stronghold-cli user accept --email {}", invited.email),
            "and you, when they have,",
            format!("  api-stronghold-cli user confirm {} --fingerprint FINGERPRINT", invited.email),
            "with the fingerprint that they were shown.",
        ]
    })
}

/// Says that a change takes the signatures of more owners.
pub(super) fn pending(output: &Output, user_id: UserId, id: Hash) -> Result<(), Failure> {
    output.result(&serde_json::json!({"user_id": user_id, "status": "pending", "approval_id": id}), || waiting(id))
}

async fn list(settings: &Settings, output: &Output) -> Result<(), Failure> {
    let listed = settings.session().await?.people().await?;
    output.result(&listed, || {
        let row = |person: &PersonSummary| {
            let id = person.user_id.map(|id| id.to_string()).or(person.invite_id.map(|id| id.to_string()));
            let asks = if person.new_keys.is_some() { ", asks for new keys" } else { "" };
            vec![
                person.email.to_string(),
                role_text(person.role).to_owned(),
                format!("{}{asks}", person.status.as_str()),
                person.groups.iter().map(Name::as_str).collect::<Vec<_>>().join(", "),
                id.unwrap_or_default(),
            ]
        };
        table(&["ADDRESS", "ROLE", "STATUS", "GROUPS", "ID"], &listed.iter().map(row).collect::<Vec<_>>())
    })
}

async fn set_role(settings: &Settings, output: &Output, user: &str, role: &str) -> Result<(), Failure> {
    let mut session = settings.session().await?;
    let id = session.directory().find_user(user)?.id;
    let before = session.directory().head().seq;
    let decision = output.working(ENCRYPTING, session.set_role(id, role_of(role)?)).await?;
    if let Decision::Pending(approval) = decision {
        return pending(output, id, approval);
    }
    let changed = decision == Decision::Made;
    profile_rotate::finish(output, &mut session).await?;
    let exposed = exposed::since(&mut session, before, Some(id.into())).await?;
    let done = Done { user_id: id, what: serde_json::json!({"role": role, "changed": changed}), exposed };
    output.result(&done, || match changed {
        true => Lines::from(format!("{user} has the role {role} now.")).then(done.exposed.text()),
        false => format!("{user} had the role {role} already.").into(),
    })
}

#[derive(Serialize)]
struct Done {
    user_id: UserId,
    #[serde(flatten)]
    what: serde_json::Value,
    #[serde(flatten)]
    exposed: Exposed,
}

async fn remove(settings: &Settings, output: &Output, user: &str, yes: bool) -> Result<(), Failure> {
    let mut session = settings.session().await?;
    let Ok(known) = session.directory().find_user(user) else {
        return cancel(settings, output, user, yes).await;
    };
    let (id, email) = (known.id, known.email.clone());
    let before = session.directory().head().seq;
    input::confirm(&format!("Remove {email} for good?"), yes, &settings.global)?;
    let decision = output.working(ENCRYPTING, session.remove_user(id)).await?;
    if let Decision::Pending(approval) = decision {
        return pending(output, id, approval);
    }
    profile_rotate::finish(output, &mut session).await?;
    let exposed = exposed::since(&mut session, before, Some(id.into())).await?;
    let done = Done { user_id: id, what: serde_json::json!({"email": email, "status": "removed"}), exposed };
    output.result(&done, || {
        Lines::from(format!("{email} was removed, and what they could read was encrypted anew."))
            .then(done.exposed.text())
    })
}

async fn cancel(settings: &Settings, output: &Output, user: &str, yes: bool) -> Result<(), Failure> {
    let mut session = settings.session().await?;
    let directory = session.directory();
    let meant = |(id, invite): &(InviteId, &stronghold_sdk::protocol::directory::Invite)| {
        id.to_string() == user || invite.email.to_string() == user
    };
    let meant: Vec<_> = directory.invites().filter(meant).collect();
    let found: Vec<InviteId> = meant.iter().map(|(id, _)| *id).collect();
    let named: Vec<String> = meant.iter().map(|(_, invite)| format!("{} as {}", invite.email, invite.role)).collect();
    let named = named.join(", ");
    if found.is_empty() {
        return Err(Failure::not_found("person", user).with_hint("`user list` shows who there is."));
    }
    input::confirm(&format!("Cancel the invitation of {named}?"), yes, &settings.global)?;
    for id in &found {
        session.cancel_invite(*id).await?;
    }
    output.result(&serde_json::json!({"invite_ids": found, "status": "cancelled"}), || {
        format!("The invitation of {named} was cancelled.")
    })
}

fn role_of(text: &str) -> Result<Role, Failure> {
    match text {
        "owner" => Ok(Role::Owner),
        "admin" => Ok(Role::Admin),
        "editor" => Ok(Role::Editor),
        "auditor" => Ok(Role::Auditor),
        _ => Err(Failure::usage("a role is one of owner, admin, editor, auditor")),
    }
}

pub(crate) const fn role_text(role: Role) -> &'static str {
    match role {
        Role::Owner => "owner",
        Role::Admin => "admin",
        Role::Editor => "editor",
        Role::Auditor => "auditor",
    }
}
