//! Becoming somebody: a new organization, an invitation, a password, a recovery kit.

use crate::{
    convert::{email, from_js, name, to_js},
    error::Outcome,
    memory::HostMemory,
    session::{Session, client, clock},
};
use js_sys::{Function, Object, Reflect};
use qrcode::{Color, EcLevel, QrCode};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use stronghold_sdk::{
    Error,
    admin::{AcceptInvite, Account, ChangePassword, LogIn, NewOrganization, NewOwner, PasswordChanged, Recover},
    protocol::{
        crypto::sign::KeyId,
        id::{OrgId, UserId},
        token::{AccountKey, InviteCode, RecoveryKit},
    },
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use zeroize::Zeroizing;

#[derive(Deserialize)]
struct Creation {
    name: String,
    email: String,
    password: Zeroizing<String>,
    setup_code: Zeroizing<String>,
}

#[derive(Deserialize)]
struct Credentials {
    account_key: Zeroizing<String>,
    email: String,
    password: Zeroizing<String>,
}

#[derive(Deserialize)]
struct Acceptance {
    code: Zeroizing<String>,
    email: String,
    password: Zeroizing<String>,
}

#[derive(Deserialize)]
struct Recovery {
    recovery_kit: Zeroizing<String>,
    password: Zeroizing<String>,
}

#[derive(Deserialize)]
struct PasswordChange {
    #[serde(flatten)]
    with: Credentials,
    new_password: Zeroizing<String>,
    new_account_key: bool,
}

/// What somebody who joined keeps: the only time that it can be seen.
#[derive(Serialize)]
struct Joined {
    org_id: OrgId,
    user_id: UserId,
    account_key: Zeroizing<String>,
    recovery_kit: Zeroizing<String>,
    recovery_qr: Qr,
}

/// The same for who accepted an invitation, with the fingerprint to tell whoever confirms them.
#[derive(Serialize)]
struct Accepted {
    #[serde(flatten)]
    kept: Joined,
    fingerprint: KeyId,
}

/// A QR code as the path data of an SVG, one unit a module.
#[derive(Serialize)]
struct Qr {
    svg_path: Zeroizing<String>,
    size: usize,
}

#[derive(Serialize)]
struct KeyInfo {
    org_id: OrgId,
    user_id: UserId,
}

#[wasm_bindgen]
impl Session {
    /// Creates an organization with its first owner, who is signed in then.
    #[wasm_bindgen(js_name = createOrganization)]
    pub async fn create_organization(
        url: String,
        organization: JsValue,
        memory: JsValue,
        warned: Option<Function>,
    ) -> Outcome {
        let memory = HostMemory::required(&memory, warned)?;
        let Creation { name: called, email: address, password, setup_code } = from_js(organization, "organization")?;
        let new =
            NewOrganization { name: name(&called)?, email: email(&address)?, password, setup_code: trim(&setup_code) };
        let owner = Account::create_organization(&client(&url)?, new, &clock()).await?;
        let NewOwner { account, account_key, recovery_kit } = owner;
        let session = Self::open(&url, account, memory).await?;
        pair(session, "owner", Joined::new(&account_key, &recovery_kit)?)
    }

    /// Signs in. What is verified from then on is remembered in `memory`: a store of the host's, or `"inProcess"`.
    #[wasm_bindgen(js_name = signIn)]
    pub async fn sign_in(url: String, with: JsValue, memory: JsValue, warned: Option<Function>) -> Outcome<Session> {
        let memory = HostMemory::required(&memory, warned)?;
        let account = Account::log_in(&client(&url)?, log_in(from_js(with, "with")?)?).await?;
        Ok(Self::open(&url, account, memory).await?)
    }

    /// Accepts an invitation. Whoever invited confirms it; signing in works from then on.
    #[wasm_bindgen(js_name = acceptInvite)]
    pub async fn accept_invite(url: String, with: JsValue) -> Outcome {
        let Acceptance { code, email: address, password } = from_js(with, "with")?;
        let code = InviteCode::parse(code.trim()).map_err(|error| no_secret_word("invitation code", &error))?;
        let with = AcceptInvite { code, email: email(&address)?, password };
        let member = Account::accept_invite(&client(&url)?, with, &clock()).await?;
        let kept = Joined::new(&member.account_key, &member.recovery_kit)?;
        to_js(&Accepted { kept, fingerprint: member.fingerprint })
    }

    /// Sets a new password by means of the recovery kit, and signs in.
    pub async fn recover(url: String, with: JsValue, memory: JsValue, warned: Option<Function>) -> Outcome {
        let memory = HostMemory::required(&memory, warned)?;
        let Recovery { recovery_kit, password } = from_js(with, "with")?;
        let kit = kit_of(&recovery_kit)?;
        let recover = Recover { floor: memory.header(&kit.org).await?, kit, password };
        let PasswordChanged { account, account_key } = Account::recover(&client(&url)?, recover).await?;
        let session = Self::open(&url, account, memory).await?;
        pair(session, "account_key", account_key.to_secret_string().expose_secret())
    }

    /// Changes the password, and the account key if wanted, which is given back then.
    #[wasm_bindgen(js_name = changePassword)]
    pub async fn change_password(url: String, with: JsValue, memory: JsValue) -> Outcome {
        let memory = HostMemory::required(&memory, None)?;
        let PasswordChange { with, new_password, new_account_key } = from_js(with, "with")?;
        let with = log_in(with)?;
        let floor = memory.header(&with.account_key.org).await?;
        let change = ChangePassword { with, password: new_password, new_account_key, floor };
        let changed = Account::change_password(&client(&url)?, change).await?;
        let answer = Object::new();
        if new_account_key {
            set(&answer, "account_key", &changed.account_key.to_secret_string().expose_secret().into());
        }
        Ok(answer.into())
    }

    /// Whose account key this is; throws where it is none, a part of one, or has a typing error.
    #[wasm_bindgen(js_name = checkAccountKey)]
    pub fn check_account_key(text: &str) -> Outcome {
        let key = account_key(text)?;
        to_js(&KeyInfo { org_id: key.org, user_id: key.user })
    }

    /// Whose recovery kit this is; throws where it is none, a part of one, or has a typing error.
    #[wasm_bindgen(js_name = checkRecoveryKit)]
    pub fn check_recovery_kit(text: &str) -> Outcome {
        let kit = kit_of(text)?;
        to_js(&KeyInfo { org_id: kit.org, user_id: kit.user })
    }
}

impl Joined {
    fn new(account_key: &AccountKey, recovery_kit: &RecoveryKit) -> Result<Self, Error> {
        let kit = recovery_kit.to_secret_string();
        Ok(Self {
            org_id: account_key.org,
            user_id: account_key.user,
            account_key: Zeroizing::new(account_key.to_secret_string().expose_secret().to_owned()),
            recovery_qr: Qr::of(kit.expose_secret())?,
            recovery_kit: Zeroizing::new(kit.expose_secret().to_owned()),
        })
    }
}

impl Qr {
    fn of(text: &str) -> Result<Self, Error> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M);
        let code = code.map_err(|error| Error::invalid(format!("the QR code cannot be made: {error}")))?;
        let size = code.width();
        let mut svg_path = Zeroizing::new(String::with_capacity(size * size * 8));
        for (at, _) in code.to_colors().iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
            // Writing to a string does not fail.
            let _ = write!(svg_path, "M{} {}h1v1h-1z", at % size, at / size);
        }
        Ok(Self { svg_path, size })
    }
}

fn log_in(with: Credentials) -> Outcome<LogIn> {
    Ok(LogIn { account_key: account_key(&with.account_key)?, email: email(&with.email)?, password: with.password })
}

fn account_key(text: &str) -> Result<AccountKey, Error> {
    AccountKey::parse(text.trim()).map_err(|error| no_secret_word("account key", &error))
}

fn kit_of(text: &str) -> Result<RecoveryKit, Error> {
    RecoveryKit::parse(text.trim()).map_err(|error| no_secret_word("recovery kit", &error))
}

fn no_secret_word(what: &str, error: &dyn std::fmt::Display) -> Error {
    Error::invalid(format!("this is no {what}: {error}; copy it whole"))
}

fn trim(text: &Zeroizing<String>) -> Zeroizing<String> {
    Zeroizing::new(text.trim().to_owned())
}

/// An object with a session and what else there is.
fn pair(session: Session, name: &str, value: impl Serialize) -> Outcome {
    let answer = Object::new();
    set(&answer, name, &to_js(&value)?);
    set(&answer, "session", &session.into());
    Ok(answer.into())
}

fn set(object: &Object, name: &str, value: &JsValue) {
    // A new object takes every member.
    let _ = Reflect::set(object, &name.into(), value);
}
