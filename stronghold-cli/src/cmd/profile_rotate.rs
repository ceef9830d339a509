//! `profile rotate`, and finishing what a removal began.

use super::group::ENCRYPTING;
use crate::{failure::Failure, output::Output, settings::Settings, shown::Lines};
use stronghold_sdk::{
    admin::{RekeyProgress, Session},
    protocol::{id::ProfileId, transport::Transport},
};

/// Gives a profile a new key and encrypts everything in it anew.
pub(super) async fn rotate(settings: &Settings, output: &Output, profile: &str) -> Result<(), Failure> {
    let mut session = settings.session().await?;
    let known = session.find_profile(profile)?;
    let (id, name) = (known.id, known.name.clone());
    output.working(ENCRYPTING, session.rotate_profile(id)).await?;
    finish(output, &mut session).await?;
    let epoch = session.directory().profile(&id).map_or(0, |profile| profile.epoch.get());
    output.result(&serde_json::json!({"profile_id": id, "name": name, "epoch": epoch}), || {
        format!("Profile {name} has a new key, of epoch {epoch}, and everything in it was encrypted anew.")
    })
}

/// Finishes what was interrupted: of one profile, or of all that the caller can write.
pub(super) async fn resume(settings: &Settings, output: &Output, profile: Option<&str>) -> Result<(), Failure> {
    let mut session = settings.session().await?;
    let mut pending = session.pending_rekeys().await?;
    if let Some(profile) = profile {
        let id = session.find_profile(profile)?.id;
        pending.retain(|pending| *pending == id);
    }
    let bar = output.bar(ENCRYPTING);
    let mut finished: Vec<(ProfileId, String)> = Vec::new();
    for id in pending {
        let name = session.directory().profile(&id).map(|profile| profile.name.to_string()).unwrap_or_default();
        if session.finish_rekey(id, &mut |progress| show(&bar, progress)).await? {
            finished.push((id, name));
        }
    }
    bar.finish_and_clear();
    let result: Vec<_> =
        finished.iter().map(|(id, name)| serde_json::json!({"profile_id": id, "name": name})).collect();
    output.result(&result, || match finished.as_slice() {
        [] => "There is nothing to resume.".into(),
        some => some.iter().map(|(_, name)| format!("Profile {name} was encrypted anew.")).collect::<Lines>(),
    })
}

/// Encrypts anew what a command left for after its statement: profiles that are too large for one request.
pub(super) async fn finish<T: Transport>(output: &Output, session: &mut Session<T>) -> Result<(), Failure> {
    if session.unfinished_rekeys().is_empty() {
        return Ok(());
    }
    let bar = output.bar(ENCRYPTING);
    let finished = session.finish_rekeys(&mut |progress| show(&bar, progress)).await;
    bar.finish_and_clear();
    finished.map(drop).map_err(|error| {
        Failure::from(error)
            .with_hint("The access has ended. What is left to encrypt anew, `profile rotate --resume` finishes.")
    })
}

fn show(bar: &indicatif::ProgressBar, progress: RekeyProgress) {
    bar.set_length(progress.total as u64);
    bar.set_position(progress.done as u64);
}
