//! `audit list`, `audit verify` and `audit export`.

use super::{audit_entry::Entry, audit_filter::Filter};
use crate::{
    args::{AuditCommand, AuditExportArgs, AuditListArgs},
    failure::Failure,
    files,
    output::{Output, table},
    settings::{HttpSession, Settings},
};
use stronghold_sdk::{
    admin::LogRecord,
    protocol::{limits::AUDIT_PAGE, time::Timestamp},
    state::{Remembered, StateDir},
};

/// Runs a command of `audit`.
pub(crate) async fn run(settings: &Settings, output: &Output, command: AuditCommand) -> Result<(), Failure> {
    match command {
        AuditCommand::List(args) => list(settings, output, &args).await,
        AuditCommand::Verify => verify(settings, output).await,
        AuditCommand::Export(args) => export(settings, output, &args).await,
    }
}

async fn list(settings: &Settings, output: &Output, args: &AuditListArgs) -> Result<(), Failure> {
    let session = settings.session().await?;
    let filter = Filter::new(&args.filter, &session, settings.clock.now()).await?;
    let found = output.working("reading the audit log", newest(&session, &filter, args.limit)).await?;
    let entries: Vec<Entry> = found.iter().map(|record| Entry::of(record, session.directory(), &filter)).collect();
    output.result(&entries, || {
        if entries.is_empty() {
            return "No record matches.".to_owned();
        }
        let rows: Vec<Vec<String>> = entries.iter().map(Entry::row).collect();
        table(&["TIME", "WHO", "ACTION", "PROFILE", "WHAT", "OUTCOME", "FROM"], &rows)
    })
}

/// The newest records that match, oldest first: pages are read backwards until there are enough.
async fn newest(session: &HttpSession, filter: &Filter, limit: usize) -> Result<Vec<LogRecord>, Failure> {
    let (_, mut end) = session.audit_page(stronghold_sdk::protocol::number::MAX_SAFE_INTEGER).await?;
    let mut found: Vec<LogRecord> = Vec::new();
    while end > 0 && found.len() < limit {
        let start = end.saturating_sub(AUDIT_PAGE as u64);
        let mut part = between(session, start, end).await?;
        let older = part.first().is_some_and(|record| filter.is_before(record.record.time));
        part.retain(|record| filter.matches(record));
        part.append(&mut found);
        found = part;
        if older {
            break;
        }
        end = start;
    }
    let surplus = found.len().saturating_sub(limit);
    found.drain(..surplus);
    Ok(found)
}

/// The records from `start` to before `end`; a page may end early, by its size.
async fn between(session: &HttpSession, start: u64, end: u64) -> Result<Vec<LogRecord>, Failure> {
    let mut records: Vec<LogRecord> = Vec::new();
    let mut next = start;
    while next < end {
        let (page, _) = session.audit_page(next).await?;
        if page.is_empty() {
            break;
        }
        next += page.len() as u64;
        records.extend(page.into_iter().filter(|record| record.position < end));
    }
    Ok(records)
}

/// Verifies everything, and remembers the checkpoint.
async fn verify(settings: &Settings, output: &Output) -> Result<(), Failure> {
    let mut session = settings.session().await?;
    let org = session.directory().org();
    let state = StateDir::new(settings.state_folder());
    let remembered = state.load(&org)?.checkpoint;
    let (mut allowed, mut denied, mut newest) = (0_u64, 0_u64, None::<Timestamp>);
    let verified = {
        let mut count = |record: &LogRecord| {
            match record.record.outcome {
                stronghold_sdk::protocol::audit::Outcome::Allowed => allowed += 1,
                stronghold_sdk::protocol::audit::Outcome::Denied => denied += 1,
            }
            newest = Some(record.record.time);
        };
        output.working("verifying every record", session.verify_audit(remembered.as_ref(), &mut count)).await?
    };
    let seen = Remembered { checkpoint: Some(verified.checkpoint), ..Remembered::default() };
    if let Err(error) = state.save(&org, &seen, false) {
        output.warn(format!("the checkpoint cannot be remembered: {error}"));
    }
    let result = serde_json::json!({
        "org_id": org,
        "records": verified.checkpoint.size,
        "allowed": allowed,
        "denied": denied,
        "root": verified.checkpoint.root,
        "continues": remembered.map(|checkpoint| checkpoint.size),
        "newest": newest,
        "verified": true,
    });
    output.result(&result, || {
        let continues = match remembered {
            Some(checkpoint) => format!("It continues the {} records that this client remembers.", checkpoint.size),
            None => {
                "This client remembered no checkpoint before: what was changed before now cannot be told.".to_owned()
            }
        };
        format!(
            "Verified: {} records, {allowed} allowed and {denied} denied, each signed by whom it names. {continues}",
            verified.checkpoint.size
        )
    })
}

async fn export(settings: &Settings, output: &Output, args: &AuditExportArgs) -> Result<(), Failure> {
    let session = settings.session().await?;
    let filter = Filter::new(&args.filter, &session, settings.clock.now()).await?;
    let (_, end) = session.audit_page(stronghold_sdk::protocol::number::MAX_SAFE_INTEGER).await?;
    let records = output.working("reading the audit log", between(&session, 0, end)).await?;
    let matching = records.iter().filter(|record| filter.matches(record));
    let entries = matching.map(|record| Entry::of(record, session.directory(), &filter));
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
