//! 2. and 3. of the order of refusal: the address's rate, and the signature. Nobody is known yet.

use super::{Channel, Claim, Target};
use crate::{
    access::{Bucket, RateLimit, RateState, Source},
    service::{
        Incoming, Inner,
        orgs::{self, Loaded, OrgState},
    },
    store::{Store, StoreError},
};
use std::{net::IpAddr, sync::Arc};
use stronghold_protocol::{
    api::parse_profile_segment,
    crypto::sign::{KeyId, SigningPublicKey},
    id::OrgId,
    request::{Endpoint, Method, RequestRefusal, UnverifiedRequest},
};

/// Looks into the store for unknown keys, of all addresses together.
const UNKNOWN_KEYS: RateLimit = RateLimit { burst: 200, per_minute: 6000 };

/// Why a request did not get as far as being decided.
pub(super) enum Unverified {
    Refused(RequestRefusal),
    Store(StoreError),
}

impl From<RequestRefusal> for Unverified {
    fn from(refusal: RequestRefusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Unverified {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl<S: Store> Inner<S> {
    /// Believes the headers of a request: who signed it, for which route and organization. Its body is not looked at, only its
    /// digest is among what is believed.
    pub(super) async fn verify_head(
        &self,
        target: Target,
        incoming: &Incoming,
        channel: Channel,
    ) -> Result<Claim, Unverified> {
        let Target { route, org, profile } = target;
        let method: Method = incoming.method.parse().map_err(|_| RequestRefusal::Signature)?;
        let headers = incoming.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        let unverified = UnverifiedRequest::from_headers(method, &incoming.target, headers)?;
        let unknown = || RequestRefusal::UnknownKey(unverified.key_id());
        let org: OrgId = org.parse().map_err(|_| unknown())?;
        let key = self.find_key(&org, &unverified.key_id()).await?.ok_or_else(unknown)?;
        let in_process = [Endpoint::in_process()];
        let endpoints: &[Endpoint] = match channel {
            Channel::Network => &self.settings.endpoints,
            Channel::InProcess => &in_process,
        };
        let head = unverified.verify_head(&key, endpoints)?;
        let selector = profile.and_then(|segment| parse_profile_segment(&segment));
        Ok(Claim { route, org, selector, head, address: incoming.address })
    }

    /// The public key with this id, from memory, or from the store if that is ahead.
    async fn find_key(&self, org: &OrgId, key: &KeyId) -> Result<Option<SigningPublicKey>, Unverified> {
        let key_in = |state: Arc<OrgState>| {
            let owner = state.directory.key_owner(key).map(|owner| owner.key);
            owner.or_else(|| state.directory.invite_with_key(key).map(|(_, invite)| invite.key))
        };
        let known = self.orgs.known(org);
        let in_memory = known.is_some();
        if let Some(key) = known.and_then(key_in) {
            return Ok(Some(key));
        }
        // Strangers with made-up keys must not keep the store busy; after a start everyone has to look once.
        if in_memory && !self.rates.take(Bucket::UnknownKeys, UNKNOWN_KEYS, self.now()).allowed {
            return Ok(None);
        }
        Ok(self.refresh(*org).await?.and_then(key_in))
    }

    /// Replays what the store has beyond memory; none when there is no such organization. One replay at a time: those who
    /// wait for it find it done.
    pub(in crate::service) async fn refresh(&self, org: OrgId) -> Result<Option<Arc<OrgState>>, StoreError> {
        let _turn = self.replaying.lock().await;
        let known = self.orgs.known(&org);
        let held = known.clone();
        let loaded = self.store.snapshot(move |tx| orgs::load(tx, &org, held)).await?;
        Ok(match loaded {
            Loaded::Nothing => None,
            Loaded::Known => known,
            Loaded::Newer(state) => Some(self.orgs.note_read(&org, *state)),
        })
    }

    /// Whether an address was refused so often that it is not listened to.
    pub(super) fn refused_too_often(&self, address: Option<IpAddr>) -> Option<RateState> {
        let bucket = Bucket::Refused(Source::from(address?));
        let state = self.rates.peek(bucket, self.settings.limits.refused, self.now());
        (!state.allowed).then_some(state)
    }

    /// Counts a refusal of an address.
    pub(super) fn count_refusal(&self, address: Option<IpAddr>) {
        if let Some(address) = address {
            let _ = self.rates.take(Bucket::Refused(Source::from(address)), self.settings.limits.refused, self.now());
        }
    }
}
