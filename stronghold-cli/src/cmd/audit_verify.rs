//! `audit verify`: the log from raw records, and receipts against the log.

use crate::{
    acting::{Acting, HttpAgent},
    args::AuditVerifyArgs,
    failure::Failure,
    output::Output,
    settings::Settings,
};
use stronghold_sdk::{
    admin::{Archives, LogCounts, LogRecord},
    receipts::{Receipt, ReceiptFile},
};

/// Runs the command: everything for a person, receipts only for an agent.
pub(crate) async fn run(settings: &Settings, output: &Output, args: &AuditVerifyArgs) -> Result<(), Failure> {
    let mut receipts = Vec::new();
    for file in &args.receipts {
        receipts.extend(ReceiptFile::new(file.clone()).read()?);
    }
    match settings.acting()? {
        Acting::Agent { token, url, .. } if !args.receipts.is_empty() => {
            let agent = settings.agent(token, url.as_deref())?;
            verify_receipts(output, &agent, &receipts).await
        }
        Acting::Agent { .. } | Acting::User { .. } => verify_log(settings, output, args, &receipts).await,
    }
}

/// Verifies an agent's own receipts.
async fn verify_receipts(output: &Output, agent: &HttpAgent, receipts: &[Receipt]) -> Result<(), Failure> {
    let checkpoint = output.working("looking for every receipt's record", agent.verify_receipts(receipts)).await?;
    let result = serde_json::json!({
        "org_id": checkpoint.org,
        "records": checkpoint.size,
        "root": checkpoint.root,
        "receipts": receipts.len(),
        "verified": true,
    });
    output.result(&result, || {
        format!(
            "Verified: the records of {} receipts are in the audit log, where the receipts say. \
             Whether the log is the one that its owners see is for them to verify, with these receipts.",
            receipts.len()
        )
    })
}

/// Verifies everything, and remembers the checkpoint.
async fn verify_log(
    settings: &Settings,
    output: &Output,
    args: &AuditVerifyArgs,
    receipts: &[Receipt],
) -> Result<(), Failure> {
    let mut session = settings.session().await?;
    let org = session.directory().org();
    let mut archives = Archives::open(&org, &args.archives.files)?;
    let mut each = |_: &LogRecord| {};
    let verifying = session.verify_archived_audit(&mut archives, &mut each);
    let verified = output.working("verifying every record", verifying).await?;
    let LogCounts { allowed, denied, unsigned, newest } = verified.counts;
    let checkpoint = verified.log.checkpoint;
    if !receipts.is_empty() {
        let verifying = session.verify_receipts(receipts);
        output.working("looking for every receipt's record", verifying).await?;
    }
    let result = serde_json::json!({
        "org_id": org,
        "records": checkpoint.size,
        "allowed": allowed,
        "denied": denied,
        "unsigned": unsigned,
        "root": checkpoint.root,
        "continues": verified.known,
        "newest": newest,
        "receipts": receipts.len(),
        "verified": true,
    });
    output.result(&result, || {
        let continues = match verified.known {
            Some(size) => format!("It continues the {size} records that this client remembers."),
            None => {
                "This client remembered no checkpoint before: what was changed before now cannot be told.".to_owned()
            }
        };
        let receipts = match receipts.len() {
            0 => String::new(),
            count => format!(" The records of {count} receipts are where the receipts say."),
        };
        format!(
            "Verified: {} records, {allowed} allowed and {denied} denied, each signed by whom it names, but for the {unsigned} of log-ins and of \
             the organization's creation, which are the server's word. {continues}{receipts}",
            checkpoint.size
        )
    })
}
