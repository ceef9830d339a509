//! What `org verify` found, for scripts and for people.

use crate::shown::Lines;
use serde::Serialize;
use std::path::{Path, PathBuf};
use stronghold_sdk::{
    admin::{HeldAgainstMemory, LostStatement, Regained, RegainedKind, View},
    heads::{ComparedLog, ComparedProfile, Comparison, Relation, Verdict},
    protocol::{crypto::hash::Hash, id::OrgId, number::Seq},
};

/// What was found. Serialized, it is the command's JSON.
#[derive(Serialize)]
pub(crate) struct Report {
    org_id: OrgId,
    statements: u64,
    head: Hash,
    profiles: usize,
    secrets: usize,
    revisions: usize,
    ciphertexts: usize,
    purged: usize,
    records: u64,
    heads_only: Vec<String>,
    /// Whether all of it is what this client remembers and others have seen.
    verified: bool,
    /// How the server stands to what this client remembers.
    verdict: Verdict,
    /// Whether less than was remembered was accepted.
    accepted: bool,
    remembered: Comparison,
    lost: Lost,
    against: Vec<Against>,
    saved: Option<PathBuf>,
    #[serde(skip)]
    held: HeldAgainstMemory,
}

/// What the server does not have.
#[derive(Serialize)]
struct Lost {
    /// Where the server has another statement than this client verified.
    forked_at: Option<Seq>,
    statements: Vec<LostStatement>,
    /// How many more there are, of which this client has no text.
    unlisted: u64,
    regained: Vec<Regained>,
}

/// Another client's view beside the server's.
#[derive(Serialize)]
pub(crate) struct Against {
    pub(crate) file: PathBuf,
    pub(crate) verdict: Verdict,
    /// How the newest statement that this client remembered stands to the other's.
    #[serde(rename = "this_client")]
    pub(crate) own: Option<Relation>,
    #[serde(flatten)]
    pub(crate) comparison: Comparison,
}

impl Report {
    pub(crate) fn new(view: &View, held: HeldAgainstMemory, against: Vec<Against>) -> Self {
        let heads = view.heads();
        let verdict = held.verdict();
        let mut report = Self {
            org_id: heads.org_id,
            statements: heads.header.seq.get() + 1,
            head: heads.header.hash,
            profiles: view.readable(),
            secrets: view.secrets,
            revisions: view.revisions,
            ciphertexts: view.ciphertexts,
            purged: view.purged,
            records: view.checkpoint.size,
            heads_only: view.heads_only.iter().map(ToString::to_string).collect(),
            verified: false,
            verdict,
            accepted: false,
            remembered: held.comparison.clone(),
            lost: Lost {
                forked_at: held.forked_at,
                statements: held.statements.clone(),
                unlisted: held.unlisted,
                regained: held.regained.clone(),
            },
            against,
            saved: None,
            held,
        };
        report.verified = verdict.max(report.verdict_of_others()) == Verdict::Same;
        report
    }

    /// How the server stands to what this client remembers.
    pub(crate) const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// How it stands to what others have seen, the worst of them.
    pub(crate) fn verdict_of_others(&self) -> Verdict {
        self.against.iter().map(|other| other.verdict).max().unwrap_or(Verdict::Same)
    }

    /// Whether the server is only older than what is remembered, and not behind what somebody wrote down.
    pub(crate) fn may_accept(&self) -> bool {
        self.verdict == Verdict::Older && self.verdict_of_others() == Verdict::Same
    }

    pub(crate) const fn held(&self) -> &HeldAgainstMemory {
        &self.held
    }

    pub(crate) const fn set_accepted(&mut self) {
        self.accepted = true;
        self.verified = true;
    }

    pub(crate) fn set_saved(&mut self, file: &Path) {
        self.saved = Some(file.to_owned());
    }

    /// What is wrong, in a line.
    pub(crate) fn sentence(&self) -> String {
        match self.verdict {
            Verdict::Forked => match self.lost.forked_at {
                Some(seq) => {
                    format!(
                        "the server shows another history than this client remembers: statement {seq} is another one"
                    )
                }
                None => {
                    "the server shows another history than this client remembers: revisions are other ones".to_owned()
                }
            },
            Verdict::Older => format!("the server is older than what this client remembers; lost: {}", self.summary()),
            Verdict::Same => {
                let mut worst: Vec<_> = self.against.iter().filter(|other| other.verdict != Verdict::Same).collect();
                worst.sort_by_key(|other| std::cmp::Reverse(other.verdict));
                let told = worst.iter().map(|other| match other.verdict {
                    Verdict::Forked => {
                        format!("the server shows another history than {} has seen", other.file.display())
                    }
                    _ => format!("the server shows an older state than {} has seen", other.file.display()),
                });
                told.collect::<Vec<_>>().join("; ")
            }
        }
    }

