//! Checks that every implementation must make as this one does, so that a vector has to notice each mutant of them.
//!
//! A file is in the list with all of its functions but those that are named: what is added to it is demanded from then on.

use super::build::Mutant;

/// What a file checks, and what in it is no check that a reader makes.
struct Demanded {
    file: &'static str,
    checks: &'static str,
    /// Functions, or a function and what stands there: of authors, of holders of a proof, of displays, of lookups; and the
    /// limits that would make a file of vectors large (`docs/vectors/README.md`).
    but: &'static [&'static str],
}

const DEMANDED: &[Demanded] = &[
    of("signatures", "stronghold-protocol/src/acceptance.rs", &[]),
    of("signatures", "stronghold-protocol/src/audit.rs", &[]),
    of("signatures", "stronghold-protocol/src/crypto/sign.rs", &[]),
    of("signatures", "stronghold-protocol/src/key_request.rs", &[]),
    of("signatures", "stronghold-protocol/src/receipt.rs", &[]),
    of("signatures", "stronghold-protocol/src/request/digest.rs", &[]),
    of("signatures", "stronghold-protocol/src/request/params.rs", &[]),
    of("signatures", "stronghold-protocol/src/request/signed.rs", &[]),
    of("signatures", "stronghold-protocol/src/request/unverified.rs", &[]),
    of(
        "signatures, thresholds",
        "stronghold-protocol/src/signed.rs",
        &[
            // An author's.
            "Signed::countersigned",
            // Payloads above 1 MiB.
            "Signed::check_size",
            "Signed::pinned`: `self.check_size()",
            "Signed::good_signers`: `self.check_size()",
        ],
    ),
    of(
        "thresholds",
        "stronghold-protocol/src/roster.rs",
        // More than 256 owners or admins.
        &["Roster::check_content`: `self.owners.len() >", "Roster::check_content`: `self.admins.len() >"],
    ),
    of("proofs", "stronghold-protocol/src/checkpoint.rs", &[]),
    of("proofs", "stronghold-protocol/src/directory/leaf.rs", &[]),
    of("proofs", "stronghold-protocol/src/evidence/chain.rs", &[]),
    of("proofs", "stronghold-protocol/src/evidence/partial.rs", &[]),
    of("proofs", "stronghold-protocol/src/evidence/profile.rs", &[]),
    of("proofs", "stronghold-protocol/src/manifest.rs", &[]),
    of("proofs", "stronghold-protocol/src/history.rs", &[]),
    // Who shows a proof makes it; who is shown one verifies it.
    of(
        "proofs",
        "stronghold-protocol/src/merkle.rs",
        &["Tree::len", "Tree::is_empty", "Tree::set", "Tree::inclusion", "Tree::inclusion_at"],
    ),
    of(
        "proofs",
        "stronghold-protocol/src/merkle/consistency.rs",
        &["Tree::root_at", "Tree::consistency", "Tree::subproof", "Tree::hash_of"],
    ),
    of("an agent's order", "stronghold-sdk/src/crypto/aead.rs", &["seal"]),
    of(
        "an agent's order",
        "stronghold-sdk/src/crypto/seal.rs",
        // Of authors; and what is longer than any context that is opened.
        &[
            "seal",
            "open`: `info.len()",
            "Prefetched::new",
            "Prefetched::try_next_u32",
            "Prefetched::try_next_u64",
            "Prefetched::try_fill_bytes",
        ],
    ),
    of("an agent's order", "stronghold-sdk/src/open/decryptor.rs", &[]),
    of("an agent's order", "stronghold-sdk/src/open/keys.rs", &["PlainSecret::same_as", "ProfileKey::seal_secret"]),
    of("an agent's order", "stronghold-sdk/src/open/profile.rs", &["OpenedProfile::is_rekeying"]),
    of(
        "an agent's order",
        "stronghold-sdk/src/open/receipt.rs",
        // Of a denial nothing is released, and an agent demands what was: this tells people, whose writes release nothing.
        &["check`: `record.outcome == Outcome::Allowed", "check`: `require(is_allowed"],
    ),
    of(
        "apply",
        "stronghold-protocol/src/directory/agents.rs",
        // What ended is marked for the server, which no statement says anything of.
        &["rekey`: `!keys.contains(key)"],
    ),
    of(
        "apply",
        "stronghold-protocol/src/directory/apply.rs",
        // Bodies above 16 MiB.
        &["parse_body`: `bytes.0.len()", "parse_any_body`: `bytes.0.len()"],
    ),
    of(
        "apply",
        "stronghold-protocol/src/directory/approvals.rs",
        // Told to people; and more than 64 pending rosters.
        &["Approval::missing", "propose`: `require(count <=", "propose`: `count <="],
    ),
    of(
        "apply",
        "stronghold-protocol/src/directory/change.rs",
        // The server's, of a list that no range stands in.
        &["Conditions::allow_address`: `self.source_cidrs.is_empty()"],
    ),
    of("apply", "stronghold-protocol/src/directory/groups.rs", &[]),
    of(
        "apply",
        "stronghold-protocol/src/directory/profiles.rs",
        // When a version was purged first, for people.
        &["make`: `profile.purged"],
    ),
    of("apply", "stronghold-protocol/src/directory/rekey.rs", &["Rekeys::is_empty"]),
    of(
        "apply",
        "stronghold-protocol/src/directory/state.rs",
        &[
            "Directory::is_id_used",
            "Directory::invite_with_key",
            "Directory::reading_group",
            "Directory::groups_of`: `!user.removed",
        ],
    ),
    of("apply", "stronghold-protocol/src/directory/users.rs", &[]),
];

const fn of(checks: &'static str, file: &'static str, but: &'static [&'static str]) -> Demanded {
    Demanded { file, checks, but }
}

/// What a file checks that a vector must notice, if anything.
pub(super) fn checks_of(file: &str) -> Option<&'static str> {
    DEMANDED.iter().find(|demanded| demanded.file == file).map(|demanded| demanded.checks)
}

/// Whether a vector must notice the mutant.
pub(super) fn is_demanded(mutant: &Mutant) -> bool {
    let is_but = |but: &&str| match but.contains('`') {
        true => mutant.key.strip_prefix('`').is_some_and(|key| key.starts_with(*but)),
        false => mutant.function() == *but,
    };
    DEMANDED.iter().any(|demanded| demanded.file == mutant.file && !demanded.but.iter().any(is_but))
}
