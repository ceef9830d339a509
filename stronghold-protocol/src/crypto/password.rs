//! Logging in with a password that the server never learns: OPAQUE (RFC 9807). Specified in `docs/protocol.md`,
//! section 15.
//!
//! ```text
//! OPRF, group   ristretto255-SHA512 (RFC 9497)
//! KDF, MAC, Hash  HKDF-SHA-512, HMAC-SHA-512, SHA-512
//! AKE           OPAQUE-3DH
//! KSF           Argon2id v1.3 (RFC 9106): 64 MiB, 3 passes, 4 lanes, salt of 16 zero bytes, output as long as the input
//! context       "stronghold/v1/opaque"
//! identities    client = user id (16) | org id (32), server = org id (32)
//! credential    Context("opaque-credential", org, user)
//! ```
//! Argon2id's cost is the second recommended option of RFC 9106, section 4, and is fixed: a server that could choose it
//! could lower it. It runs on clients only; nothing in this module's functions calls it. A server that does not know
//! a user answers as it would for one it knows (RFC 9807, section 10.9).

use crate::{
    crypto::random::RandomnessUnavailable,
    encoding::{Base64Bytes, Context},
    id::{OrgId, UserId},
};
use argon2::{Algorithm, Argon2, Params, Version};
use opaque_ke::{
    CipherSuite, CredentialFinalization, CredentialRequest, Identifiers, RegistrationRequest, RegistrationUpload,
    Ristretto255, ServerLogin, ServerLoginParameters, ServerRegistration, TripleDh,
    errors::InternalError,
    generic_array::{ArrayLength, GenericArray},
    ksf::Ksf,
    rand::{CryptoRng, Error as RandError, RngCore},
};
use std::fmt;
use zeroize::Zeroizing;

/// The context string that both sides mix into the handshake.
pub const CONTEXT: &[u8] = b"stronghold/v1/opaque";

/// Memory of Argon2id, in KiB.
pub const ARGON2_KIB: u32 = 64 * 1024;
/// Passes of Argon2id.
pub const ARGON2_PASSES: u32 = 3;
/// Lanes of Argon2id.
pub const ARGON2_LANES: u32 = 4;

/// The cipher suite of suite 1, for `opaque-ke`. Both sides name it; only the client runs its key stretching.
#[derive(Clone, Copy, Debug)]
pub struct OpaqueSuite;

impl CipherSuite for OpaqueSuite {
    type OprfCs = Ristretto255;
    type KeyExchange = TripleDh<Ristretto255, sha2_of_opaque::Sha512>;
    type Ksf = Argon2id;
}

/// Key stretching with suite 1's fixed cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Argon2id;

impl Ksf for Argon2id {
    fn hash<L: ArrayLength<u8>>(&self, input: GenericArray<u8, L>) -> Result<GenericArray<u8, L>, InternalError> {
        let params = Params::new(ARGON2_KIB, ARGON2_PASSES, ARGON2_LANES, Some(input.len()))
            .map_err(|_| InternalError::KsfError)?;
        let mut output = GenericArray::default();
        // The salt is empty on purpose (RFC 9807, section 7): the OPRF's output is already salted by its key.
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(&input, &[0; 16], &mut output)
            .map_err(|_| InternalError::KsfError)?;
        Ok(output)
    }
}

/// Whose password it is: what binds a handshake to one user of one organization.
#[derive(Clone, Debug)]
pub struct Account {
    client: Vec<u8>,
    server: OrgId,
    credential: Context,
}

impl Account {
    /// The account of a user.
    #[must_use]
    pub fn new(org: &OrgId, user: &UserId) -> Self {
        Self {
            client: [user.as_bytes().as_slice(), org.as_bytes()].concat(),
            server: *org,
            credential: Context::new("opaque-credential").field(org).field(user),
        }
    }

