//! A signed-in person at work.

use crate::{audit::Asked, convert::to_js, error::Outcome, wipe::wipe_stack};
use futures_util::lock::{Mutex, MutexGuard};
use serde::Serialize;
use std::{cell::RefCell, collections::BTreeMap, rc::Rc, sync::Arc};
use stronghold_sdk::{
    Client, Error, HttpTransport, LocalIdentity,
    admin::{Account, DirectoryCache, Session as SdkSession},
    open::OpenedProfile,
    protocol::{
        directory::Role,
        id::{OrgId, ProfileId, UserId},
        time::{Clock, SystemClock},
        token::TokenUrl,
    },
    state::Remembered,
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
    remembered: RefCell<Remembered>,
}

/// What is open.
pub(crate) struct Work {
    pub(crate) session: SdkSession<HttpTransport>,
    pub(crate) who: Arc<LocalIdentity>,
    /// Profiles whose secrets are in memory.
    pub(crate) opened: BTreeMap<ProfileId, OpenedProfile>,
    /// The question about the audit log that was asked last.
    pub(crate) asked: Option<Asked>,
}

/// What is open, in use by one call.
pub(crate) struct Open<'a> {
    work: MutexGuard<'a, Work>,
    shared: &'a Shared,
}

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
    /// Opens the session of an account, with what this device remembers.
    pub(crate) async fn open(url: &str, account: &Account, remembered: Remembered) -> Result<Self, Error> {
        let who = Arc::new(LocalIdentity::from_seed(account.org, account.user.into(), &account.seed));
        let newer = remembered.header.filter(|known| known.seq > account.floor.seq);
        let cache = DirectoryCache::new(account.org, None, Some(newer.unwrap_or(account.floor)));
        let mut session = SdkSession::open(client(url)?, Arc::clone(&who), account.user, cache, clock()).await?;
        session.set_floors(remembered.profiles.clone());
        let shared = Shared {
            work: Mutex::new(Work { session, who, opened: BTreeMap::new(), asked: None }),
            url: url.to_owned(),
            remembered: RefCell::new(remembered),
        };
        shared.work().await.remember_directory();
        Ok(Self { shared: RefCell::new(Some(Rc::new(shared))) })
    }

    /// What the calls share.
    pub(crate) fn shared(&self) -> Result<Rc<Shared>, Error> {
        self.shared.borrow().clone().ok_or_else(|| Error::invalid("the session is closed; sign in again"))
    }
}

#[wasm_bindgen]
impl Session {
    /// What to keep on this device, as JSON: floors, no secret.
    pub async fn remembered(&self) -> Outcome<String> {
        self.shared()?.remembered_json()
    }

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
        open.remember_directory();
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
        Open { work: self.work.lock().await, shared: self }
    }

    /// What is remembered.
    pub(crate) fn remembered(&self) -> Remembered {
        self.remembered.borrow().clone()
    }

    fn remembered_json(&self) -> Outcome<String> {
        let json = js_sys::JSON::stringify(&to_js(&*self.remembered.borrow())?);
        Ok(json.ok().and_then(|text| text.as_string()).ok_or_else(|| Error::invalid("it cannot be written as JSON"))?)
    }

    /// The server's address, for tokens to carry; none where they cannot.
    pub(crate) fn token_url(&self) -> Option<TokenUrl> {
        TokenUrl::new(self.url.trim_end_matches('/')).ok()
    }
}

impl Open<'_> {
    /// Raises what is remembered to what was verified: the directory, and `seen`.
    pub(crate) fn remember(&mut self, seen: &Remembered) {
        let directory = self.session.directory();
        let (header, roster) = (Some(directory.head()), Some(directory.roster_ref().version));
        let profiles = {
            let mut remembered = self.shared.remembered.borrow_mut();
            remembered.raise(&Remembered { header, roster, ..Remembered::default() });
            remembered.raise(seen);
            remembered.profiles.clone()
        };
        self.session.set_floors(profiles);
    }

    /// Raises what is remembered to the directory, after a change of it.
    pub(crate) fn remember_directory(&mut self) {
        self.remember(&Remembered::default());
    }

    /// Remembers the newest revision of a profile that was opened.
    pub(crate) fn remember_profile(&mut self, opened: &OpenedProfile) {
        self.remember(&Remembered { profiles: vec![opened.floor()], ..Remembered::default() });
    }
}

impl std::ops::Deref for Open<'_> {
    type Target = Work;

    fn deref(&self) -> &Work {
        &self.work
    }
}

impl std::ops::DerefMut for Open<'_> {
    fn deref_mut(&mut self) -> &mut Work {
        &mut self.work
    }
}
