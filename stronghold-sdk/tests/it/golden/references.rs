//! `docs/vectors/references.json`: what references come to.

use super::Maker;
use crate::forge::{Bend, Forge, profile_id};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use stronghold_sdk::{
    Agent, AgentAuthenticator, Answered, Error, ProfileReader, PullOptions,
    protocol::{
        api::{ProfileList, SealedPart, SealedProfile, WhoAmI},
        evidence::{Anchor, ProfileSelector},
        problem::{Problem, ProblemCode},
        secret::BlindIndex,
    },
};

/// Some profiles that an agent may read, and one of the secrets.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    profiles: Vec<Profile>,
    /// The profile that is pulled, and the secret that is looked at.
    asked: String,
    secret: String,
    /// The other profiles that references may lead to, as the references name them.
    allowed: Vec<String>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Profile {
    id: stronghold_sdk::protocol::id::ProfileId,
    name: String,
    /// Values by name.
    values: BTreeMap<String, String>,
    /// Targets by name.
    references: BTreeMap<String, String>,
}

/// Answers reads of a made organization.
struct Reader(Forge);

impl Reader {
    fn number(&self, profile: &ProfileSelector) -> Result<u8, Error> {
        let found = self.0.profiles.values().find(|held| match profile {
            ProfileSelector::Name(name) => held.name == name.as_str(),
            ProfileSelector::Id(id) => profile_id(held.number) == *id,
        });
        let missing = || Problem::new(ProblemCode::NotFound, "there is no such profile, or you may not read it").into();
        found.map(|held| held.number).ok_or_else(missing)
    }
}

#[async_trait]
impl ProfileReader for Reader {
    async fn who_am_i(&self, _: &dyn AgentAuthenticator) -> Result<Answered<WhoAmI>, Error> {
        Err(Error::invalid("nobody asks"))
    }

    async fn list_profiles(&self, _: &dyn AgentAuthenticator, _: &Anchor) -> Result<Answered<ProfileList>, Error> {
        Err(Error::invalid("nobody asks"))
    }

    async fn read_profile(
        &self,
        _: &dyn AgentAuthenticator,
        profile: &ProfileSelector,
        anchor: &Anchor,
    ) -> Result<Answered<SealedProfile>, Error> {
        let number = self.number(profile)?;
        let request = self.0.request(&profile.to_string(), None);
        let mut reply = self.0.read(number, &request, &Bend::default());
        // A second read remembers the newest header, which is the one that is shown.
        reply.chain.remembered_proof = anchor.remembered.and_then(|header| self.0.proof(header));
        Ok(Answered { request, reply })
    }

    async fn read_secrets(
        &self,
        _: &dyn AgentAuthenticator,
        _: &ProfileSelector,
        _: &Anchor,
        _: &[BlindIndex],
    ) -> Result<Answered<SealedPart>, Error> {
        Err(Error::invalid("nobody asks"))
    }
}

/// Pulls the profile that is asked for, and gives the value of the secret.
pub(crate) fn resolved(_: &str, case: &Value) -> Result<Value, String> {
    let why = |error: Error| error.to_string();
    let case = Case::deserialize(case).map_err(|error| error.to_string())?;
    let numbered: Vec<(u8, &str)> =
        case.profiles.iter().map(|profile| (profile.id.as_bytes()[15], profile.name.as_str())).collect();
    let mut forge = Forge::new(&numbered);
    for profile in &case.profiles {
        let number = profile.id.as_bytes()[15];
        for (kind, secrets) in [("value", &profile.values), ("reference", &profile.references)] {
            for (name, value) in secrets {
                forge.put(number, name, kind, value.as_bytes());
            }
        }
    }
    let wanted = case.secret.clone();
    let mut options = PullOptions::default().only(move |name| name == wanted);
    for profile in &case.allowed {
        options = options.allow_reference(profile).map_err(why)?;
    }
    let agent = Agent::builder().token(forge.token()).build_with(Reader(forge)).map_err(why)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|error| error.to_string())?;
    let secrets = runtime.block_on(agent.pull_with(&case.asked, &options)).map_err(why)?;
    let secret = secrets.get(&case.secret).ok_or("there is no such secret")?;
    Ok(json!({ "value": secret.expose_str() }))
}

fn profile(number: u8, name: &str, values: &[(&str, &str)], references: &[(&str, &str)]) -> Profile {
    let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    Profile { id: profile_id(number), name: name.to_owned(), values: map(values), references: map(references) }
}

