//! References between secrets: through the real server, in one process.

use crate::world::{Wire, World};
use stronghold_sdk::{
    Agent, Client, Error, ErrorKind, PullOptions,
    admin::{Edit, LogRecord},
    loader,
    open::SecretKind,
    protocol::{
        audit::Released,
        id::{PrincipalId, ProfileId},
        limits,
        name::SecretName,
    },
    references::{ReferenceError, ReferenceTarget},
};

async fn refer(world: &mut World, profile: ProfileId, references: &[(&str, &str)]) {
    let mut edit = Edit::default();
    for (name, target) in references {
        edit.refer.insert(SecretName::new(name).unwrap(), (target.parse().unwrap(), None));
    }
    world.session.edit(profile, &edit, false).await.unwrap();
}

fn allowing(profiles: &[&str]) -> PullOptions {
    profiles.iter().fold(PullOptions::default(), |options, profile| options.allow_reference(profile).unwrap())
}

async fn value(agent: &Agent<Client<Wire>>, name: &str, options: &PullOptions) -> Result<String, Error> {
    let secrets = agent.pull_with("app", options).await?;
    Ok(secrets.get(name).unwrap().expose_str().unwrap().to_owned())
}

fn reference_error(result: Result<String, Error>) -> ReferenceError {
    match result {
        Err(Error::Reference(error)) => error,
        other => panic!("{other:?} is no error of a reference"),
    }
}

/// How often agents read a profile whole, as the verified log says.
async fn reads(world: &mut World, profile: ProfileId) -> usize {
    let mut count = 0;
    let released = |record: &LogRecord| match &record.record.released {
        Some(Released::Profile { profile, .. }) => Some(*profile),
        _ => None,
    };
    let is_agent = |record: &LogRecord| matches!(record.record.principal, Some(PrincipalId::Agent(_)));
    let mut each = |record: &LogRecord| count += usize::from(is_agent(record) && released(record) == Some(profile));
    world.session.verify_audit(&mut each).await.unwrap();
    count
}

/// `app` refers to its own secrets, to `shared` and to `vault`, which the agent cannot read.
async fn world() -> (World, Agent<Client<Wire>>, ProfileId, ProfileId) {
    let mut world = World::new().await;
    let app = world.profile("app", &[("PLAIN", "shared/URL"), ("a/b", "slash")]).await;
    let shared = world.profile("shared", &[("URL", "postgres://shared"), ("USER", "scott")]).await;
    world.profile("vault", &[("KEY", "hidden")]).await;
    let group = world.group("deploy", &[app, shared]).await;
    let token = world.token("pipeline", &[group]).await;
    let (agent, _) = world.agent(&token);
    (world, agent, app, shared)
}

#[tokio::test]
async fn a_reference_takes_the_value_of_its_target_and_values_are_never_scanned() {
    let (mut world, agent, app, _) = world().await;
    refer(&mut world, app, &[("ONE", "PLAIN"), ("TWO", "ONE"), ("OWN", "app/TWO"), ("SLASH", "/a/b")]).await;
    let secrets = agent.pull("app").await.unwrap();
    for name in ["PLAIN", "ONE", "TWO", "OWN"] {
        assert_eq!(secrets.get(name).unwrap().expose_str(), Some("shared/URL"), "{name}: a value is no reference");
    }
    assert_eq!(secrets.get("SLASH").unwrap().expose_str(), Some("slash"));
    assert_eq!(secrets.get("ONE").unwrap().kind(), SecretKind::Reference);
    assert_eq!(secrets.get("PLAIN").unwrap().kind(), SecretKind::Value);
    // Now from a single read, which sees only the reference.
    assert_eq!(agent.get("app", "TWO").await.unwrap().unwrap().expose_str(), Some("shared/URL"));
    let raw = PullOptions::default().raw(true);
    assert_eq!(agent.get_with("app", "TWO", &raw).await.unwrap().unwrap().expose_str(), Some("ONE"));
    assert_eq!(value(&agent, "SLASH", &raw).await.unwrap(), "/a/b");
    // A reference is followed as its target is now, and a value set in its place ends it.
    world.set(app, &[("PLAIN", "changed"), ("TWO", "own")]).await;
    let map = loader::map(&agent, "app").await.unwrap();
    let shown = |name: &str| secrecy::ExposeSecret::expose_secret(&map[name]).to_owned();
    assert_eq!((shown("ONE"), shown("TWO"), shown("OWN")), ("changed".into(), "own".into(), "own".into()));
}

