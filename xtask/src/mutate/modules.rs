//! The modules that are mutated: what verifies, on either side of the arrow.

use crate::run::Failed;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Files, and folders with all that is in them.
const MODULES: &[&str] = &[
    "stronghold-protocol/src/acceptance.rs",
    "stronghold-protocol/src/approval.rs",
    "stronghold-protocol/src/approval",
    "stronghold-protocol/src/archive.rs",
    "stronghold-protocol/src/audit.rs",
    "stronghold-protocol/src/checkpoint.rs",
    "stronghold-protocol/src/crypto/hash.rs",
    "stronghold-protocol/src/crypto/kem.rs",
    "stronghold-protocol/src/crypto/sign.rs",
    "stronghold-protocol/src/directory/agents.rs",
    "stronghold-protocol/src/directory/apply.rs",
    "stronghold-protocol/src/directory/approvals.rs",
    "stronghold-protocol/src/directory/change.rs",
    "stronghold-protocol/src/directory/checkpoint_keys.rs",
    "stronghold-protocol/src/directory/groups.rs",
    "stronghold-protocol/src/directory/leaf.rs",
    "stronghold-protocol/src/directory/profiles.rs",
    "stronghold-protocol/src/directory/rekey.rs",
    "stronghold-protocol/src/directory/sealing.rs",
    "stronghold-protocol/src/directory/state.rs",
    "stronghold-protocol/src/directory/users.rs",
    "stronghold-protocol/src/encoding.rs",
    "stronghold-protocol/src/evidence",
    "stronghold-protocol/src/evidence.rs",
    "stronghold-protocol/src/history.rs",
    "stronghold-protocol/src/id.rs",
    "stronghold-protocol/src/json",
    "stronghold-protocol/src/json.rs",
    "stronghold-protocol/src/key_request.rs",
    "stronghold-protocol/src/manifest.rs",
    "stronghold-protocol/src/merkle.rs",
    "stronghold-protocol/src/merkle",
    "stronghold-protocol/src/name.rs",
    "stronghold-protocol/src/number.rs",
    "stronghold-protocol/src/receipt.rs",
    "stronghold-protocol/src/request",
    "stronghold-protocol/src/roster.rs",
    "stronghold-protocol/src/secret.rs",
    "stronghold-protocol/src/signed.rs",
    "stronghold-protocol/src/time.rs",
    "stronghold-protocol/src/token.rs",
    "stronghold-protocol/src/token",
    "stronghold-sdk/src/admin/audit_check.rs",
    "stronghold-sdk/src/admin/history/fetch.rs",
    "stronghold-sdk/src/admin/history/keys.rs",
    "stronghold-sdk/src/admin/history/verify.rs",
    "stronghold-sdk/src/admin/history/walk.rs",
    "stronghold-sdk/src/admin/keyring.rs",
    "stronghold-sdk/src/admin/pull.rs",
    "stronghold-sdk/src/agent.rs",
    "stronghold-sdk/src/agent",
    "stronghold-sdk/src/crypto/aead.rs",
    "stronghold-sdk/src/crypto/padme.rs",
    "stronghold-sdk/src/crypto/seal.rs",
    "stronghold-sdk/src/heads.rs",
    "stronghold-sdk/src/lock.rs",
    "stronghold-sdk/src/memory.rs",
    "stronghold-sdk/src/memory",
    "stronghold-sdk/src/open",
    "stronghold-sdk/src/receipts.rs",
    "stronghold-sdk/src/references.rs",
    "stronghold-sdk/src/session.rs",
    "stronghold-sdk/src/session",
];

/// The crates of the modules, whose tests are run.
pub(super) const PACKAGES: &[&str] = &["stronghold-protocol", "stronghold-sdk"];

/// Every file of the modules, relative to the tree, in one order.
pub(super) fn files(tree: &Path) -> Result<Vec<String>, Failed> {
    let mut files = Vec::new();
    for module in MODULES {
        let path = tree.join(module);
        if path.is_dir() {
            collect(&path, tree, &mut files);
        } else if path.is_file() {
            files.push((*module).to_owned());
        } else {
            return Err(Failed(format!("{module} is gone: say in xtask/src/mutate/modules.rs where it went; this")));
        }
    }
    Ok(files)
}

fn collect(folder: &Path, tree: &Path, files: &mut Vec<String>) {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, tree, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.extend(path.strip_prefix(tree).ok().and_then(Path::to_str).map(str::to_owned));
        }
    }
}
