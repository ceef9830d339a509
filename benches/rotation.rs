//! Rotating large profiles: what it costs others, against the same machine without it; and what it costs at all, against
//! the bare encryption that it cannot do without.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark prints, and stops at the first surprise"
)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Instant,
};
use stronghold_benches::{
    bare::Ciphertexts,
    world::{Org, anchor_of},
};
use stronghold_sdk::{
    LocalIdentity, ProfileReader,
    protocol::{evidence::ProfileSelector, limits, token::AgentToken},
};

/// How many agents read at once.
const READERS: usize = 4;
/// How many groups read the profile that is rotated.
const GROUPS: usize = 100;

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(reads_during_a_rotation(if quick { 2 } else { 7 }));
    // Not fewer in short: the figure is about this many, and takes seconds.
    runtime.block_on(an_admin_is_removed(10));
}

/// Reads of an agent while a large profile of the same organization is rotated, and while nothing is.
async fn reads_during_a_rotation(rounds: usize) {
    let mut org = Org::new().await;
    let large = org.profile("large", limits::SECRETS_PER_PROFILE).await;
    let small = org.profile("small", 100).await;
    org.groups(GROUPS - 1, large).await;
    let token = org.agent("reader", &[large, small]).await;
    let reads = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..READERS)
        .map(|_| tokio::spawn(read(org.client(), copy(&token), Arc::clone(&reads), Arc::clone(&stop))))
        .collect();
    let (mut calm, mut busy) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (before, start) = (reads.load(Ordering::Relaxed), Instant::now());
        org.session.rotate_profile(large).await.unwrap();
        assert_eq!(org.session.finish_rekeys(&mut |_| {}).await.unwrap(), 1);
        let took = start.elapsed();
        busy.push((reads.load(Ordering::Relaxed) - before) as f64 / took.as_secs_f64());
        let (before, start) = (reads.load(Ordering::Relaxed), Instant::now());
        tokio::time::sleep(took).await;
        calm.push((reads.load(Ordering::Relaxed) - before) as f64 / start.elapsed().as_secs_f64());
    }
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
    let (busy, calm) = (median(busy), median(calm));
    println!(
        "agents' reads of 100 secrets while a profile of 10,000 and {GROUPS} groups is rotated, against while nothing is: \
         {:.2}x ({busy:.0}/s against {calm:.0}/s, the rotating client on the same two cores)",
        busy / calm
    );
}

/// Reads until it is told to stop.
async fn read(
    client: stronghold_sdk::Client<impl stronghold_sdk::protocol::transport::Transport>,
    token: AgentToken,
    reads: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
) {
    let who = LocalIdentity::from_token(&token);
    let (anchor, small): (_, ProfileSelector) = (anchor_of(&token), "small".parse().unwrap());
    while !stop.load(Ordering::Relaxed) {
        client.read_profile(&who, &small, &anchor).await.unwrap();
        reads.fetch_add(1, Ordering::Relaxed);
    }
}

/// An admin is removed, so every profile of the organization is encrypted anew; interrupted once on the way.
async fn an_admin_is_removed(profiles: usize) {
    let mut org = Org::new().await;
    let mut ids = Vec::new();
    for number in 0..profiles {
        ids.push(org.profile(&format!("profile {number}"), limits::SECRETS_PER_PROFILE).await);
    }
    let admin = org.admin().await;
    let sealed: Vec<_> = org
        .session
        .open_profile(*ids.first().unwrap())
        .await
        .unwrap()
        .iter()
        .map(|(sealed, _)| sealed.clone())
        .collect();
    let bare = Ciphertexts::like(&sealed);
    let start = Instant::now();
    for _ in 0..profiles {
        bare.run_with_hkdf();
        bare.encrypt_with_hkdf();
    }
    let bare = start.elapsed();
    let before = peak::reset();
    let start = Instant::now();
    let _made = org.session.remove_user(admin).await.unwrap();
    // Interrupted: this session is gone, another one goes on where it was.
    let first = *ids.first().unwrap();
    assert!(org.session.finish_rekey(first, &mut |_| {}).await.unwrap());
    let mut other = org.second_session().await;
    let pending = other.pending_rekeys().await.unwrap();
    assert_eq!(pending.len(), profiles - 1);
    for id in pending {
        assert!(other.finish_rekey(id, &mut |_| {}).await.unwrap());
    }
    let ours = start.elapsed();
    let above = peak::highest().saturating_sub(before);
    println!(
        "removing an admin of {} secrets in {profiles} profiles, against opening and encrypting them bare: \
         {:.2}x ({ours:.1?} against {bare:.1?}); peak memory {} MiB above what was held before, client and server together",
        profiles * limits::SECRETS_PER_PROFILE,
        ours.as_secs_f64() / bare.as_secs_f64(),
        above / 1024,
    );
}

fn copy(token: &AgentToken) -> AgentToken {
    AgentToken::parse(secrecy::ExposeSecret::expose_secret(&token.to_secret_string())).unwrap()
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap()
}

/// Resident memory of this process, as Linux counts it.
mod peak {
    /// Starts counting from here: returns what is resident now, in KiB.
    pub(super) fn reset() -> u64 {
        // "5" resets the peak (proc_pid_clear_refs(5)).
        std::fs::write("/proc/self/clear_refs", "5").unwrap();
        field("VmRSS:")
    }

    /// The most that was resident since, in KiB.
    pub(super) fn highest() -> u64 {
        field("VmHWM:")
    }

    fn field(name: &str) -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches("kB").trim().parse().unwrap()
    }
}