#[tokio::test]
async fn another_profile_is_read_only_where_allowed_and_once_with_a_record_of_its_own() {
    let (mut world, agent, app, shared) = world().await;
    refer(&mut world, app, &[("URL", "shared/URL"), ("USER", "shared/BY_WAY")]).await;
    refer(&mut world, shared, &[("BY_WAY", "USER"), ("BACK", "app/PLAIN")]).await;
    let before = reads(&mut world, shared).await;
    let refused = agent.pull("app").await.map(|_| String::new());
    assert!(matches!(refused, Err(ref error) if error.kind() == ErrorKind::Failure), "{refused:?}");
    let error = reference_error(refused);
    assert!(matches!(&error, ReferenceError::NotAllowed { profile, .. } if profile == "shared"), "{error}");
    assert!(error.to_string().contains("app/URL -> shared/URL"), "both ends are named: {error}");
    assert_eq!(reads(&mut world, shared).await, before, "what is not allowed is not read");
    let secrets = agent.pull_with("app", &allowing(&["shared"])).await.unwrap();
    assert_eq!(secrets.get("URL").unwrap().expose_str(), Some("postgres://shared"));
    assert_eq!(secrets.get("USER").unwrap().expose_str(), Some("scott"));
    assert_eq!(reads(&mut world, shared).await, before + 1, "two references, one read");
    // Back into the profile that was asked for, which needs no leave and no second read.
    refer(&mut world, app, &[("ROUND", "shared/BACK")]).await;
    let read = reads(&mut world, app).await;
    assert_eq!(value(&agent, "ROUND", &allowing(&["shared"])).await.unwrap(), "shared/URL");
    assert_eq!(reads(&mut world, app).await, read + 1);
    // By id, and as a person.
    refer(&mut world, app, &[("BY_ID", &format!("{shared}/URL"))]).await;
    let both = allowing(&["shared", &shared.to_string()]);
    assert_eq!(value(&agent, "BY_ID", &both).await.unwrap(), "postgres://shared");
    let secrets = world.session.pull(app, &both).await.unwrap();
    assert_eq!(secrets.get("BY_ID").unwrap().expose_str(), Some("postgres://shared"));
    assert!(world.session.pull(app, &PullOptions::default()).await.is_err());
}

#[tokio::test]
async fn what_a_reader_leaves_out_is_not_followed() {
    let (mut world, agent, app, _) = world().await;
    refer(&mut world, app, &[("BROKEN", "NOWHERE"), ("GOOD", "PLAIN")]).await;
    assert!(agent.pull_with("app", &PullOptions::default().only(|_| false)).await.unwrap().is_empty());
    let some = PullOptions::default().only(|name| name == "GOOD");
    let secrets = agent.pull_with("app", &some).await.unwrap();
    assert!(!secrets.is_empty());
    assert_eq!((secrets.len(), secrets.get("GOOD").unwrap().expose_str()), (1, Some("shared/URL")));
    assert!(agent.get("app", "PLAIN").await.unwrap().is_some());
    assert!(agent.pull("app").await.is_err());
}

