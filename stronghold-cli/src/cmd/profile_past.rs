//! `profile history`, `diff` and `restore`: a profile's revisions over time.

use super::secret_past::{address_of, not_found};
use crate::{
    args::{DiffArgs, ProfileHistoryArgs, ProfileRestoreArgs},
    failure::Failure,
    input,
    output::{Output, table},
    settings::Settings,
    shown::Lines,
};
use data_encoding::BASE64;
use serde::Serialize;
use serde_json::{Value, json};
use stronghold_sdk::{
    admin::Difference,
    open::PlainSecret,
    protocol::{id::SecretId, number::Version, time::Timestamp},
};

#[derive(Serialize)]
struct ShownRevision {
    revision: u64,
    author: String,
    time: Timestamp,
    epoch: u64,
    secrets: u64,
    /// New versions, and secrets that were encrypted anew.
    written: usize,
    deleted: usize,
}

#[derive(Serialize)]
struct ShownDifference {
    name: Option<String>,
    secret_id: SecretId,
    change: &'static str,
    old: Option<Side>,
    new: Option<Side>,
}

#[derive(Serialize)]
struct Side {
    version: u64,
    purged: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
}

/// `profile history`.
pub(super) async fn history(settings: &Settings, output: &Output, args: &ProfileHistoryArgs) -> Result<(), Failure> {
    let profile = settings.profile(args.at.profile.as_ref())?;
    let mut session = settings.session().await?;
    let id = session.find_profile(profile)?.id;
    let past = session.history(id).await.map_err(|error| not_found(error, profile))?;
    let shown: Vec<ShownRevision> = past
        .revisions()
        .iter()
        .rev()
        .take(args.limit)
        .map(|revision| ShownRevision {
            revision: revision.number().get(),
            author: address_of(session.directory(), revision.author()),
            time: revision.manifest().time,
            epoch: revision.manifest().epoch.get(),
            secrets: revision.manifest().count,
            written: revision.written(),
            deleted: revision.deleted(),
        })
        .collect();
    output.result(&shown, || {
        let row = |shown: &ShownRevision| {
            vec![
                shown.revision.to_string(),
                shown.time.to_string(),
                shown.author.clone(),
                shown.epoch.to_string(),
                shown.secrets.to_string(),
                shown.written.to_string(),
                shown.deleted.to_string(),
            ]
        };
        let heading = ["REVISION", "WRITTEN", "BY", "EPOCH", "SECRETS", "CHANGED", "DELETED"];
        table(&heading, &shown.iter().map(row).collect::<Vec<_>>())
    })
}

/// `profile diff`.
pub(super) async fn diff(settings: &Settings, output: &Output, args: &DiffArgs) -> Result<(), Failure> {
    let profile = settings.profile(args.at.profile.as_ref())?;
    let mut session = settings.session().await?;
    let id = session.find_profile(profile)?.id;
    let differences = session.diff(id, args.old, args.new).await.map_err(|error| not_found(error, profile))?;
    let shown: Vec<ShownDifference> =
        differences.iter().map(|difference| ShownDifference::of(difference, args.show_values)).collect();
    output.result(&shown, || {
        if shown.is_empty() {
            return Lines::from(format!("Revisions {} and {} hold the same.", args.old, args.new));
        }
        shown.iter().map(ShownDifference::line).collect()
    })
}

/// `profile restore`.
pub(super) async fn restore(settings: &Settings, output: &Output, args: &ProfileRestoreArgs) -> Result<(), Failure> {
    let profile = settings.profile(args.at.profile.as_ref())?;
    let mut session = settings.session().await?;
    let id = session.find_profile(profile)?.id;
    // What was asked about is what is done: on top of the revision that it was worked out for, or not at all.
    let would = session.restore_profile(id, args.revision, None, true).await;
    let mut done = would.map_err(|error| not_found(error, profile))?;
    if !args.dry_run {
        let question = format!(
            "Make {profile}, which is at revision {}, hold what it held at revision {}: {} back, {} changed, {} deleted?",
            done.revision, args.revision, done.created, done.updated, done.deleted
        );
        input::confirm(&question, args.yes, &settings.global)?;
        let shown = (!args.yes).then_some(done.revision);
        let restored = session.restore_profile(id, args.revision, shown, false).await;
        done = restored.map_err(|error| not_found(error, profile))?;
    }
    let result = json!({
        "profile": profile, "restored": args.revision.get(), "revision": done.revision.get(), "dry_run": args.dry_run,
        "created": done.created, "updated": done.updated, "unchanged": done.unchanged, "deleted": done.deleted,
    });
    output.result(&result, || {
        let what = format!("{} back, {} changed, {} deleted", done.created, done.updated, done.deleted);
        match args.dry_run {
            true => format!("Restoring revision {} of {profile} would bring: {what}.", args.revision),
            false => format!(
                "{profile} holds what it held at revision {} ({what}); it is now at revision {}.",
                args.revision, done.revision
            ),
        }
    })
}

impl ShownDifference {
    fn of(difference: &Difference, show_values: bool) -> Self {
        let side = |side: &Option<(Version, Option<PlainSecret>)>| {
            side.as_ref().map(|(version, plain)| Side {
                version: version.get(),
                purged: plain.is_none(),
                value: plain.as_ref().filter(|_| show_values).map(value_of),
            })
        };
        Self {
            name: difference.name().map(str::to_owned),
            secret_id: difference.secret,
            change: match (&difference.old, &difference.new) {
                (None, _) => "added",
                (_, None) => "deleted",
                _ => "changed",
            },
            old: side(&difference.old),
            new: side(&difference.new),
        }
    }

    fn line(&self) -> String {
        let sign = match self.change {
            "added" => '+',
            "deleted" => '-',
            _ => '~',
        };
        let id = || self.secret_id.to_string();
        let side = |side: &Option<Side>| match side {
            None => "none".to_owned(),
            Some(Side { version, purged: true, .. }) => format!("version {version} (purged)"),
            Some(Side { version, value: Some(value), .. }) => format!("version {version} {value}"),
            Some(Side { version, .. }) => format!("version {version}"),
        };
        format!("{sign} {}: {} -> {}", self.name.clone().unwrap_or_else(id), side(&self.old), side(&self.new))
    }
}

fn value_of(plain: &PlainSecret) -> Value {
    match std::str::from_utf8(&plain.value) {
        Ok(text) => json!(text),
        Err(_) => json!({"base64": BASE64.encode(&plain.value)}),
    }
}
