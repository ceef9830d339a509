//! `audit list` and `audit export`.

use super::{
    audit_follow::{follow, show_before},
    audit_rows::{CSV_HEADING, HEADING, csv, row},
    audit_verify,
};
use crate::{
    acting::HttpSession,
    args::{AuditCommand, AuditExportArgs, AuditFilterArgs, AuditListArgs},
    failure::Failure,
    files,
    output::{Output, table},
    settings::Settings,
    when,
};
use stronghold_sdk::{
    admin::{Archives, AuditFilter, AuditQuery, AuditReader, ContextQuery, UnknownContextKey},
    protocol::{audit::Outcome, time::Timestamp, visible},
};

/// Runs a command of `audit`.
pub(crate) async fn run(settings: &Settings, output: &Output, command: AuditCommand) -> Result<(), Failure> {
    match command {
        AuditCommand::List(args) => list(settings, output, &args).await,
        AuditCommand::Verify(args) => audit_verify::run(settings, output, &args).await,
        AuditCommand::Export(args) => export(settings, output, &args).await,
    }
}

async fn list(settings: &Settings, output: &Output, args: &AuditListArgs) -> Result<(), Failure> {
    let mut session = settings.session().await?;
    let (filter, mut reader) = open(&args.filter, &mut session, settings.clock.now()).await?;
    let reading = async {
        let end = reader.len(&session).await?;
        let newest = reader.newest(&mut session, &filter, end, args.limit).await?;
        Ok::<_, Failure>((newest.entries, end))
    };
    let (entries, end) = output.working("reading the audit log", reading).await?;
    warn_of_missing(output, &reader);
    if args.follow {
        show_before(output, &entries)?;
        return follow(output, args, session, reader, filter, end).await;
    }
    output.result(&entries, || {
        if entries.is_empty() {
            return "No record matches.".into();
        }
        let rows: Vec<Vec<String>> = entries.iter().map(row).collect();
        table(&HEADING, &rows)
    })
}

async fn export(settings: &Settings, output: &Output, args: &AuditExportArgs) -> Result<(), Failure> {
    let mut session = settings.session().await?;
    let (filter, mut reader) = open(&args.filter, &mut session, settings.clock.now()).await?;
    let reading = async {
        let end = reader.len(&session).await?;
        reader.between(&mut session, &filter, 0, end).await
    };
    let entries = output.working("reading the audit log", reading).await?;
    warn_of_missing(output, &reader);
    let mut text = String::new();
    if args.format == "csv" {
        text.push_str(CSV_HEADING);
    }
    for entry in &entries {
        match args.format.as_str() {
            "csv" => text.push_str(&csv(entry)),
            _ => {
                let line = serde_json::to_string(entry);
                let line = line.map_err(|error| Failure::local("a record cannot be written", &error))?;
                text.push_str(&visible::json(&line));
            }
        }
        text.push('\n');
    }
    match &args.out {
        Some(file) => {
            files::write_private(file, text.as_bytes())?;
            output.say(format!("{} records written to {}", entries.len(), file.display()));
            Ok(())
        }
        None => output.value(text.as_bytes()),
    }
}

/// What is asked for, looked up, and a reader with the archives that were given.
async fn open(
    args: &AuditFilterArgs,
    session: &mut HttpSession,
    now: Timestamp,
) -> Result<(AuditFilter, AuditReader), Failure> {
    let filter = AuditFilter::new(query(args, now)?, session).await?;
    let archives = Archives::open(&session.directory().org(), &args.archives.files)?;
    Ok((filter, AuditReader::with_archives(archives)))
}

fn query(args: &AuditFilterArgs, now: Timestamp) -> Result<AuditQuery, Failure> {
    let time = |text: Option<&str>| text.map(|text| when::parse_past(text, now)).transpose();
    Ok(AuditQuery {
        agent: args.agent.clone(),
        user: args.user.clone(),
        profile: args.profile.clone(),
        secret: args.secret.clone(),
        action: args.action.clone(),
        outcome: args.outcome.as_deref().map(|outcome| match outcome {
            "denied" => Outcome::Denied,
            _ => Outcome::Allowed,
        }),
        since: time(args.since.as_deref())?,
        until: time(args.until.as_deref())?,
        context: args.context.iter().map(|text| context(text)).collect::<Result<_, _>>()?,
    })
}

fn context(text: &str) -> Result<ContextQuery, Failure> {
    text.parse().map_err(|UnknownContextKey(key)| {
        Failure::usage(format!("--context knows reason, ci.provider, ci.repository and ci.run_id, but not {key:?}"))
    })
}

/// Says that something is missing in what is shown.
fn warn_of_missing(output: &Output, reader: &AuditReader) {
    if let Some(position) = reader.missing_before() {
        output.warn(format!(
            "records before {position} are archived, and not all of them are in the files that were given with --archive"
        ));
    }
}
