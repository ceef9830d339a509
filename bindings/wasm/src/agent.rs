//! An agent by its token: what programs read secrets with.

use crate::{
    convert::{from_js, to_js},
    error::Outcome,
    memory::HostMemory,
    wipe::wipe_stack,
};
use js_sys::Uint8Array;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use stronghold_sdk::{
    Agent as SdkAgent, Error, PullOptions, ReadableProfile, Secrets as SdkSecrets,
    protocol::{id::ProfileId, token::AgentToken},
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// Reads the profiles of an agent's groups.
#[wasm_bindgen(skip_typescript)]
pub struct Agent {
    /// None once it is closed.
    agent: RefCell<Option<SdkAgent>>,
}

/// The secrets of a profile, opened.
#[wasm_bindgen(skip_typescript)]
pub struct Secrets {
    secrets: RefCell<Option<SdkSecrets>>,
    revision: u64,
}

#[derive(Default, Deserialize)]
struct Options {
    url: Option<String>,
    reason: Option<String>,
}

#[derive(Default, Deserialize)]
struct Pull {
    #[serde(default)]
    raw: bool,
    #[serde(default)]
    allow_references: Vec<String>,
}

#[derive(Serialize)]
struct Listed {
    profile_id: ProfileId,
    name: String,
    revision: u64,
    rekeying: bool,
}

impl From<ReadableProfile> for Listed {
    fn from(profile: ReadableProfile) -> Self {
        let ReadableProfile { id, name, revision, rekeying } = profile;
        Self { profile_id: id, name: name.to_string(), revision: revision.get(), rekeying }
    }
}

#[wasm_bindgen]
impl Agent {
    /// An agent by its token, which carries the server's address unless `url` does. It remembers in `store` what was
    /// verified; without one, in this process only.
    #[wasm_bindgen(js_name = fromToken)]
    pub fn from_token(token: &str, options: JsValue) -> Outcome<Agent> {
        let memory = HostMemory::optional(&options)?;
        let Options { url, reason } = optional(options)?;
        let token = AgentToken::parse(token.trim())
            .map_err(|error| Error::invalid(format!("the token is not one: {error}")))?;
        let mut builder = SdkAgent::builder().token(token);
        if let Some(HostMemory { store, listener }) = memory {
            builder = builder.memory_store(store).on_warning(move |warning| listener.tell(&JsValue::from_str(warning)));
        }
        if let Some(url) = url {
            builder = builder.url(&url);
        }
        if let Some(reason) = reason {
            builder = builder.reason(&reason);
        }
        Ok(Self { agent: RefCell::new(Some(builder.build()?)) })
    }

    /// The profiles that it may read.
    pub async fn profiles(&self) -> Outcome {
        let agent = self.open()?;
        to_js(&agent.profiles().await?.into_iter().map(Listed::from).collect::<Vec<_>>())
    }

    /// Pulls a profile, by name or id, in one request: verified, opened, references followed where that is allowed.
    pub async fn pull(&self, profile: String, options: JsValue) -> Outcome<Secrets> {
        let Pull { raw, allow_references } = optional(options)?;
        let mut options = PullOptions::default().raw(raw);
        for profile in &allow_references {
            options = options.allow_reference(profile)?;
        }
        let secrets = self.open()?.pull_with(&profile, &options).await?;
        Ok(Secrets { revision: secrets.revision().get(), secrets: RefCell::new(Some(secrets)) })
    }

    /// Wipes its keys.
    pub fn close(&self) {
        self.agent.take();
        wipe_stack();
    }

    fn open(&self) -> Result<SdkAgent, Error> {
        self.agent.borrow().clone().ok_or_else(|| Error::invalid("the agent is closed"))
    }
}

#[wasm_bindgen]
impl Secrets {
    /// The revision that they are of.
    #[wasm_bindgen(getter)]
    #[allow(clippy::cast_precision_loss, reason = "revisions stay below 2^53")]
    pub fn revision(&self) -> f64 {
        self.revision as f64
    }

    /// Their names, sorted.
    pub fn names(&self) -> Vec<String> {
        let secrets = self.secrets.borrow();
        secrets.iter().flat_map(SdkSecrets::iter).map(|(name, _)| name.expose().to_owned()).collect()
    }

    /// A value as text; nothing where there is no such secret, or it is not UTF-8.
    pub fn get(&self, name: &str) -> Option<String> {
        self.secrets.borrow().as_ref()?.get(name)?.expose_str().map(str::to_owned)
    }

    /// A value's bytes; nothing where there is no such secret.
    pub fn bytes(&self, name: &str) -> Option<Uint8Array> {
        self.secrets.borrow().as_ref()?.get(name).map(|secret| Uint8Array::from(secret.expose()))
    }

    /// Wipes them.
    pub fn close(&self) {
        self.secrets.take();
        wipe_stack();
    }
}

fn optional<T: Default + serde::de::DeserializeOwned>(options: JsValue) -> Outcome<T> {
    if options.is_undefined() || options.is_null() { Ok(T::default()) } else { from_js(options, "options") }
}
