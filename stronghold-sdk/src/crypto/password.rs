//! The client's half of OPAQUE (RFC 9807). Specified in `docs/protocol.md`, section 15.
//!
//! The password that OPAQUE sees is `Context("password", password, account key)`: without the account key, which never
//! leaves the client, nobody can test guesses, the server included. Finishing either flow runs Argon2id over 64 MiB,
//! about a tenth of a second.

use opaque_ke::{
    ClientLogin, ClientLoginFinishParameters, ClientRegistration, ClientRegistrationFinishParameters,
    CredentialResponse, RegistrationResponse,
};
use std::{fmt, ops::Deref};
use stronghold_protocol::{
    crypto::password::{Account, CONTEXT, OpaqueSuite, PasswordError, blame, with_randomness},
    encoding::{Base64Bytes, Context},
    id::{OrgId, UserId},
};
use zeroize::{Zeroize, Zeroizing};

/// Password and account key, as OPAQUE takes them. Hidden from `Debug`.
pub struct PasswordInput(Zeroizing<Vec<u8>>);

impl PasswordInput {
    /// Puts them together: `label | length | password | length | account key`.
    ///
    /// The password is taken byte for byte; a caller that wants to ignore Unicode forms normalizes it before.
    #[must_use]
    pub fn new(password: &str, account_key: &[u8; 16]) -> Self {
        Self(Zeroizing::new(Context::new("password").field(password).field(account_key).finish()))
    }
}

impl fmt::Debug for PasswordInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordInput([REDACTED])")
    }
}

/// OPAQUE's export key (64 bytes): known to the client alone, the same at each log-in. Hidden from `Debug`.
#[derive(Clone)]
pub struct ExportKey(Zeroizing<[u8; 64]>);

impl Deref for ExportKey {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl fmt::Debug for ExportKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExportKey([REDACTED])")
    }
}

/// A registration between its two steps. Hidden from `Debug`.
pub struct RegistrationState(ClientRegistration<OpaqueSuite>);

impl fmt::Debug for RegistrationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RegistrationState([REDACTED])")
    }
}

/// A finished registration.
#[derive(Debug)]
pub struct Registered {
    /// The registration upload, for the server.
    pub upload: Base64Bytes,
    /// Encrypts what only this password opens.
    pub export_key: ExportKey,
}

/// A log-in between its two steps. Hidden from `Debug`.
pub struct LoginState(ClientLogin<OpaqueSuite>);

impl fmt::Debug for LoginState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginState([REDACTED])")
    }
}

/// A finished log-in.
#[derive(Debug)]
pub struct LoggedIn {
    /// The credential finalization (KE3), for the server.
    pub finalization: Base64Bytes,
    /// Opens what was encrypted at registration.
    pub export_key: ExportKey,
    /// Shared with the server, for this log-in only (64 bytes).
    pub session_key: Zeroizing<[u8; 64]>,
}

/// Starts a registration: what to keep, and the registration request for the server.
///
/// # Errors
/// [`PasswordError::Randomness`] when the operating system gives none.
pub fn registration_start(input: &PasswordInput) -> Result<(RegistrationState, Base64Bytes), PasswordError> {
    let started = with_randomness(|rng| ClientRegistration::start(rng, &input.0).map_err(blame))?;
    Ok((RegistrationState(started.state), Base64Bytes(started.message.serialize().to_vec())))
}

/// Finishes a registration with the server's response.
///
/// # Errors
/// [`PasswordError::Malformed`] when the response is none, [`PasswordError::Randomness`] as in [`registration_start`].
pub fn registration_finish(
    state: RegistrationState,
    input: &PasswordInput,
    response: &Base64Bytes,
    org: &OrgId,
    user: &UserId,
) -> Result<Registered, PasswordError> {
    let response = RegistrationResponse::deserialize(&response.0).map_err(|_| PasswordError::Malformed)?;
    let account = Account::new(org, user);
    let parameters = ClientRegistrationFinishParameters::new(account.identifiers(), None);
    let mut finished = with_randomness(|rng| state.0.finish(rng, &input.0, response, parameters).map_err(blame))?;
    Ok(Registered {
        upload: Base64Bytes(finished.message.serialize().to_vec()),
        export_key: ExportKey(take(&mut finished.export_key)),
    })
}

/// Starts a log-in: what to keep, and the credential request (KE1) for the server.
///
/// # Errors
/// [`PasswordError::Randomness`] when the operating system gives none.
pub fn login_start(input: &PasswordInput) -> Result<(LoginState, Base64Bytes), PasswordError> {
    let started = with_randomness(|rng| ClientLogin::start(rng, &input.0).map_err(blame))?;
    Ok((LoginState(started.state), Base64Bytes(started.message.serialize().to_vec())))
}

/// Finishes a log-in with the server's response (KE2), which also proves that the server is the one registered with.
///
/// # Errors
/// [`PasswordError::Rejected`] when password, account key, user or server is another one; [`PasswordError::Malformed`]
/// when the response is none.
pub fn login_finish(
    state: LoginState,
    input: &PasswordInput,
    response: &Base64Bytes,
    org: &OrgId,
    user: &UserId,
) -> Result<LoggedIn, PasswordError> {
    let response = CredentialResponse::deserialize(&response.0).map_err(|_| PasswordError::Malformed)?;
    let account = Account::new(org, user);
    let parameters = ClientLoginFinishParameters::new(Some(CONTEXT), account.identifiers(), None);
    let mut finished = with_randomness(|rng| state.0.finish(rng, &input.0, response, parameters).map_err(blame))?;
    Ok(LoggedIn {
        finalization: Base64Bytes(finished.message.serialize().to_vec()),
        export_key: ExportKey(take(&mut finished.export_key)),
        session_key: take(&mut finished.session_key),
    })
}

/// Moves a key out of the crate's own type, which is not wiped when dropped.
fn take(key: &mut [u8]) -> Zeroizing<[u8; 64]> {
    let mut taken = Zeroizing::new([0; 64]);
    for (target, source) in taken.iter_mut().zip(key.iter()) {
        *target = *source;
    }
    key.zeroize();
    taken
}
