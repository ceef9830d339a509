//! `env push`: a profile's secrets, from a file.

use super::{env_pull::format_of, special_names};
use crate::{args::PushArgs, failure::Failure, input, output::Output, settings::Settings};
use serde::Serialize;
use stronghold_sdk::{
    admin::{Edit, NewSecret},
    format,
    protocol::name::SecretName,
};

/// Largest file that is read: more than a full profile of the largest values.
const FILE_BYTES: usize = 1024 * 1024 * 1024;

#[derive(Serialize)]
struct Pushed<'a> {
    profile: &'a str,
    revision: u64,
    created: usize,
    updated: usize,
    unchanged: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<usize>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
}

/// Runs the command.
pub(crate) async fn run(settings: &Settings, output: &Output, args: &PushArgs) -> Result<(), Failure> {
    let profile = settings.profile(args.profile.as_ref())?;
    let format = format_of(args.format.as_deref(), Some(&args.file))?;
    let bytes = input::file(&args.file, FILE_BYTES)?;
    let entries =
        format::parse(&bytes, format).map_err(|error| Failure::invalid(format!("{}: {error}", args.file.display())))?;
    let mut edit = Edit { prune: args.prune, ..Edit::default() };
    for (name, value) in entries {
        let name = SecretName::new(&name).map_err(|error| Failure::invalid(format!("{name:?}: {error}")))?;
        edit.set.insert(name, NewSecret { value, note: None });
    }
    special_names::warn(output, edit.set.keys().map(SecretName::expose));
    let mut session = settings.session().await?;
    let known = session.find_profile(profile)?;
    let (id, name) = (known.id, known.name.to_string());
    let outcome = output.working("encrypting and sending", session.edit(id, &edit, args.dry_run)).await?;
    let pushed = Pushed {
        profile: &name,
        revision: outcome.revision.get(),
        created: outcome.created,
        updated: outcome.updated,
        unchanged: outcome.unchanged,
        deleted: args.prune.then_some(outcome.deleted),
        dry_run: args.dry_run,
    };
    output.result(&pushed, || {
        let would = if args.dry_run { " would be" } else { "" };
        let deleted = if args.prune { format!(", {} deleted", outcome.deleted) } else { String::new() };
        format!(
            "{} created, {} updated, {} unchanged{deleted}{would} in {name:?}, now at revision {}",
            outcome.created, outcome.updated, outcome.unchanged, outcome.revision
        )
    })
}
