//! Who is asking: whoever can sign requests as a principal.

use crate::crypto::{identity::Identity, seal::KemSecretKey};
use async_trait::async_trait;
use std::fmt;
use stronghold_protocol::{
    crypto::{
        kem::PublicKeys,
        sign::{KeyId, Signature, SigningKey},
    },
    id::{OrgId, PrincipalId},
    token::AgentToken,
};

/// A signer did not sign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request could not be signed: {0}")]
pub struct SigningFailed(pub String);

/// Proves who is asking, by signing requests. Bring your own to keep the key in a device or another process.
#[async_trait]
pub trait AgentAuthenticator: Send + Sync {
    /// The organization.
    fn org(&self) -> OrgId;

    /// Who.
    fn principal(&self) -> PrincipalId;

    /// The id of the signing key.
    fn key_id(&self) -> KeyId;

    /// Signs the signature base of a request (Ed25519).
    ///
    /// # Errors
    /// [`SigningFailed`] when the device or process that holds the key does not sign.
    async fn sign(&self, base: &[u8]) -> Result<Signature, SigningFailed>;
}

/// A principal whose keys are in this process: an agent by its token, or a person after logging in.
pub struct LocalIdentity {
    org: OrgId,
    principal: PrincipalId,
    identity: Identity,
    public: PublicKeys,
    key_id: KeyId,
}

impl LocalIdentity {
    /// The identity of a seed.
    #[must_use]
    pub fn from_seed(org: OrgId, principal: PrincipalId, seed: &[u8; 32]) -> Self {
        let identity = Identity::from_seed(seed);
        let public = identity.public_keys();
        let key_id = public.sign.key_id();
        Self { org, principal, identity, public, key_id }
    }

    /// The identity of an agent's token.
    #[must_use]
    pub fn from_token(token: &AgentToken) -> Self {
        Self::from_seed(token.org, token.agent.into(), &token.seed)
    }

    /// The public halves of its keys.
    #[must_use]
    pub fn public_keys(&self) -> PublicKeys {
        self.public.clone()
    }

    pub(crate) const fn signing_key(&self) -> &SigningKey {
        self.identity.signing_key()
    }

    pub(crate) const fn kem_key(&self) -> &KemSecretKey {
        self.identity.kem_key()
    }
}

impl fmt::Debug for LocalIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalIdentity({})", self.principal)
    }
}

#[async_trait]
impl AgentAuthenticator for LocalIdentity {
    fn org(&self) -> OrgId {
        self.org
    }

    fn principal(&self) -> PrincipalId {
        self.principal
    }

    fn key_id(&self) -> KeyId {
        self.key_id
    }

    async fn sign(&self, base: &[u8]) -> Result<Signature, SigningFailed> {
        Ok(self.signing_key().sign(base))
    }
}