    /// The identities of client and server.
    #[must_use]
    pub fn identifiers(&self) -> Identifiers<'_> {
        Identifiers { client: Some(&self.client), server: Some(self.server.as_bytes()) }
    }

    fn parameters(&self) -> ServerLoginParameters<'_, '_> {
        ServerLoginParameters { context: Some(CONTEXT), identifiers: self.identifiers() }
    }
}

/// Why a step of registering or logging in failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// The other side's message, or something stored, has not the form that it must have.
    #[error("the OPAQUE message is malformed")]
    Malformed,
    /// Password, account key, user, organization or server is not the one that was registered; nobody can tell which.
    #[error("the password or the account key is wrong")]
    Rejected,
    /// See [`RandomnessUnavailable`].
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
}

/// The server's long-term OPAQUE secrets: one for all users, kept as long as any of them. Hidden from `Debug`.
///
/// Whoever steals it together with the records can test guesses of a password only if it also has the account key.
#[derive(Clone)]
pub struct ServerSetup(opaque_ke::ServerSetup<OpaqueSuite>);

impl ServerSetup {
    /// Makes new ones. All users must register again.
    ///
    /// # Errors
    /// [`PasswordError::Randomness`] when the operating system gives no randomness.
    pub fn generate() -> Result<Self, PasswordError> {
        with_randomness(|rng| Ok(Self(opaque_ke::ServerSetup::new(rng))))
    }

    /// The bytes to store, as secret as the setup itself.
    #[must_use]
    pub fn serialize(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.serialize().to_vec())
    }

    /// Reads what [`ServerSetup::serialize`] wrote.
    ///
    /// # Errors
    /// [`PasswordError::Malformed`] for anything else.
    pub fn deserialize(bytes: &[u8]) -> Result<Self, PasswordError> {
        let setup = opaque_ke::ServerSetup::deserialize(bytes).map_err(|_| PasswordError::Malformed)?;
        // The crate ignores what follows; one setup has one encoding here.
        if setup.serialize().as_slice() == bytes { Ok(Self(setup)) } else { Err(PasswordError::Malformed) }
    }
}

impl fmt::Debug for ServerSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerSetup([REDACTED])")
    }
}

/// What the server keeps of a user's registration, as bytes. It opens nothing. Hidden from `Debug`.
#[derive(Clone)]
pub struct PasswordRecord(Vec<u8>);

impl fmt::Debug for PasswordRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordRecord([REDACTED])")
    }
}

impl PasswordRecord {
    /// Reads a stored record.
    ///
    /// # Errors
    /// [`PasswordError::Malformed`] when it is none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PasswordError> {
        let record = ServerRegistration::<OpaqueSuite>::deserialize(bytes).map_err(|_| PasswordError::Malformed)?;
        Ok(Self(record.serialize().to_vec()))
    }

    /// The bytes to store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What a server keeps between the two steps of one log-in, as bytes: 128, secret, and of no use after a minute.
#[derive(Clone)]
pub struct LoginState(Zeroizing<Vec<u8>>);

impl LoginState {
    /// Reads a stored state; whether it is one shows when the log-in is finished.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// The bytes to store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for LoginState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginState([REDACTED])")
    }
}

/// Answers the first message of a registration (RFC 9807, section 5.2.2: `CreateRegistrationResponse`).
///
/// # Errors
/// [`PasswordError::Malformed`] when `request` is not a registration request.
pub fn registration_response(
    setup: &ServerSetup,
    account: &Account,
    request: &Base64Bytes,
) -> Result<Base64Bytes, PasswordError> {
    let request = RegistrationRequest::deserialize(&request.0).map_err(|_| PasswordError::Malformed)?;
    let answer = ServerRegistration::start(&setup.0, request, account.credential.as_ref()).map_err(blame)?;
    Ok(Base64Bytes(answer.message.serialize().to_vec()))
}

/// The record of a finished registration, to be stored as the user's only one.
///
/// # Errors
/// [`PasswordError::Malformed`] when `upload` is not a registration upload.
pub fn password_record(upload: &Base64Bytes) -> Result<PasswordRecord, PasswordError> {
    let upload = RegistrationUpload::deserialize(&upload.0).map_err(|_| PasswordError::Malformed)?;
    Ok(PasswordRecord(ServerRegistration::<OpaqueSuite>::finish(upload).serialize().to_vec()))
}

