//! `audit list` and `audit export`.

use super::{
    audit_entry::Entry,
    audit_filter::Filter,
    audit_follow::{follow, show_before},
    audit_log::Log,
    audit_verify,
};
use crate::{
    args::{AuditCommand, AuditExportArgs, AuditListArgs},
    failure::Failure,
    files,
    output::{Output, table},
    settings::Settings,
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
    let filter = Filter::new(&args.filter, &mut session, settings.clock.now()).await?;
    let mut log = Log::new(session, &args.filter.archives.files)?;
    let reading = async {
        let end = log.len().await?;
        Ok::<_, Failure>((log.newest(&filter, end, args.limit).await?, end))
    };
    let (found, end) = output.working("reading the audit log", reading).await?;
    log.warn_of_archived(output);
    let directory = log.session.directory();
    let entries: Vec<Entry> = found.iter().map(|record| Entry::of(record, directory, &filter)).collect();
    if args.follow {
        show_before(output, &entries)?;
        return follow(output, args, log, filter, end).await;
    }
    output.result(&entries, || {
        if entries.is_empty() {
            return "No record matches.".to_owned();
        }
        let rows: Vec<Vec<String>> = entries.iter().map(Entry::row).collect();
        table(&Entry::HEADING, &rows)
    })
}

async fn export(settings: &Settings, output: &Output, args: &AuditExportArgs) -> Result<(), Failure> {
    let mut session = settings.session().await?;
    let filter = Filter::new(&args.filter, &mut session, settings.clock.now()).await?;
    let mut log = Log::new(session, &args.filter.archives.files)?;
    let reading = async {
        let end = log.len().await?;
        log.between(0, end).await
    };
    let records = output.working("reading the audit log", reading).await?;
    log.warn_of_archived(output);
    let matching = records.iter().filter(|record| filter.matches(record));
    let entries = matching.map(|record| Entry::of(record, log.session.directory(), &filter));
    let mut text = String::new();
    let mut count = 0_usize;
    if args.format == "csv" {
        text.push_str(Entry::CSV_HEADING);
    }
    for entry in entries {
        count += 1;
        match args.format.as_str() {
            "csv" => text.push_str(&entry.csv()),
            _ => {
                let line = serde_json::to_string(&entry);
                text.push_str(&line.map_err(|error| Failure::local("a record cannot be written", &error))?);
            }
        }
        text.push('\n');
    }
    match &args.out {
        Some(file) => {
            files::write_private(file, text.as_bytes())?;
            output.say(format!("{count} records written to {}", file.display()));
            Ok(())
        }
        None => output.bytes(text.as_bytes()),
    }
}
