//! `docs/vectors/replies.json`: whole replies to an agent, from its token to its secrets; at least one reject for each check.

mod evidence;
mod opening;
mod receipts;

use super::{Maker, maker};
use crate::forge::{Bend, Forge, OWNER, identity};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::{Value, json};
use stronghold_sdk::protocol::{
    api::{SealedPart, SealedProfile},
    directory::{Header, HeaderRef},
    evidence::ProfileFloor,
    number::Revision,
    request::SignedRequest,
    roster::RosterRef,
    secret::BlindIndex,
    signed::Signed,
};

/// A case, bent with its types.
#[derive(Clone, Serialize)]
struct Read<R> {
    token: String,
    remembered: Remembered,
    asked: String,
    indexes: Option<Vec<BlindIndex>>,
    request: SignedRequest,
    reply: R,
}

#[derive(Clone, Default, Serialize)]
struct Remembered {
    header: Option<HeaderRef>,
    roster: Option<RosterRef>,
    floors: Vec<ProfileFloor>,
    minimum: Option<Revision>,
}

const WHOLE: &str = "a whole profile";
const PART: &str = "a part of a profile";

/// `production` with three secrets, `staging` with one, `empty` with none.
struct Scene {
    forge: Forge,
}

const PRODUCTION: u8 = 30;
const STAGING: u8 = 31;
const EMPTY: u8 = 32;

impl Scene {
    fn new() -> Self {
        let mut forge = Forge::new(&[(PRODUCTION, "production"), (STAGING, "staging"), (EMPTY, "empty")]);
        forge.put(PRODUCTION, "DATABASE_URL", "value", b"postgres://db.example/app");
        forge.put(PRODUCTION, "EMPTY", "value", b"");
        forge.put(PRODUCTION, "LINK", "reference", b"staging/KEY");
        forge.put(STAGING, "KEY", "value", b"of staging");
        let noted = &mut forge.profiles.get_mut(&PRODUCTION).unwrap().secrets[0];
        noted.meta = noted.meta.replacen(r#""kind""#, r#""note":"for the app","kind""#, 1);
        Self { forge }
    }

    fn case<R>(
        &self,
        asked: &str,
        indexes: Option<Vec<BlindIndex>>,
        reply: impl FnOnce(&SignedRequest) -> R,
    ) -> Read<R> {
        let request = self.forge.request(asked, indexes.as_deref());
        let reply = reply(&request);
        let token = self.forge.token().to_secret_string().expose_secret().to_owned();
        Read { token, remembered: Remembered::default(), asked: asked.to_owned(), indexes, request, reply }
    }

    fn whole(&self, bend: &Bend<'_>) -> Read<SealedProfile> {
        self.case("production", None, |request| self.forge.read(PRODUCTION, request, bend))
    }

    /// Two that are there and one that is not.
    fn part(&self, bend: &Bend<'_>) -> Read<SealedPart> {
        let indexes = ["DATABASE_URL", "EMPTY", "ABSENT"].map(|text| self.forge.index(PRODUCTION, text)).to_vec();
        self.case("production", Some(indexes.clone()), |request| self.forge.part(PRODUCTION, request, &indexes, bend))
    }

    /// The newest header, bent and signed by the owner.
    fn head(&self, bend: impl FnOnce(&mut Header)) -> Signed {
        let mut header: Header =
            serde_json::from_slice(&self.forge.statements.last().unwrap().header.payload.0).unwrap();
        bend(&mut header);
        Signed::create(&header, &[identity(OWNER).signing_key()]).unwrap()
    }

    /// A client that knows the newest header, roster and revision.
    fn remembering(&self) -> Read<SealedProfile> {
        let mut case = self.whole(&Bend::default());
        case.remembered = Remembered {
            header: Some(self.forge.state.head()),
            roster: Some(self.forge.state.roster_ref()),
            floors: vec![self.floor(PRODUCTION, "production", 2)],
            minimum: Some(Revision::FIRST.next()),
        };
        case
    }

    fn floor(&self, number: u8, text: &str, revision: u64) -> ProfileFloor {
        let revision = Revision::new(revision).unwrap();
        let epoch = stronghold_sdk::protocol::number::Epoch::FIRST;
        let (id, name) = (crate::forge::profile_id(number), crate::forge::name(text));
        ProfileFloor { id, name, revision, epoch, manifest: None }
    }
}

#[test]
fn replies_file() {
    let mut maker = maker(
        "replies",
        "Whole replies to an agent (docs/protocol.md, section 11): `token` is the agent's, `remembered` what it knows beside it, \
         `asked` the profile's name or id, `indexes` the blind indexes of a partial read, `request` the request as it was signed \
         and sent. Gives what the agent remembers then, and the secrets; values are base64url.",
    );
    let scene = Scene::new();
    maker.accept(WHOLE, &scene.whole(&Bend::default()));
    maker.accept(PART, &scene.part(&Bend::default()));
    evidence::cases(&mut maker, &scene);
    receipts::cases(&mut maker, &scene);
    opening::cases(&mut maker, &scene);
    maker.finish();
}

/// A case as JSON, bent there.
fn bent(case: &impl Serialize, bend: impl FnOnce(&mut Value)) -> Value {
    let mut case = json!(case);
    bend(&mut case);
    case
}