/// Answers the first message of a log-in (RFC 9807, section 6.2.2: `GenerateKE2`).
///
/// Without a record the answer is made from a fake one, and cannot be told from an answer for a user who exists.
///
/// # Errors
/// [`PasswordError::Malformed`] when `request` is not a credential request (KE1) or `record` was damaged,
/// [`PasswordError::Randomness`] when the operating system gives none.
pub fn login_start(
    setup: &ServerSetup,
    account: &Account,
    record: Option<&PasswordRecord>,
    request: &Base64Bytes,
) -> Result<(LoginState, Base64Bytes), PasswordError> {
    let request = CredentialRequest::deserialize(&request.0).map_err(|_| PasswordError::Malformed)?;
    let record = record
        .map(|record| ServerRegistration::deserialize(&record.0))
        .transpose()
        .map_err(|_| PasswordError::Malformed)?;
    let started = with_randomness(|rng| {
        ServerLogin::start(rng, &setup.0, record, request, account.credential.as_ref(), account.parameters())
            .map_err(blame)
    })?;
    let state = LoginState(Zeroizing::new(started.state.serialize().to_vec()));
    Ok((state, Base64Bytes(started.message.serialize().to_vec())))
}

/// Checks the last message of a log-in (RFC 9807, section 6.2.4: `ServerFinish`) and returns the session key (64 bytes).
///
/// # Errors
/// [`PasswordError::Rejected`] when the client does not know the password and account key, or there is no such user;
/// [`PasswordError::Malformed`] when `finalization` (KE3) or `state` is none.
pub fn login_finish(
    state: &LoginState,
    account: &Account,
    finalization: &Base64Bytes,
) -> Result<Zeroizing<[u8; 64]>, PasswordError> {
    let state = ServerLogin::<OpaqueSuite>::deserialize(&state.0).map_err(|_| PasswordError::Malformed)?;
    let finalization = CredentialFinalization::deserialize(&finalization.0).map_err(|_| PasswordError::Malformed)?;
    let finished = state.finish(finalization, account.parameters()).map_err(blame)?;
    Ok(Zeroizing::new(finished.session_key.into()))
}

/// Runs one step with the operating system's randomness, and refuses its result if that was not to be had.
///
/// # Errors
/// What the step says, or [`PasswordError::Randomness`].
pub fn with_randomness<T>(
    step: impl FnOnce(&mut OsRandomness) -> Result<T, PasswordError>,
) -> Result<T, PasswordError> {
    let mut rng = OsRandomness { failed: false };
    let result = step(&mut rng)?;
    if rng.failed { Err(RandomnessUnavailable.into()) } else { Ok(result) }
}

/// The operating system's randomness by the traits that `opaque-ke` asks for. Made by [`with_randomness`] only.
///
/// Those traits cannot report a failure. It is remembered instead, and what was computed meanwhile is thrown away.
#[derive(Debug)]
pub struct OsRandomness {
    failed: bool,
}

impl RngCore for OsRandomness {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill_bytes(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill_bytes(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, target: &mut [u8]) {
        if getrandom::fill(target).is_err() {
            self.failed = true;
            // Not zero: who draws until a scalar is not zero would never return.
            target.fill(0x55);
        }
    }

    fn try_fill_bytes(&mut self, target: &mut [u8]) -> Result<(), RandError> {
        self.fill_bytes(target);
        Ok(())
    }
}

impl CryptoRng for OsRandomness {}

/// Says who is to blame for an error of the crate: a failed proof, or bytes that are not a message.
#[must_use]
pub fn blame(error: opaque_ke::errors::ProtocolError) -> PasswordError {
    match error {
        opaque_ke::errors::ProtocolError::InvalidLoginError => PasswordError::Rejected,
        _ => PasswordError::Malformed,
    }
}