    /// What to do about it.
    pub(crate) fn hint(&self, wanted_to_accept: bool) -> &'static str {
        match (self.verdict, self.verdict_of_others()) {
            (Verdict::Forked, _) => {
                "Do not use what this server sends: another history is never accepted. `org verify --against` tells which one others are shown; to go over to theirs, sign in anew with an empty --config-dir."
            }
            (Verdict::Older, Verdict::Same) => {
                "If the server was restored from a backup, `org verify --accept-rollback` goes on from what it has; then do again what was lost, and first what ended an access."
            }
            (Verdict::Older, _) if wanted_to_accept => {
                "Nothing goes behind a lock file: `profile lock --accept-rollback` writes it anew, without --lock this client's own memory is accepted."
            }
            (_, Verdict::Forked) => {
                "Do not use what this server sends: it shows different clients different histories. Find out with the others which one is right."
            }
            _ => {
                "Do not use what this server sends before you know why: it was restored from a backup, or shows you less than others."
            }
        }
    }

    /// What is lost, in numbers.
    fn summary(&self) -> String {
        let mut parts = Vec::new();
        let statements = self.lost.statements.len() as u64 + self.lost.unlisted;
        if statements > 0 {
            parts.push(count(statements, "statement"));
        }
        let behind = self.remembered.profiles.iter().filter(|profile| profile.relation.verdict() != Verdict::Same);
        let revisions: Vec<u64> = behind.map(lost_revisions).collect();
        if !revisions.is_empty() {
            let of = count(revisions.len() as u64, "profile");
            parts.push(format!("{} of {of}", count(revisions.iter().sum(), "revision")));
        }
        if let Some(log) = self.remembered.audit.filter(|log| log.relation.verdict() != Verdict::Same) {
            parts.push(match log.kept {
                Some(kept) => count(log.known - kept, "audit record"),
                None => "audit records".to_owned(),
            });
        }
        parts.join(", ")
    }

    /// All of it, for people.
    pub(crate) fn text(&self) -> Lines {
        let mut lines = vec![format!(
            "Verified: {} statements from the genesis on, {} profiles, {} secrets; {} revisions with {} ciphertexts, {} purged. Head {}.",
            self.statements, self.profiles, self.secrets, self.revisions, self.ciphertexts, self.purged, self.head
        )];
        if !self.heads_only.is_empty() {
            lines.push(format!("The history of {} is not yours to read.", self.heads_only.join(", ")));
        }
        match self.verdict {
            Verdict::Same => {}
            Verdict::Older => lines.push("The server is older than what this client remembers.".to_owned()),
            Verdict::Forked => {
                lines.push(
                    "The server shows another history than this client remembers: not only an older one.".to_owned(),
                );
            }
        }
        if self.verdict != Verdict::Same {
            lines.extend(differences(&self.remembered, self.lost.forked_at));
            self.push_lost(&mut lines);
        }
        for other in &self.against {
            let file = other.file.display();
            lines.push(match other.verdict {
                Verdict::Same => format!("{file}: one history, {}.", distance(&other.comparison)),
                Verdict::Older => format!("{file}: the server shows you an older state than that client has seen."),
                Verdict::Forked => format!("{file}: a fork. The server shows you another history than that client."),
            });
            lines.extend(differences(&other.comparison, None));
            lines.extend(other.own.and_then(own_distance));
        }
        if self.accepted {
            lines.push(format!("Accepted: this client goes on from statement {}.", self.statements - 1));
        }
        if let Some(file) = &self.saved {
            lines.push(format!("Written to {}.", file.display()));
        }
        lines.into()
    }

    fn push_lost(&self, lines: &mut Vec<String>) {
        if !self.lost.statements.is_empty() {
            lines.push("Lost statements, to be made again where they are still wanted:".to_owned());
        }
        for statement in &self.lost.statements {
            let author = statement.author.as_ref().map_or("?", |email| email.as_str());
            lines.push(format!("  {}  {}  {author}", statement.seq, statement.time));
            lines.extend(statement.changes.iter().map(|change| format!("       {}", change.text)));
        }
        if self.lost.unlisted > 0 {
            let more = count(self.lost.unlisted, "statement");
            lines.push(format!("  {more} of which this client has kept only the number"));
        }
        if !self.lost.regained.is_empty() {
            lines.push("Allowed again because of that:".to_owned());
        }
        let regained = self.lost.regained.iter();
        lines.extend(regained.map(|what| format!("  {} {} {}", word(what.kind), what.name, what.text)));
    }
}

