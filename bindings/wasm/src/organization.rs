//! The organization as a whole.

use crate::{
    convert::{Listener, name, parse, to_js},
    error::Outcome,
    session::{Session, client},
    shown::Decided,
};
use js_sys::Function;
use serde::Serialize;
use stronghold_sdk::{
    Error, HttpTransport,
    admin::{OrgSummary, PendingApproval, Session as SdkSession},
    heads::Verdict,
    protocol::{
        approval::{Described, Person},
        crypto::hash::Hash,
        directory::Directory,
        id::UserId,
        time::Timestamp,
    },
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    summary: OrgSummary,
    /// The id in groups of four, for people to compare.
    fingerprint: String,
    version: &'static str,
}

#[derive(Serialize)]
struct Approval {
    approval_id: Hash,
    since: Timestamp,
    changes: Vec<String>,
    signed_by: Vec<String>,
    missing: usize,
    /// Whether `changes` is all of it, so that it can be signed; else it says why not.
    can_be_signed: bool,
    new_owners: Vec<String>,
    former_owners: Vec<String>,
}

#[derive(Serialize)]
struct Verified {
    statements: u64,
    profiles: usize,
    secrets: usize,
    revisions: usize,
    ciphertexts: usize,
    purged: usize,
    heads_only: Vec<String>,
}

#[wasm_bindgen]
impl Session {
    /// The organization, as its directory says.
    pub async fn organization(&self) -> Outcome {
        let shared = self.shared()?;
        let open = shared.work().await;
        to_js(&shown(open.session.directory()))
    }

    /// Renames the organization. False where it had the name.
    #[wasm_bindgen(js_name = renameOrganization)]
    pub async fn rename_organization(&self, new: String) -> Outcome<bool> {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let renamed = open.session.rename_organization(&name(&new)?).await?;
        Ok(renamed)
    }

    /// Says how many owners must sign what changes owners.
    #[wasm_bindgen(js_name = setOwnerThreshold)]
    pub async fn set_owner_threshold(&self, threshold: u32) -> Outcome {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let decision = open.session.set_owner_threshold(threshold).await?;
        to_js(&Decided::from(decision))
    }

    /// What waits for more owners' signatures.
    pub async fn approvals(&self) -> Outcome {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let pending = open.session.pending_approvals().await?;
        let directory = open.session.directory();
        to_js(&pending.into_iter().map(|pending| Approval::of(directory, pending)).collect::<Vec<_>>())
    }

    /// Signs what waits, if it changes exactly what was shown: `changes` as [`Self::approvals`] gave them.
    pub async fn approve(&self, approval_id: String, changes: Vec<String>) -> Outcome {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let pending = open.session.pending_approval(parse(&approval_id, "approval's id")?).await?;
        let described = pending.to_sign()?;
        if described.words() != changes {
            return Err(
                Error::invalid("what waits changes something else by now than was shown: look at it again").into()
            );
        }
        let decision = open.session.approve(described).await?;
        open.finish_rekeys(&Listener::new(None)).await?;
        to_js(&Decided::from(decision))
    }

    /// Withdraws what waits.
    #[wasm_bindgen(js_name = withdrawApproval)]
    pub async fn withdraw_approval(&self, approval_id: String) -> Outcome<()> {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        open.session.withdraw_approval(parse(&approval_id, "approval's id")?).await?;
        Ok(())
    }

    /// Verifies everything that there ever was, from the genesis on, and that it continues what this device remembers.
    #[wasm_bindgen(js_name = verifyOrganization)]
    pub async fn verify_organization(&self, each: Option<Function>) -> Outcome {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        // A session that knows nothing: what is remembered is held against what it is shown, not mixed with it.
        let mut fresh =
            SdkSession::<HttpTransport>::builder(&open.account).open_to_compare(client(&shared.url)?).await?;
        let listener = Listener::new(each);
        let view = fresh.view(&mut |profile| listener.tell(&JsValue::from_str(profile.as_str()))).await?;
        let comparison = fresh.compare(&view, &open.session.remembered(), None).await?;
        match comparison.verdict_of_memory() {
            Verdict::Same => {}
            Verdict::Older => {
                return Err(Error::rolled_back("the server lacks some of what this device remembers").into());
            }
            Verdict::Forked => {
                return Err(Error::rolled_back("the server shows another history than this device remembers").into());
            }
        }
        open.session.remember_view(&view).await?;
        to_js(&Verified {
            statements: view.head().seq.get() + 1,
            profiles: view.readable(),
            secrets: view.secrets,
            revisions: view.revisions,
            ciphertexts: view.ciphertexts,
            purged: view.purged,
            heads_only: view.heads_only.iter().map(ToString::to_string).collect(),
        })
    }
}

fn shown(directory: &Directory) -> Shown {
    let fingerprint = grouped(&directory.org().to_string());
    Shown { summary: OrgSummary::of(directory), fingerprint, version: env!("CARGO_PKG_VERSION") }
}

fn grouped(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}

impl Approval {
    fn of(directory: &Directory, pending: PendingApproval) -> Self {
        let address = |id: &UserId| directory.user(id).map_or_else(|| id.to_string(), |user| user.email.to_string());
        let (joining, leaving) = pending.described.as_ref().map(Described::owners_changed).unwrap_or_default();
        let addresses = |people: Vec<&Person>| people.iter().map(|person| person.email.to_string()).collect();
        Self {
            approval_id: pending.id,
            since: pending.since,
            changes: pending.words(),
            signed_by: pending.signed_by.iter().map(address).collect(),
            missing: pending.missing,
            can_be_signed: pending.described.is_ok(),
            new_owners: addresses(joining),
            former_owners: addresses(leaving),
        }
    }
}
