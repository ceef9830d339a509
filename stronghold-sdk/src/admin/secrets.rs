//! Secrets: set and delete, as a new revision that replaces exactly the one it was made from.

use super::Session;
use crate::{
    error::Error,
    open::{OpenedProfile, PlainSecret, SecretKind},
    references::ReferenceTarget,
};
use std::collections::{BTreeMap, BTreeSet};
use stronghold_protocol::{
    id::{ProfileId, SecretId},
    limits,
    name::SecretName,
    number::{Revision, Version},
    problem::{Problem, ProblemCode},
    secret::SealedSecret,
    transport::Transport,
};
use zeroize::Zeroizing;

/// How often a writer who loses a race tries again.
const ATTEMPTS: usize = 10;

/// A value to be set.
#[derive(Clone)]
pub struct NewSecret {
    /// The exact bytes.
    pub value: Zeroizing<Vec<u8>>,
    /// A note; none keeps the one that is there.
    pub note: Option<Zeroizing<String>>,
}

/// What is to be changed in a profile.
#[derive(Clone, Default)]
pub struct Edit {
    /// Secrets to be created or updated.
    pub set: BTreeMap<SecretName, NewSecret>,
    /// Secrets to be made references, with a note as in [`NewSecret`]; they replace what [`Self::set`] says of the same name.
    pub refer: BTreeMap<SecretName, (ReferenceTarget, Option<Zeroizing<String>>)>,
    /// Secrets to be deleted; it is an error if one is not there.
    pub delete: Vec<SecretName>,
    /// Whether everything else is deleted too.
    pub prune: bool,
    /// Secrets to be written with name, note and kind as they are here, as new versions; where value and note are that
    /// already, nothing is written.
    pub put: BTreeMap<SecretName, Put>,
    /// Secrets to be deleted if they are there, unless they are put.
    pub delete_ids: BTreeSet<SecretId>,
    /// The revision that the edit was worked out for; on another one it is a conflict.
    pub base: Option<Revision>,
}

impl Edit {
    /// What is written for secrets that are made references.
    fn references(&self) -> Result<BTreeMap<&SecretName, NewSecret>, Error> {
        let written = self.refer.iter().map(|(name, (target, note))| {
            if target.profile().is_none() && target.secret() == name {
                return Err(Error::invalid(format!("{} cannot refer to itself", name.expose())));
            }
            Ok((name, NewSecret { value: target.to_value(), note: note.clone() }))
        });
        written.collect()
    }
}

/// A secret that is written as it once was, or is elsewhere.
#[derive(Clone)]
pub struct Put {
    /// What to write. Its time is when the value was first written: whoever read it then knows it now.
    pub plain: PlainSecret,
    /// The deleted secret that this brings back, and the last version it had; its numbers go on. None makes a new one.
    pub former: Option<(SecretId, Version)>,
}

/// What an edit did, or would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EditOutcome {
    /// The profile's revision after the edit; unchanged where nothing changed.
    pub revision: Revision,
    /// How many secrets are new.
    pub created: usize,
    /// How many have a new version.
    pub updated: usize,
    /// How many already had that value.
    pub unchanged: usize,
    /// How many are gone.
    pub deleted: usize,
}

struct Plan {
    puts: Vec<SealedSecret>,
    removes: Vec<SecretId>,
    outcome: EditOutcome,
}

impl<T: Transport> Session<T> {
    /// Edits a profile. With `dry_run`, only works out what would happen.
    ///
    /// Somebody else's revision in between is never overwritten: the edit is worked out again on top of it.
    ///
    /// # Errors
    /// [`Error`] when a secret to be deleted is not there, a limit is exceeded, or the revision cannot be written.
    pub async fn edit(&mut self, profile: ProfileId, edit: &Edit, dry_run: bool) -> Result<EditOutcome, Error> {
        let mut last = None;
        for _ in 0..ATTEMPTS {
            let before = self.open_profile(profile).await?;
            if before.is_rekeying() && !dry_run {
                // Nothing is written under a key that ended: whoever writes first finishes.
                self.finish_rekey(profile, &mut |_| {}).await?;
                continue;
            }
            if edit.base.is_some_and(|base| base != before.manifest().value().revision) {
                return Err(Problem::new(ProblemCode::RevisionConflict, "the profile changed meanwhile").into());
            }
            let plan = self.plan(&before, edit)?;
            if dry_run || (plan.puts.is_empty() && plan.removes.is_empty()) {
                return Ok(plan.outcome);
            }
            let name = &before.manifest().value().name;
            let mut revision = self.sign_revision(&before, name, before.key(), plan.puts, &plan.removes)?;
            match self.stage_if_large(before.key().epoch(), &mut revision).await {
                Err(error) if error.is_conflict() => {
                    last = Some(error);
                    self.sync().await?;
                    continue;
                }
                staged => staged?,
            }
            let outcome = EditOutcome { revision: plan.outcome.revision.next(), ..plan.outcome };
            match self.write_revision(&revision).await {
                Ok(()) => return Ok(outcome),
                Err(error) if error.is_conflict() => {
                    last = Some(error);
                    self.sync().await?;
                }
                Err(error) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| Error::invalid("the profile changes too fast; try again")))
    }

