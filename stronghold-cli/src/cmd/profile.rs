//! `profile`: deployment profiles.

use super::{profile_lock, profile_past, profile_rotate};
use crate::{
    acting::Acting,
    args::ProfileCommand,
    failure::Failure,
    input,
    output::{Output, table},
    settings::Settings,
    shown::lines,
};
use serde::Serialize;
use stronghold_sdk::{
    ReadableProfile,
    admin::ProfileSummary,
    protocol::{id::ProfileId, name::Name},
};

#[derive(Serialize)]
struct Named {
    profile_id: ProfileId,
    name: String,
    revision: u64,
}

impl Named {
    fn of(profile: ReadableProfile) -> Self {
        Self { profile_id: profile.id, name: profile.name.to_string(), revision: profile.revision.get() }
    }
}

#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    named: Named,
    rekeying: bool,
}

impl Listed {
    fn of(profile: ReadableProfile) -> Self {
        Self { rekeying: profile.rekeying, named: Named::of(profile) }
    }
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    named: Named,
    epoch: u64,
    rekeying: bool,
    secrets: usize,
    groups: Vec<String>,
}

/// Runs the command.
pub(crate) async fn run(settings: &Settings, output: &Output, command: ProfileCommand) -> Result<(), Failure> {
    match command {
        ProfileCommand::Create { name } => {
            let name = name_of(&name)?;
            let mut session = settings.session().await?;
            let id = session.create_profile(name.clone()).await?;
            let named = Named { profile_id: id, name: name.to_string(), revision: 1 };
            output.result(&named, || format!("Profile {name} was created ({id})."))
        }
        ProfileCommand::List => list(settings, output).await,
        ProfileCommand::Show { profile } => show(settings, output, &profile).await,
        ProfileCommand::Rename { profile, name } => {
            let new = name_of(&name)?;
            let mut session = settings.session().await?;
            let id = session.find_profile(&profile)?.id;
            let revision = session.rename_profile(id, new.clone()).await?;
            let named = Named { profile_id: id, name: new.to_string(), revision: revision.get() };
            output.result(&named, || format!("Profile {profile} is now called {new}."))
        }
        ProfileCommand::Rotate { profile: Some(profile), resume: false } => {
            profile_rotate::rotate(settings, output, &profile).await
        }
        ProfileCommand::Rotate { profile, .. } => profile_rotate::resume(settings, output, profile.as_deref()).await,
        ProfileCommand::Lock(args) => profile_lock::run(settings, output, &args).await,
        ProfileCommand::History(args) => profile_past::history(settings, output, &args).await,
        ProfileCommand::Diff(args) => profile_past::diff(settings, output, &args).await,
        ProfileCommand::Restore(args) => profile_past::restore(settings, output, &args).await,
        ProfileCommand::Delete { profile, yes } => {
            let mut session = settings.session().await?;
            let known = session.find_profile(&profile)?;
            let (id, name) = (known.id, known.name.clone());
            input::confirm(&format!("Delete profile {name} with everything in it?"), yes, &settings.global)?;
            session.delete_profile(id).await?;
            output
                .result(&serde_json::json!({"profile_id": id, "name": name}), || format!("Profile {name} was deleted."))
        }
    }
}

async fn list(settings: &Settings, output: &Output) -> Result<(), Failure> {
    let mut listed: Vec<Listed> = match settings.acting()? {
        Acting::Agent { token, url, .. } => {
            let agent = settings.agent(token, url.as_deref())?;
            agent.profiles().await?.into_iter().map(Listed::of).collect()
        }
        Acting::User { .. } => {
            let session = settings.session().await?;
            session.list_profiles().await?.into_iter().map(Listed::of).collect()
        }
    };
    listed.sort_unstable_by(|a, b| a.named.name.cmp(&b.named.name));
    output.result(&listed, || {
        let rows: Vec<Vec<String>> = listed
            .iter()
            .map(|Listed { named, rekeying }| {
                let revision = match rekeying {
                    true => format!("{} (rekeying)", named.revision),
                    false => named.revision.to_string(),
                };
                vec![named.name.clone(), revision, named.profile_id.to_string()]
            })
            .collect();
        table(&["NAME", "REVISION", "ID"], &rows)
    })
}

async fn show(settings: &Settings, output: &Output, profile: &str) -> Result<(), Failure> {
    let session = settings.session().await?;
    let known = session.find_profile(profile)?;
    let summary = ProfileSummary::of(session.directory(), known);
    let opened = session.open_profile(summary.id).await?;
    let shown = Shown {
        named: Named {
            profile_id: summary.id,
            name: summary.name.to_string(),
            revision: opened.manifest().value().revision.get(),
        },
        epoch: summary.epoch.get(),
        rekeying: opened.is_rekeying(),
        secrets: opened.len(),
        groups: summary.groups.iter().map(|(_, name)| name.to_string()).collect(),
    };
    output.result(&shown, || {
        let rekeying = if shown.rekeying { " (rekeying: `profile rotate --resume` finishes it)" } else { "" };
        let groups = if shown.groups.is_empty() { "none".to_owned() } else { shown.groups.join(", ") };
        lines![
            &shown.named.name,
            format!("  id:       {}", shown.named.profile_id),
            format!("  revision: {}", shown.named.revision),
            format!("  epoch:    {}{rekeying}", shown.epoch),
            format!("  secrets:  {}", shown.secrets),
            format!("  groups:   {groups}"),
        ]
    })
}

/// A name as a person typed it.
pub(crate) fn name_of(text: &str) -> Result<Name, Failure> {
    Name::new(text).map_err(|error| Failure::usage(format!("{text:?}: {error}")))
}