/// What is behind or another one, a line each. `forked_at` is the first statement that is another one, where it is known.
fn differences(comparison: &Comparison, forked_at: Option<Seq>) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(header) = comparison.header.filter(|header| header.relation.verdict() != Verdict::Same) {
        let (shown, known) = (header.shown.seq, header.known.seq);
        lines.push(match header.relation {
            Relation::Behind(by) => {
                format!(
                    "  directory: the server is at statement {shown}, known is {known}: {} lost",
                    count(by, "statement")
                )
            }
            _ => match forked_at.unwrap_or(known) {
                first if first <= shown => format!("  directory: the server's statement {first} is another one"),
                _ => "  directory: the server's statements are other ones".to_owned(),
            },
        });
    }
    if let Some(roster) = comparison.roster.filter(|roster| roster.relation.verdict() != Verdict::Same) {
        lines.push(format!(
            "  roster: the server has version {}, known is {}",
            roster.shown.version, roster.known.version
        ));
    }
    let profiles = comparison.profiles.iter().filter(|profile| profile.relation.verdict() != Verdict::Same);
    lines.extend(profiles.map(profile_line));
    lines.extend(comparison.audit.filter(|log| log.relation.verdict() != Verdict::Same).map(log_line));
    lines
}

fn profile_line(profile: &ComparedProfile) -> String {
    let (name, known) = (&profile.name, &profile.known);
    match (profile.relation, &profile.shown) {
        (Relation::Forked, _) => format!("  profile {name}: revision {} is another one than the known", known.revision),
        (Relation::Behind(0), Some(shown)) => {
            format!("  profile {name}: its key is of generation {}, known is {}", shown.epoch, known.epoch)
        }
        (Relation::Behind(by), Some(shown)) => format!(
            "  profile {name}: the server has revision {}, known is {}: {} lost",
            shown.revision,
            known.revision,
            count(by, "revision")
        ),
        _ => format!("  profile {name}: it is not there; known is revision {}", known.revision),
    }
}

fn log_line(log: ComparedLog) -> String {
    match (log.relation, log.kept) {
        (_, Some(kept)) => {
            format!("  audit log: of {} known records {} are lost, from record {kept} on", log.known, log.known - kept)
        }
        (Relation::Behind(by), None) => {
            format!(
                "  audit log: the server has {} records, known are {}: {by} are lost at least",
                log.shown, log.known
            )
        }
        _ => format!("  audit log: the first {} records are not all those that are known", log.known),
    }
}

/// By how much the server is ahead of something.
fn distance(comparison: &Comparison) -> String {
    let ahead = |relation: Relation| if let Relation::Ahead(by) = relation { by } else { 0 };
    let statements = comparison.header.map_or(0, |header| ahead(header.relation));
    let revisions = comparison.profiles.iter().map(|profile| ahead(profile.relation)).sum();
    let records = comparison.audit.map_or(0, |log| ahead(log.relation));
    if statements + revisions + records == 0 {
        return "equal".to_owned();
    }
    format!(
        "the server is ahead by {}, {} and {}",
        count(statements, "statement"),
        count(revisions, "revision"),
        count(records, "audit record")
    )
}

/// How this client stood to the other before, where the other was told apart.
fn own_distance(own: Relation) -> Option<String> {
    match own {
        Relation::Behind(by) => {
            Some(format!("  This client remembered {} less than that one.", count(by, "statement")))
        }
        Relation::Ahead(by) => Some(format!("  This client remembered {} more than that one.", count(by, "statement"))),
        _ => None,
    }
}

/// Revisions that are gone with a profile, or of it.
fn lost_revisions(profile: &ComparedProfile) -> u64 {
    match profile.relation {
        Relation::Behind(by) => by,
        _ => profile.known.revision.get(),
    }
}

fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

const fn word(kind: RegainedKind) -> &'static str {
    match kind {
        RegainedKind::Agent => "agent",
        RegainedKind::User => "person",
        RegainedKind::Invitation => "invitation",
        RegainedKind::Group => "group",
        RegainedKind::Profile => "profile",
    }
}
