//! `env pull`: a profile's secrets, as a file.

use super::source;
use crate::{acting::Freshness, args::PullArgs, failure::Failure, files, output::Output, settings::Settings};
use std::path::Path;
use stronghold_sdk::format::{self, Format};

/// Runs the command. Nothing is written before everything is verified.
pub(crate) async fn run(settings: &Settings, output: &Output, args: &PullArgs) -> Result<(), Failure> {
    let profile = settings.profile(args.read.profile.as_ref())?;
    let freshness = Freshness::new(&args.read)?;
    let format = format_of(args.format.as_deref(), args.out.as_deref())?;
    let secrets = source::pull(settings, profile, freshness, &source::read_options(&args.read)?).await?;
    let (count, entries) = (secrets.len(), secrets.iter().map(|(name, secret)| (name.expose(), secret.expose())));
    let allowed = args.read.allow_name.iter().cloned().collect();
    let written = format::write(format, entries, &allowed).map_err(|error| Failure::invalid(error.to_string()))?;
    for note in &written.notes {
        output.warn(note.to_string());
    }
    match &args.out {
        Some(file) => {
            files::write_private(file, &written.text)?;
            output.say(format!(
                "{count} secrets of {profile:?}, revision {}, written to {}",
                secrets.revision(),
                file.display()
            ));
        }
        None => output.value(&written.text)?,
    }
    Ok(())
}

/// The format that was asked for, or that a file's ending says, or dotenv.
pub(crate) fn format_of(given: Option<&str>, file: Option<&Path>) -> Result<Format, Failure> {
    let ending = file.and_then(Path::extension).and_then(|ending| ending.to_str());
    let name = given.unwrap_or(match ending {
        Some("json") => "json",
        Some("sh") => "shell",
        _ => "dotenv",
    });
    name.parse().map_err(|_| Failure::usage(format!("{name:?} is no format")))
}
