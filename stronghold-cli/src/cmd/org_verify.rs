//! `org verify`: the directory from its genesis, and every profile's whole past; held against what this client remembers, and
//! against what others have seen.

use super::{
    agent_rotation::warn_of_overdue,
    org_verify_report::{Against, Report},
};
use crate::{
    acting::HttpSession, args::OrgVerifyArgs, failure::Failure, files, input, output::Output, settings::Settings,
};
use std::path::PathBuf;
use stronghold_sdk::{
    Error,
    admin::{HeldAgainstMemory, Recollection, View},
    heads::{OtherView, Relation, Verdict},
    protocol::{id::OrgId, name::Name},
};

/// Another client's view, and where it is written down.
type Other = (PathBuf, OtherView);

/// Verifies everything that can be verified without the records of the audit log, from signatures alone: the directory from
/// its genesis; of every profile that the caller may read, each revision down to the first and each ciphertext ever written.
/// Then compares it with all that this client remembers, and with what others wrote down; and remembers it.
pub(crate) async fn run(settings: &Settings, output: &Output, args: &OrgVerifyArgs) -> Result<(), Failure> {
    let files = args.against.iter().map(PathBuf::as_path).chain(settings.lock_file());
    let others: Vec<Other> =
        files.map(|file| Ok((file.to_owned(), OtherView::read(file)?))).collect::<Result<_, Error>>()?;
    let (mut session, mut memory) = settings.session_and_memory().await?;
    let org = session.directory().org();
    check_org(&others, &org)?;
    let view = session.view(&mut |name: &Name| output.say(format!("verifying {name}"))).await?;
    let held = session.compare_memory(&view, &memory).await?;
    let mut against = Vec::new();
    for (file, other) in others {
        let comparison = session.compare(&view, &other.known, None).await?;
        let own = held.comparison.header.zip(other.known.header);
        let own = own.map(|(own, other)| Relation::of_numbers(other.seq.get(), own.known.seq.get()));
        against.push(Against { file, verdict: comparison.verdict(), own, comparison });
    }
    let mut report = Report::new(&view, held, against);
    let accept = args.accept_rollback && report.may_accept();
    if report.verdict() != Verdict::Same && !accept {
        return fail(output, &report, args.accept_rollback);
    }
    if accept {
        ask(settings, output, args, &report)?;
        go_back(settings, &mut memory, &view, report.held()).await?;
        report.set_accepted();
    }
    remember(output, &mut session, memory, &view).await;
    if let Some(file) = &args.save {
        files::write_shared(file, view.heads().to_text()?.as_bytes())?;
        report.set_saved(file);
    }
    if report.verdict_of_others() != Verdict::Same {
        return fail(output, &report, false);
    }
    output.result(&report, || report.text())
}

/// Everybody else's file must be of this organization.
fn check_org(others: &[Other], org: &OrgId) -> Result<(), Failure> {
    match others.iter().find(|(_, other)| other.org_id != *org) {
        None => Ok(()),
        Some((file, other)) => Err(Failure::usage(format!(
            "{} is of another organization, {}, than the signed-in person's, {org}",
            file.display(),
            other.org_id
        ))),
    }
}

/// Prints what is lost, and the failure that it is.
fn fail(output: &Output, report: &Report, wanted_to_accept: bool) -> Result<(), Failure> {
    output.result(report, || report.text())?;
    let failure = Failure::from(Error::rolled_back(&report.sentence()));
    Err(failure.with_hint(report.hint(wanted_to_accept)))
}

/// Shows what is lost, where somebody is there to be asked, and asks.
fn ask(settings: &Settings, output: &Output, args: &OrgVerifyArgs, report: &Report) -> Result<(), Failure> {
    if !args.yes && !output.is_json() {
        output.say(report.text());
    }
    input::confirm("Go on from what the server has, and forget what it lost?", args.yes, &settings.global)
}

/// Lets memory go down to what the server has: everything that this client keeps.
async fn go_back(
    settings: &Settings,
    memory: &mut Recollection,
    view: &View,
    held: &HeldAgainstMemory,
) -> Result<(), Failure> {
    memory.go_back(view, held).await?;
    let heads = view.heads();
    settings.credentials()?.go_back(&heads.org_id, heads.header)
}

/// Remembers what was verified. A disk that cannot be written is a warning.
async fn remember(output: &Output, session: &mut HttpSession, memory: Recollection, view: &View) {
    if let Err(error) = session.take_up(memory, view).await {
        output.warn(format!("{error}; what was verified is not remembered"));
    }
    warn_of_overdue(session, output);
}
