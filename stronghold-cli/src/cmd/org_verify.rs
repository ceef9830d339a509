//! `org verify`: the directory from its genesis, and every profile's whole past; held against what this client remembers, and
//! against what others have seen.

use super::{
    agent_rotation::warn_of_overdue,
    org_verify_report::{Against, Report},
};
use crate::{
    args::OrgVerifyArgs,
    failure::Failure,
    files, input,
    output::Output,
    settings::{HttpSession, Settings},
};
use std::path::{Path, PathBuf};
use stronghold_sdk::{
    Error,
    admin::{DirectoryCache, HeldAgainstMemory, Memory, View},
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
    let (mut session, memory) = settings.session_and_memory().await?;
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
        go_back(settings, &memory, &view, report.held())?;
        report.set_accepted();
    }
    remember(settings, output, &mut session, &memory, &view).await;
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
fn go_back(settings: &Settings, memory: &Memory, view: &View, held: &HeldAgainstMemory) -> Result<(), Failure> {
    memory.go_back(view, held)?;
    let heads = view.heads();
    settings.credentials()?.go_back(&heads.org_id, heads.header)
}

/// Remembers what was verified. A disk that cannot be written is a warning.
async fn remember(settings: &Settings, output: &Output, session: &mut HttpSession, memory: &Memory, view: &View) {
    if let Err(error) = memory.save(view) {
        output.warn(format!("{error}; what was verified is not remembered"));
    }
    let folder: &Path = &settings.state_folder();
    let cache = DirectoryCache::new(session.directory().org(), Some(folder), None);
    if let Err(error) = session.keep_in(cache).await {
        output.warn(format!("{error}; the statements that were verified are not kept"));
    }
    warn_of_overdue(session, output);
}