    fn plan(&self, before: &OpenedProfile, edit: &Edit) -> Result<Plan, Error> {
        let now = self.clock.now();
        let there: BTreeMap<&str, (&SealedSecret, &PlainSecret)> =
            before.iter().map(|(sealed, plain)| (plain.name.expose(), (sealed, plain))).collect();
        let mut outcome = EditOutcome {
            revision: before.manifest().value().revision,
            created: 0,
            updated: 0,
            unchanged: 0,
            deleted: 0,
        };
        let mut puts = Vec::new();
        let references = edit.references()?;
        let values = edit.set.iter().filter(|(name, _)| !references.contains_key(name));
        let values = values.map(|(name, new)| (name, new, SecretKind::Value));
        for (name, new, kind) in values.chain(references.iter().map(|(name, new)| (*name, new, SecretKind::Reference)))
        {
            if new.value.len() > limits::SECRET_VALUE_BYTES {
                return Err(Error::invalid(format!(
                    "the value of {} is larger than {} KiB",
                    name.expose(),
                    limits::SECRET_VALUE_BYTES / 1024
                )));
            }
            let (id, version, note) = match there.get(name.expose()) {
                Some((_, plain))
                    if plain.value == new.value
                        && plain.kind == kind
                        && (new.note.is_none() || new.note == plain.note) =>
                {
                    outcome.unchanged += 1;
                    continue;
                }
                Some((sealed, plain)) => {
                    outcome.updated += 1;
                    (sealed.id, sealed.version.next(), plain.note.clone())
                }
                None => {
                    outcome.created += 1;
                    (SecretId::generate(now)?, Version::FIRST, None)
                }
            };
            let plain = PlainSecret {
                name: name.clone(),
                value: new.value.clone(),
                kind,
                note: new.note.clone().or(note),
                updated_at: now,
            };
            puts.push(before.key().seal_secret(id, version, &plain)?);
        }
        for (name, put) in &edit.put {
            let (id, version) = match (there.get(name.expose()), put.former) {
                (Some((_, plain)), _) if plain.same_as(&put.plain) => {
                    outcome.unchanged += 1;
                    continue;
                }
                (Some((sealed, _)), _) => {
                    outcome.updated += 1;
                    (sealed.id, sealed.version.next())
                }
                (None, former) => {
                    outcome.created += 1;
                    let fresh = || SecretId::generate(now).map(|id| (id, Version::FIRST));
                    former.map_or_else(fresh, |(id, last)| Ok((id, last.next())))?
                }
            };
            let plain = PlainSecret { name: name.clone(), ..put.plain.clone() };
            puts.push(before.key().seal_secret(id, version, &plain)?);
        }
        let removes = removed(&there, edit)?;
        outcome.deleted = removes.len();
        if there.len() + outcome.created - outcome.deleted > limits::SECRETS_PER_PROFILE {
            return Err(Error::invalid(format!("a profile holds at most {} secrets", limits::SECRETS_PER_PROFILE)));
        }
        check_sealed_size(before, &puts, &removes)?;
        Ok(Plan { puts, removes, outcome })
    }
}

/// Refuses an edit after which the profile would be larger than servers keep and clients read.
fn check_sealed_size(before: &OpenedProfile, puts: &[SealedSecret], removes: &[SecretId]) -> Result<(), Error> {
    let gone: BTreeSet<SecretId> = removes.iter().copied().chain(puts.iter().map(|put| put.id)).collect();
    let kept = before.iter().map(|(sealed, _)| sealed).filter(|sealed| !gone.contains(&sealed.id));
    let bytes: usize = kept.chain(puts).map(SealedSecret::sealed_bytes).sum();
    if bytes <= limits::PROFILE_SEALED_BYTES {
        return Ok(());
    }
    let mib = |bytes: usize| bytes.div_ceil(1024 * 1024);
    Err(Error::invalid(format!(
        "the profile would hold {} MiB encrypted, and holds at most {} MiB: keep large values elsewhere, or in another \
         profile",
        mib(bytes),
        mib(limits::PROFILE_SEALED_BYTES)
    )))
}

fn removed(there: &BTreeMap<&str, (&SealedSecret, &PlainSecret)>, edit: &Edit) -> Result<Vec<SecretId>, Error> {
    let mut removes = Vec::new();
    for name in &edit.delete {
        match there.get(name.expose()) {
            Some((sealed, _)) => removes.push(sealed.id),
            None => return Err(Error::not_found("secret", name.expose())),
        }
    }
    if edit.prune {
        let wanted = |name| edit.set.contains_key(name) || edit.refer.contains_key(name) || edit.put.contains_key(name);
        let pruned = there.iter().filter(|(_, (_, plain))| !wanted(&plain.name));
        removes.extend(pruned.map(|(_, (sealed, _))| sealed.id));
    }
    let by_id = there
        .values()
        .filter(|(sealed, plain)| edit.delete_ids.contains(&sealed.id) && !edit.put.contains_key(&plain.name));
    removes.extend(by_id.map(|(sealed, _)| sealed.id));
    removes.sort_unstable();
    removes.dedup();
    Ok(removes)
}
