//! What strangers cost everyone else: an admin and an agent at work on a server process while it is attacked, against the same
//! while it is not.
//!
//! The attacker is a process that is bound to one processor, and spins there while nothing else is done: so a figure is of
//! what the server does, not of what the attacker takes. Other load on the machine distorts it.
//!
//! `STRONGHOLD_SERVER_BIN` names another server to attack, for figures before and after; `--only NAME` does one attack, and
//! `--seconds N` says how long each lasts.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark prints, and stops at the first surprise"
)]

use std::time::Duration;
use stronghold_benches::{
    attack::{Attack, healthy},
    served::{Served, Timed, Worked, held, reset},
};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(at + 1).cloned()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if let Some(name) = after("--attack") {
        let attack = Attack::ALL.into_iter().find(|attack| attack.name() == name).unwrap();
        runtime.block_on(attack.run());
        return;
    }
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let seconds = after("--seconds").map_or(if quick { 3 } else { 20 }, |text| text.parse().unwrap());
    let length = Duration::from_secs(seconds);
    runtime.block_on(attack_everything(length, after("--only").as_deref()));
}

async fn attack_everything(length: Duration, only: Option<&str>) {
    println!("admin, agent and /healthz at work, each attack for {} s", length.as_secs());
    println!(
        "attack           failures  edits p99 (ratio)   reads p99 (ratio)   healthz p99  resident  log     database"
    );
    let mut quiet: Option<(Duration, Duration)> = None;
    let chosen = |attack: &Attack| *attack == Attack::Spinning || only.is_none_or(|only| only == attack.name());
    for attack in Attack::ALL.into_iter().filter(chosen) {
        // Each on a server of its own: what one leaves behind is not the next one's.
        let mut served = Served::new().await;
        served.work(Duration::from_secs(1)).await;
        let url = served.server.url().to_owned();
        let token = served.deleted.to_secret_string();
        let whom = [url.as_str(), secrecy::ExposeSecret::expose_secret(&token), &served.account.0, &served.account.1];
        let before = held(&served.server);
        reset(&served.server);
        let started = attack.start(&whom);
        // It takes a moment until it is under way.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let worked = served.work(length).await;
        let reached = healthy(&url, "127.0.0.2").await;
        drop(started);
        let after = held(&served.server);
        let Worked { writes, reads, probes } = &worked;
        let (edits, agents) = (writes.p99(), reads.p99());
        let (quiet_edits, quiet_agents) = *quiet.get_or_insert((edits, agents));
        let failures: usize = [writes, reads, probes].iter().map(|timed| timed.failures.len()).sum();
        println!(
            "{:<16} {failures:>5}/{:<4} {:>9.0?} ({:>5.1}x)   {:>9.0?} ({:>5.1}x)   {:>9.0?} {:>5} MiB {:>4} KiB {:>5} KiB{}",
            attack.name(),
            writes.count() + reads.count() + probes.count(),
            edits,
            ratio(edits, quiet_edits),
            agents,
            ratio(agents, quiet_agents),
            probes.p99(),
            after.resident_kib / 1024,
            (after.log - before.log) / 1024,
            after.database.saturating_sub(before.database) / 1024,
            if reached.is_ok() { "" } else { "  (the attacker's own address gets no answer)" },
        );
        for (who, timed) in [("admin", writes), ("agent", reads), ("healthz", probes)] {
            say_failures(who, timed);
        }
    }
}

fn ratio(took: Duration, quiet: Duration) -> f64 {
    took.as_secs_f64() / quiet.as_secs_f64()
}

fn say_failures(who: &str, timed: &Timed) {
    if let Some(first) = timed.failures.first() {
        println!("    {who}: {} failures, the first: {first}", timed.failures.len());
    }
}
