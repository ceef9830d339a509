//! Where the host remembers what was verified: a browser's database, a file of Node, or this process only.

use crate::{
    convert::{Listener, invalid},
    error::Outcome,
};
use async_trait::async_trait;
use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use send_wrapper::SendWrapper;
use std::{fmt, sync::Arc};
use stronghold_sdk::{
    Error,
    memory::{InProcess, MemoryStore, Remembered},
    protocol::{directory::HeaderRef, id::OrgId},
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// What a caller names in place of a store.
const IN_PROCESS: &str = "inProcess";

/// Where a session remembers, and who is told that it cannot.
pub(crate) struct HostMemory {
    pub(crate) store: Arc<dyn MemoryStore>,
    pub(crate) listener: Listener,
}

impl HostMemory {
    /// What a caller gave: a store, or the word for none. Nothing is not enough: whoever forgets a store would trust any past.
    pub(crate) fn required(given: &JsValue, warned: Option<Function>) -> Outcome<Self> {
        let store: Arc<dyn MemoryStore> = if given.as_string().as_deref() == Some(IN_PROCESS) {
            Arc::new(InProcess::default())
        } else {
            Arc::new(HostStore::new(given)?)
        };
        Ok(Self { store, listener: Listener::new(warned) })
    }

    /// What a caller gave among options as `store` and `on_warning`; none where there is no store.
    pub(crate) fn optional(options: &JsValue) -> Outcome<Option<Self>> {
        let member = |name: &str| Reflect::get(options, &name.into()).ok().filter(|value| !value.is_undefined());
        let warned = member("on_warning").and_then(|value| value.dyn_into().ok());
        member("store").map(|store| Self::required(&store, warned)).transpose()
    }

    /// The newest header that is remembered of an organization.
    pub(crate) async fn header(&self, org: &OrgId) -> Result<Option<HeaderRef>, Error> {
        Ok(Remembered::load(&*self.store, org).await?.header)
    }
}

/// Keeps what is remembered in an object of the host's. There is one thread, so the object never leaves it.
pub(crate) struct HostStore(SendWrapper<Host>);

struct Host {
    object: JsValue,
    load: Function,
    swap: Function,
}

impl HostStore {
    /// A store out of an object with the functions `load` and `swap`.
    pub(crate) fn new(object: &JsValue) -> Outcome<Self> {
        let method = |name: &str| Reflect::get(object, &name.into()).ok().and_then(|value| value.dyn_into().ok());
        match (method("load"), method("swap")) {
            (Some(load), Some(swap)) => Ok(Self(SendWrapper::new(Host { object: object.clone(), load, swap }))),
            _ => invalid(format!(
                "say where to remember what was verified: an object with the functions load and swap, or \"{IN_PROCESS}\""
            )),
        }
    }
}

impl fmt::Debug for HostStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostStore")
    }
}

#[async_trait]
impl MemoryStore for HostStore {
    async fn load(&self, org: &OrgId) -> Result<Option<Vec<u8>>, Error> {
        let loading = self.0.call(&self.0.load, [org.to_string().into()]);
        SendWrapper::new(async {
            let answer = loading.await.map_err(|thrown| failed("read", &thrown))?;
            if answer.is_undefined() || answer.is_null() {
                return Ok(None);
            }
            match answer.dyn_into::<Uint8Array>() {
                Ok(bytes) => Ok(Some(bytes.to_vec())),
                Err(other) => Err(failed("read", &other)),
            }
        })
        .await
    }

    async fn swap(&self, org: &OrgId, before: Option<&[u8]>, after: &[u8]) -> Result<bool, Error> {
        let before = before.map_or(JsValue::UNDEFINED, |bytes| Uint8Array::from(bytes).into());
        let swapping = self.0.call(&self.0.swap, [org.to_string().into(), before, Uint8Array::from(after).into()]);
        SendWrapper::new(async {
            let answer = swapping.await.map_err(|thrown| failed("written", &thrown))?;
            answer.as_bool().ok_or_else(|| failed("written", &answer))
        })
        .await
    }
}

impl Host {
    /// Calls a function of the object, and waits for what it promises.
    fn call<const N: usize>(
        &self,
        method: &Function,
        arguments: [JsValue; N],
    ) -> SendWrapper<impl Future<Output = Called> + use<N>> {
        let called = method.apply(&self.object, &arguments.iter().collect::<Array>());
        SendWrapper::new(async move { JsFuture::from(Promise::resolve(&called?)).await })
    }
}

/// What a call of the host's gave, or threw.
type Called = Result<JsValue, JsValue>;

/// Says what the host could not do. `answer` is what it threw, or what it gave that means nothing.
fn failed(what: &str, answer: &JsValue) -> Error {
    let message = Reflect::get(answer, &"message".into()).ok().and_then(|text| text.as_string());
    let message = message.unwrap_or_else(|| "the store's answer is neither bytes, nor true or false".to_owned());
    Error::State {
        what: format!("what is remembered on this device cannot be {what}"),
        source: std::io::Error::other(message),
    }
}
