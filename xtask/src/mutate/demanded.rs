//! Checks that every implementation must make as this one does, so that a vector has to notice each mutant of them.
//!
//! A file is in the list with all of its functions but those that are named: what is added to it is demanded from then on.

use super::build::Mutant;

/// What a file checks, and its functions that no reader's verdict depends on.
struct Demanded {
    file: &'static str,
    checks: &'static str,
    /// Functions of the author or holder of a proof, of displays and of lookups.
    but: &'static [&'static str],
}

const DEMANDED: &[Demanded] = &[
    of("signatures", "stronghold-protocol/src/acceptance.rs"),
    of("signatures", "stronghold-protocol/src/crypto/sign.rs"),
    of("signatures", "stronghold-protocol/src/key_request.rs"),
    of("signatures", "stronghold-protocol/src/receipt.rs"),
    of("signatures", "stronghold-protocol/src/request/authority.rs"),
    of("signatures", "stronghold-protocol/src/request/context.rs"),
    of("signatures", "stronghold-protocol/src/request/digest.rs"),
    of("signatures", "stronghold-protocol/src/request/params.rs"),
    of("signatures", "stronghold-protocol/src/request/unverified.rs"),
    of("signatures and thresholds", "stronghold-protocol/src/signed.rs"),
    of("thresholds", "stronghold-protocol/src/roster.rs"),
    of("proofs", "stronghold-protocol/src/checkpoint.rs"),
    of("proofs", "stronghold-protocol/src/directory/leaf.rs"),
    of("proofs", "stronghold-protocol/src/evidence/chain.rs"),
    of("proofs", "stronghold-protocol/src/evidence/partial.rs"),
    of("proofs", "stronghold-protocol/src/evidence/profile.rs"),
    of("proofs", "stronghold-protocol/src/manifest.rs"),
    of("proofs", "stronghold-protocol/src/merkle.rs"),
    of("proofs", "stronghold-protocol/src/merkle/consistency.rs"),
    of("the order of an agent", "stronghold-sdk/src/open/decryptor.rs"),
    of("the order of an agent", "stronghold-sdk/src/open/keys.rs"),
    of("the order of an agent", "stronghold-sdk/src/open/profile.rs"),
    of("the order of an agent", "stronghold-sdk/src/open/receipt.rs"),
    of("the order of an agent", "stronghold-sdk/src/open/secrets.rs"),
    of("apply", "stronghold-protocol/src/directory/agents.rs"),
    of("apply", "stronghold-protocol/src/directory/apply.rs"),
    of("apply", "stronghold-protocol/src/directory/approvals.rs"),
    of("apply", "stronghold-protocol/src/directory/change.rs"),
    of("apply", "stronghold-protocol/src/directory/groups.rs"),
    of("apply", "stronghold-protocol/src/directory/profiles.rs"),
    of("apply", "stronghold-protocol/src/directory/rekey.rs"),
    of("apply", "stronghold-protocol/src/directory/sealing.rs"),
    of("apply", "stronghold-protocol/src/directory/state.rs"),
    of("apply", "stronghold-protocol/src/directory/users.rs"),
];

const fn of(checks: &'static str, file: &'static str) -> Demanded {
    Demanded { file, checks, but: &[] }
}

/// What a file checks that a vector must notice, if anything.
pub(super) fn checks_of(file: &str) -> Option<&'static str> {
    DEMANDED.iter().find(|demanded| demanded.file == file).map(|demanded| demanded.checks)
}

/// Whether a vector must notice the mutant.
pub(super) fn is_demanded(mutant: &Mutant) -> bool {
    let function = mutant.function();
    DEMANDED.iter().any(|demanded| demanded.file == mutant.file && !demanded.but.contains(&function))
}
