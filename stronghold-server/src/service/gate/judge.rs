//! Steps 4 to 7 of the order of refusal: clock, nonce, standing, access. All of it stands in the headers, so it is judged
//! before a large body is read, and again under the lock.

use super::{
    Claim,
    answer::{Refused, forbidden},
};
use crate::{
    access::{Caller, CallerKind, check_standing},
    service::{Inner, join::check_invite},
    store::{Store, Tx},
};
use stronghold_protocol::{
    crypto::sign::KeyId,
    directory::{Directory, Invite, KeyOwner},
    id::{InviteId, PrincipalId},
    problem::{Problem, ProblemCode},
    request::{SignatureParams, check_clock},
    time::Timestamp,
};

/// Whose key signed a request, as of a directory.
#[derive(Clone, Copy)]
pub(super) enum Holder<'d> {
    /// A principal, in force or not.
    Principal(&'d KeyOwner),
    /// Whoever holds the code of an open invitation.
    Invited(InviteId, &'d Invite),
}

/// Who was let through.
pub(super) enum Party<'d> {
    Principal(Caller),
    Invited(InviteId, &'d Invite),
}

/// What is done with a nonce that was not used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nonce {
    /// It is used up, in the transaction that decides.
    Claim,
    /// It stays good: the request is not decided yet.
    LookUp,
}

impl<'d> Holder<'d> {
    /// The holder of a key; none where nobody has or had it.
    pub(super) fn find(directory: &'d Directory, key: &KeyId) -> Option<Self> {
        let owner = directory.key_owner(key).map(Holder::Principal);
        owner.or_else(|| directory.invite_with_key(key).map(|(id, invite)| Holder::Invited(id, invite)))
    }

    /// The principal, where it is one.
    pub(super) const fn principal(self) -> Option<PrincipalId> {
        match self {
            Self::Principal(owner) => Some(owner.principal),
            Self::Invited(..) => None,
        }
    }
}

impl<S: Store> Inner<S> {
    /// Judges a request by its headers, in the order of refusal. The nonce is one of the transaction's.
    ///
    /// # Errors
    /// [`Refused`] with the first that is wrong, or when the store fails.
    pub(super) fn judge<'d>(
        &self,
        claim: &Claim,
        nonce: Nonce,
        tx: &mut dyn Tx,
        of: (&'d Directory, Holder<'d>),
        now: Timestamp,
    ) -> Result<Party<'d>, Refused> {
        let SignatureParams { key_id, nonce: value, .. } = claim.params();
        let unused = || match nonce {
            Nonce::Claim => Ok::<_, Refused>(tx.claim_nonce(&claim.org, key_id, value, now)?),
            Nonce::LookUp => Ok(!tx.knows_nonce(&claim.org, key_id, value)?),
        };
        self.judge_with(claim, unused, of, now)
    }

    /// What the headers are denied for as of a directory; none when they are not. `used` is whether the nonce was.
    pub(in crate::service) fn foresee(
        &self,
        claim: &Claim,
        used: bool,
        directory: &Directory,
        now: Timestamp,
    ) -> Option<Problem> {
        match Holder::find(directory, &claim.params().key_id) {
            None => Some(Problem::unauthenticated()),
            Some(holder) => self.judge_with(claim, || Ok::<_, Problem>(!used), (directory, holder), now).err(),
        }
    }

    /// 4. to 7.; `unused` finds out whether the nonce was not used before, and is asked when the clock is right.
    fn judge_with<'d, E: From<Problem>>(
        &self,
        claim: &Claim,
        unused: impl FnOnce() -> Result<bool, E>,
        (directory, holder): (&'d Directory, Holder<'d>),
        now: Timestamp,
    ) -> Result<Party<'d>, E> {
        let params = claim.params();
        // 4.
        check_clock(params.created, now).map_err(|_| Problem::clock_skew(now))?;
        // A restored store has not the nonces of what came after its backup.
        if self.restored_at.is_some_and(|restored| params.created < restored.as_seconds()) {
            return Err(Problem::clock_skew(now).into());
        }
        // 5.
        if !unused()? {
            return Err(Problem::new(ProblemCode::NonceUsed, "sign the request anew").into());
        }
        // 6.
        let (party, kind) = match holder {
            Holder::Principal(owner) => {
                let caller = check_standing(directory, owner, claim.address, now)?;
                let kind = caller.kind;
                (Party::Principal(caller), kind)
            }
            Holder::Invited(id, invite) => {
                check_invite(invite, now)?;
                (Party::Invited(id, invite), CallerKind::Invitee)
            }
        };
        // 7.
        if !claim.route.allows(kind) {
            return Err(forbidden(kind).into());
        }
        Ok(party)
    }
}
