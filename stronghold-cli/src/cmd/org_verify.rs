//! `org verify`: the directory from its genesis, and every profile's whole past.

use crate::{failure::Failure, output::Output, settings::Settings};
use stronghold_sdk::{
    admin::VerifiedPast,
    protocol::directory::HeaderRef,
    state::{Remembered, StateDir},
};

#[derive(Default)]
struct Sum {
    profiles: usize,
    secrets: usize,
    revisions: usize,
    ciphertexts: usize,
    purged: usize,
    /// Profiles whose head alone was verified: the caller may not read their history.
    heads_only: Vec<String>,
}

/// Verifies everything that can be verified without an audit log: the directory from its genesis; of every profile that
/// the caller may read, each revision down to the first and each ciphertext ever written; that all of it is not behind,
/// or another one than, what this client remembers. Then remembers it.
pub(crate) async fn verify(settings: &Settings, output: &Output) -> Result<(), Failure> {
    // Opening a session replays every statement from the genesis, which the organization's id pins.
    let mut session = settings.session().await?;
    let states = session.past_states().await?;
    let profiles: Vec<_> = session.directory().profiles().map(|profile| (profile.id, profile.name.clone())).collect();
    let mut sum = Sum::default();
    let mut seen = Remembered::default();
    for (id, name) in &profiles {
        if !session.may_read(*id) {
            continue;
        }
        output.say(format!("verifying {name}"));
        sum.profiles += 1;
        if session.may_read_history(*id) {
            let past: VerifiedPast = session.verify_past(*id, &states).await?;
            sum.add(&past);
            seen.profiles.push(past.floor);
        } else {
            let opened = session.open_profile(*id).await?;
            sum.secrets += opened.len();
            sum.heads_only.push(name.to_string());
            seen.profiles.push(opened.floor());
        }
    }
    let (org, head): (_, HeaderRef) = (session.directory().org(), session.directory().head());
    if let Err(error) = StateDir::new(settings.state_folder()).save(&org, &seen, false) {
        output.warn(format!("{error}; what was verified is not remembered"));
    }
    let statements = head.seq.get() + 1;
    let result = serde_json::json!({
        "org_id": org,
        "statements": statements,
        "head": head.hash,
        "profiles": sum.profiles,
        "secrets": sum.secrets,
        "revisions": sum.revisions,
        "ciphertexts": sum.ciphertexts,
        "purged": sum.purged,
        "heads_only": sum.heads_only,
        "verified": true,
    });
    output.result(&result, || {
        let mut text = format!(
            "Verified: {statements} statements from the genesis on, {} profiles, {} secrets; {} revisions with {} ciphertexts, {} purged. Head {}.",
            sum.profiles, sum.secrets, sum.revisions, sum.ciphertexts, sum.purged, head.hash
        );
        if !sum.heads_only.is_empty() {
            text.push_str(&format!(" The history of {} is not yours to read.", sum.heads_only.join(", ")));
        }
        text
    })
}

impl Sum {
    fn add(&mut self, past: &VerifiedPast) {
        self.secrets += past.secrets;
        self.revisions += past.revisions;
        self.ciphertexts += past.ciphertexts;
        self.purged += past.purged;
    }
}