#[tokio::test]
async fn what_leads_nowhere_is_an_error_that_names_both_ends() {
    let (mut world, agent, app, shared) = world().await;
    let options = allowing(&["shared", "vault", "nowhere"]);
    refer(&mut world, app, &[("MISSING", "NO_SUCH"), ("ACROSS", "shared/NO_SUCH")]).await;
    refer(&mut world, app, &[("HIDDEN", "vault/KEY"), ("ABSENT", "nowhere/KEY")]).await;
    refer(&mut world, app, &[("A", "B"), ("B", "shared/C"), ("START", "A")]).await;
    refer(&mut world, shared, &[("C", "app/A")]).await;
    let one = async |name: &'static str| {
        let result = agent.get_with("app", name, &options).await;
        result.map(|secret| secret.unwrap().expose_str().unwrap().to_owned())
    };
    for (name, end) in [("MISSING", "app/NO_SUCH"), ("ACROSS", "shared/NO_SUCH")] {
        let result = one(name).await;
        assert_eq!(result.as_ref().unwrap_err().kind(), ErrorKind::NotFound);
        let error = reference_error(result);
        assert!(matches!(error, ReferenceError::MissingSecret { .. }), "{error}");
        assert!(error.to_string().contains(&format!("app/{name} -> {end}")), "{error}");
    }
    let (hidden, absent) = (reference_error(one("HIDDEN").await), reference_error(one("ABSENT").await));
    assert!(matches!(hidden, ReferenceError::MissingProfile { .. }), "{hidden}");
    let same = hidden.to_string().replace("HIDDEN", "ABSENT").replace("vault", "nowhere");
    assert_eq!(same, absent.to_string(), "outside its groups is as if it did not exist");
    let circle = reference_error(one("START").await);
    let way = "app/START -> app/A -> app/B -> shared/C -> app/A";
    assert_eq!(circle, ReferenceError::Cycle { way: way.to_owned() });
    let mut edit = Edit::default();
    edit.refer.insert(SecretName::new("SELF").unwrap(), ("SELF".parse().unwrap(), None));
    assert!(matches!(world.session.edit(app, &edit, false).await, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn a_chain_ends_somewhere() {
    let (mut world, agent, app, _) = world().await;
    let name = |number: usize| if number == 0 { "PLAIN".to_owned() } else { format!("R{number}") };
    let chain: Vec<_> = (1..=limits::REFERENCE_DEPTH + 1).map(|number| (name(number), name(number - 1))).collect();
    let chain: Vec<(&str, &str)> = chain.iter().map(|(name, target)| (name.as_str(), target.as_str())).collect();
    refer(&mut world, app, &chain).await;
    let last = name(limits::REFERENCE_DEPTH);
    assert_eq!(agent.get("app", &last).await.unwrap().unwrap().expose_str(), Some("shared/URL"));
    let error = agent.get("app", &name(limits::REFERENCE_DEPTH + 1)).await.unwrap_err();
    assert!(matches!(error, Error::Reference(ReferenceError::TooDeep { .. })), "{error}");
}

#[tokio::test]
async fn a_copy_refers_to_the_same_secret_and_a_restored_reference_is_one() {
    let (mut world, agent, app, shared) = world().await;
    refer(&mut world, app, &[("LINK", "PLAIN")]).await;
    let link = SecretName::new("LINK").unwrap();
    world.session.copy_secret(app, &link, shared, link.clone()).await.unwrap();
    let raw = PullOptions::default().raw(true);
    let copied = agent.get_with("shared", "LINK", &raw).await.unwrap().unwrap();
    assert_eq!((copied.kind(), copied.expose_str()), (SecretKind::Reference, Some("app/PLAIN")));
    world.set(app, &[("LINK", "PLAIN")]).await;
    assert_eq!(agent.get("app", "LINK").await.unwrap().unwrap().expose_str(), Some("PLAIN"));
    world.session.rollback(app, "LINK", "1".parse().unwrap()).await.unwrap();
    assert_eq!(agent.get("app", "LINK").await.unwrap().unwrap().expose_str(), Some("shared/URL"));
    assert!(world.session.find_profile("app").is_ok());
}

proptest::proptest! {
    #[test]
    fn targets_are_written_as_they_are_read(text in "[a-z/ .é-]{0,12}|\\PC{0,40}") {
        if let Ok(target) = text.parse::<ReferenceTarget>() {
            let value = target.to_value();
            let again: ReferenceTarget = std::str::from_utf8(&value).unwrap().parse().unwrap();
            proptest::prop_assert_eq!(again, target);
        }
    }
}
