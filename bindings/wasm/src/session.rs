//! A signed-in person at work.

use crate::{audit::Asked, convert::to_js, error::Outcome, memory::HostMemory, wipe::wipe_stack};
use futures_util::lock::{Mutex, MutexGuard};
use serde::Serialize;
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    sync::Arc,
};
use stronghold_sdk::{
    Client, Error, HttpTransport,
    admin::{Account, Session as SdkSession},
    open::OpenedProfile,
    protocol::{
        directory::Role,
        id::{OrgId, ProfileId, UserId},
        time::{Clock, SystemClock},
        token::TokenUrl,
    },
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// A signed-in person at work. One call is answered after the other.
#[wasm_bindgen(skip_typescript)]
pub struct Session {
    /// None once it is closed. A call that is under way keeps what it shares until it is answered.
    shared: RefCell<Option<Rc<Shared>>>,
}

/// What the calls of a session share.
pub(crate) struct Shared {
    work: Mutex<Work>,
    pub(crate) url: String,
}

/// What is open.
pub(crate) struct Work {
    pub(crate) session: SdkSession<HttpTransport>,
    /// Whose session it is.
    pub(crate) account: Account,
    /// Profiles whose secrets are in memory.
    pub(crate) opened: BTreeMap<ProfileId, OpenedProfile>,
    /// Profiles whose names were other ones' on this device, as was accepted: another tab may remember those for longer.
    pub(crate) accepted: BTreeSet<ProfileId>,
    /// The question about the audit log that was asked last.
    pub(crate) asked: Option<Asked>,
}

/// What is open, in use by one call.
pub(crate) struct Open<'a>(MutexGuard<'a, Work>);

#[derive(Serialize)]
struct Me {
    user_id: UserId,
    email: String,
    role: Role,
    org_id: OrgId,
    is_manager: bool,
    is_owner: bool,
}

#[derive(Serialize)]
struct Synced {
    seq: u64,
    changed: bool,
}

/// The clock of the machine.
pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// A client of a server.
pub(crate) fn client(url: &str) -> Result<Client<HttpTransport>, Error> {
    Ok(Client::new(HttpTransport::builder(url).build()?, clock()))
}

impl Session {
    /// Opens the session of an account, which remembers where the host says.
    pub(crate) async fn open(url: &str, account: Account, memory: HostMemory) -> Result<Self, Error> {
        let HostMemory { store, listener } = memory;
        let builder = SdkSession::<HttpTransport>::builder(&account)
            .memory_store(store)
            .on_warning(move |warning| listener.tell(&JsValue::from_str(warning)));
        let session = builder.open(client(url)?).await?;
        let work = Work { session, account, opened: BTreeMap::new(), accepted: BTreeSet::new(), asked: None };
        Ok(Self { shared: RefCell::new(Some(Rc::new(Shared { work: Mutex::new(work), url: url.to_owned() }))) })
    }

    /// What the calls share.
    pub(crate) fn shared(&self) -> Result<Rc<Shared>, Error> {
        self.shared.borrow().clone().ok_or_else(|| Error::invalid("the session is closed; sign in again"))
    }
}

#[wasm_bindgen]
impl Session {
    /// Wipes every key and everything that was opened.
    pub async fn close(&self) {
        self.shared.take();
        wipe_stack();
    }

    /// Replays what is newer of the directory.
    pub async fn sync(&self) -> Outcome {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let before = open.session.directory().head();
        open.session.sync().await?;
        let head = open.session.directory().head();
        to_js(&Synced { seq: head.seq.get(), changed: head != before })
    }

    /// Who is signed in.
    pub async fn me(&self) -> Outcome<JsValue> {
        let shared = self.shared()?;
        let open = shared.work().await;
        let (session, directory) = (&open.session, open.session.directory());
        let user = directory.user(&session.user()).ok_or_else(|| Error::not_found("person", "you"))?;
        to_js(&Me {
            user_id: user.id,
            email: user.email.to_string(),
            role: user.role,
            org_id: directory.org(),
            is_manager: session.is_manager(),
            is_owner: session.is_owner(),
        })
    }
}

impl Shared {
    /// What is open, once every earlier call is answered.
    pub(crate) async fn work(&self) -> Open<'_> {
        Open(self.work.lock().await)
    }

    /// The server's address, for tokens to carry; none where they cannot.
    pub(crate) fn token_url(&self) -> Option<TokenUrl> {
        TokenUrl::new(self.url.trim_end_matches('/')).ok()
    }
}

impl std::ops::Deref for Open<'_> {
    type Target = Work;

    fn deref(&self) -> &Work {
        &self.0
    }
}

impl std::ops::DerefMut for Open<'_> {
    fn deref_mut(&mut self) -> &mut Work {
        &mut self.0
    }
}
