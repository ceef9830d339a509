//! The processes of a run, sampled while they live.

use super::find::Secrets;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// How often all processes are looked at. A command of ours lives for some tens of milliseconds.
const EVERY: Duration = Duration::from_millis(10);

/// The programs whose children get no secret of ours.
const PROGRAMS: [&str; 2] = ["api-stronghold-cli", "stronghold-server"];

/// Secrets that may be arguments, by the words before them, and why.
pub(super) const ARGUMENTS: [(&str, &str); 1] = [(
    "auth api-user --token ",
    "the contract has a token as an argument; tests hold that, and what else is refused there",
)];

/// Words of a command of ours that hands on what is asked for by name.
const HANDED_ON: &str = " --keep ";

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) samples: u64,
    pub(super) processes: BTreeSet<(u32, u64)>,
    pub(super) environments: BTreeSet<(u32, u64)>,
    pub(super) allowed: usize,
    pub(super) hits: BTreeSet<String>,
    checked: BTreeSet<(u32, u64, usize)>,
}

/// A thread that looks.
pub(super) struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Seen>,
}

impl Watch {
    /// Looks at everything that descends from this process, for what is noted in a file and what has a form.
    pub(super) fn start(noted: PathBuf) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let (mut seen, mut family, mut secrets) = (Seen::default(), Family::default(), Secrets::default());
            while !stopped.load(Ordering::Relaxed) {
                secrets.follow(&noted);
                family.find();
                seen.sample(&secrets, &family);
                thread::sleep(EVERY);
            }
            seen
        });
        Self { stop, thread }
    }

    /// What was seen until now.
    pub(super) fn end(self) -> Seen {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_default()
    }
}

/// The processes that descend from this one, as they were found.
#[derive(Default)]
struct Family {
    /// When each process that was ever listed started, and by whom; `None` for one that is not of the family.
    known: BTreeMap<u32, Option<Process>>,
}

#[derive(Clone, Copy)]
struct Process {
    parent: u32,
    started: u64,
}

impl Family {
    /// Lists all processes. One is looked up when it is new: who descends from this process does so for as long as it lives.
    fn find(&mut self) {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let listed: BTreeSet<u32> = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        self.known.retain(|id, _| listed.contains(id));
        let own = std::process::id();
        let new: BTreeMap<u32, Process> = listed
            .iter()
            .filter(|id| !self.known.contains_key(id))
            .filter_map(|id| Some((*id, Process::of(*id)?)))
            .collect();
        for (id, process) in &new {
            let member = self.descends(&new, process.parent, own);
            self.known.insert(*id, member.then_some(*process));
        }
    }

    fn descends(&self, new: &BTreeMap<u32, Process>, parent: u32, own: u32) -> bool {
        let mut at = parent;
        // No chain is longer than there are processes.
        for _ in 0..=new.len() {
            match (at == own, self.known.get(&at), new.get(&at)) {
                (true, ..) | (_, Some(Some(_)), _) => return true,
                (_, None, Some(process)) => at = process.parent,
                _ => return false,
            }
        }
        false
    }

    fn members(&self) -> impl Iterator<Item = (u32, Process)> {
        self.known.iter().filter_map(|(id, process)| Some((*id, (*process)?)))
    }
}

impl Process {
    fn of(id: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // `id (name) state parent ...`, where a name can hold anything; the 22nd field is when it started.
        let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
        Some(Self { parent: fields.get(1)?.parse().ok()?, started: fields.get(19)?.parse().ok()? })
    }
}

impl Seen {
    fn sample(&mut self, secrets: &Secrets, family: &Family) {
        self.samples += 1;
        for (id, process) in family.members() {
            let words = read(id, "cmdline");
            if words.is_empty() {
                continue;
            }
            // A process gets other arguments by running another program.
            let known = (id, process.started, words.len() + secrets.len() * 100_000);
            if !self.checked.insert(known) {
                continue;
            }
            self.processes.insert((id, process.started));
            if let Some(kind) = secrets.kind_in(&words) {
                if ARGUMENTS.iter().any(|(before, _)| words.contains(before)) {
                    self.allowed += 1;
                } else {
                    self.hits.insert(format!("an argument of {}: {kind}", program(&words)));
                }
            }
            let parent = read(process.parent, "cmdline");
            // Until it runs its own program, a child is a copy of its parent.
            if PROGRAMS.contains(&program(&parent)) && parent != words && !parent.contains(HANDED_ON) {
                self.environments.insert((id, process.started));
                if let Some(kind) = secrets.kind_in(&read(id, "environ")) {
                    self.hits.insert(format!(
                        "the environment of {}, which {} started: {kind}",
                        program(&words),
                        program(&parent)
                    ));
                }
            }
        }
    }
}

/// A list of words of a process, one after the other; quotes of a shell's command line are left out.
fn read(id: u32, what: &str) -> String {
    let bytes = fs::read(format!("/proc/{id}/{what}")).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let words = text.split(['\0', '\'', '"', ' ']).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// The program that a list of words names.
fn program(words: &str) -> &str {
    let first = words.split(' ').next().unwrap_or_default();
    first.rsplit('/').next().unwrap_or_default()
}