/// `app` refers to its own secrets, to `shared` and to `team/x`.
fn world() -> Case {
    let chain: Vec<(String, String)> = (1..=17)
        .map(|number| (format!("R{number}"), if number == 1 { "PLAIN".to_owned() } else { format!("R{}", number - 1) }))
        .collect();
    let shared = profile_id(31).to_string();
    let by_id = format!("{shared}/URL");
    let of_team = format!("{}/KEY", profile_id(32));
    let mut references: Vec<(&str, &str)> = vec![
        ("ONE", "PLAIN"),
        ("OWN", "app/PLAIN"),
        ("SLASH", "/a/b"),
        ("URL", "shared/URL"),
        ("BY_ID", &by_id),
        ("ROUND", "shared/BACK"),
        ("THERE", "shared/BY_WAY"),
        ("TEAM", &of_team),
        ("TEAM_BY_NAME", "team/x/KEY"),
        ("MISSING", "NO_SUCH"),
        ("ACROSS", "shared/NO_SUCH"),
        ("ABSENT", "nowhere/KEY"),
        ("SELF", "SELF"),
        ("A", "B"),
        ("B", "shared/C"),
        ("START", "A"),
        ("EMPTY", ""),
        ("NO_NAME", "shared/"),
        ("SIGN", "A=B"),
        ("DOTS", "../KEY"),
        ("TWO_SLASHES", "//a/b"),
    ];
    references.extend(chain.iter().map(|(name, target)| (name.as_str(), target.as_str())));
    let app = profile(30, "app", &[("PLAIN", "shared/URL"), ("a/b", "slash")], &references);
    let values = [("URL", "postgres://shared"), ("USER", "scott")];
    let shared = profile(31, "shared", &values, &[("BY_WAY", "USER"), ("BACK", "app/PLAIN"), ("C", "app/A")]);
    let team = profile(32, "team/x", &[("KEY", "of the team")], &[]);
    let allowed = ["shared", "nowhere", "team"].map(str::to_owned).to_vec();
    Case { profiles: vec![app, shared, team], asked: "app".to_owned(), secret: "PLAIN".to_owned(), allowed }
}

#[test]
fn references_file() {
    let mut maker = Maker::new(
        "references",
        resolved,
        "References (docs/protocol.md, section 10): an agent may read `profiles`, pulls `asked` and looks at `secret`; `allowed` \
         are the other profiles that references may lead to, as they name them. Gives the value at the end.",
    );
    let world = world();
    let name = "a value, which is never followed";
    maker.accept(name, &world);
    let asking = |secret: &str| Case { secret: secret.to_owned(), ..world.clone() };
    let allowing = |secret: &str, allowed: &[&str]| Case {
        allowed: allowed.iter().map(|name| (*name).to_owned()).collect(),
        ..asking(secret)
    };
    for (what, secret) in [
        ("a reference in the same profile", "ONE"),
        ("a reference that names its own profile", "OWN"),
        ("a reference to a name with a slash", "SLASH"),
        ("a reference to another profile", "URL"),
        ("a reference to another profile, and from there", "THERE"),
        ("a reference to another profile, and back", "ROUND"),
        ("16 references after one another", "R16"),
    ] {
        maker.accept_like(name, what, &asking(secret));
    }
    let (shared, team) = (profile_id(31).to_string(), profile_id(32).to_string());
    let by_id = allowing("BY_ID", &[&shared]);
    maker.accept_like(name, "a reference to another profile by id", &by_id);
    let of_team = "a reference to a profile with a slash in its name, by id";
    maker.accept_like(name, of_team, &allowing("TEAM", &[&team]));
    let to_another = "a reference to another profile";
    maker.reject(to_another, "a reference to a profile that is not allowed", &allowing("URL", &["nowhere"]));
    maker.reject(to_another, "a reference to a profile that is allowed by id only", &allowing("URL", &[&shared]));
    maker.reject(
        "a reference to another profile by id",
        "a reference by id to a profile that is allowed by name only",
        &allowing("BY_ID", &["shared"]),
    );
    for (what, secret) in [
        ("17 references after one another", "R17"),
        ("a reference to a profile with a slash in its name, by name", "TEAM_BY_NAME"),
        ("a reference to a secret that is not there", "MISSING"),
        ("a reference to a secret that is not there, in another profile", "ACROSS"),
        ("a reference to a profile that is not there", "ABSENT"),
        ("a reference to itself", "SELF"),
        ("references in a circle", "A"),
        ("a reference into a circle", "START"),
        ("a reference to nothing", "EMPTY"),
        ("a reference to a profile, and no secret", "NO_NAME"),
        ("a reference to what is no name", "SIGN"),
        ("a reference to a profile of a name that is none", "DOTS"),
        ("a reference with two slashes before the name", "TWO_SLASHES"),
    ] {
        maker.reject(name, what, &asking(secret));
    }
    maker.finish();
}
