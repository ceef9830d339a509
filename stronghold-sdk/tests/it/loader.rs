//! Secrets at start-up, as a struct or a map.

use crate::world::World;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::collections::BTreeMap;
use stronghold_sdk::{
    Agent, Client, Error,
    admin::{Edit, NewSecret},
    loader,
    protocol::name::SecretName,
};
use zeroize::Zeroizing;

type TestAgent = Agent<Client<crate::world::Wire>>;

async fn agent_of(secrets: &[(&str, &str)]) -> (World, TestAgent) {
    let mut world = World::new().await;
    let production = world.profile("production", secrets).await;
    let group = world.group("deploy", &[production]).await;
    let token = world.token("CI", &[group]).await;
    let (agent, _) = world.agent(&token);
    (world, agent)
}

#[derive(Deserialize, Debug)]
struct Configuration {
    database_url: SecretString,
    workers: u16,
    ratio: f64,
    verbose: bool,
    mode: Mode,
    region: Option<String>,
    missing: Option<u64>,
    #[serde(rename = "lower_case")]
    renamed: String,
    #[serde(default)]
    retries: u8,
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Mode {
    ReadOnly,
}

#[tokio::test]
async fn a_struct_is_filled_by_the_names_and_types_of_its_fields() {
    let secrets = [
        ("DATABASE_URL", "postgres://u:p@h/d"),
        ("WORKERS", "8"),
        ("RATIO", "0.25"),
        ("VERBOSE", "true"),
        ("MODE", "read_only"),
        ("REGION", ""),
        ("lower_case", "as it is"),
        ("UNUSED", "x"),
    ];
    let (_world, agent) = agent_of(&secrets).await;
    let loaded: Configuration = loader::load(&agent, "production").await.unwrap();
    assert_eq!(loaded.database_url.expose_secret(), "postgres://u:p@h/d");
    assert_eq!((loaded.workers, loaded.ratio, loaded.verbose), (8, 0.25, true));
    assert_eq!(loaded.mode, Mode::ReadOnly);
    assert_eq!((loaded.region.as_deref(), loaded.missing), (Some(""), None));
    assert_eq!((loaded.renamed.as_str(), loaded.retries), ("as it is", 0));
    assert!(!format!("{loaded:?}").contains("postgres"));
}

#[derive(Deserialize, Debug)]
struct Port {
    #[expect(dead_code, reason = "only whether it can be filled matters")]
    port: u16,
}

#[tokio::test]
async fn what_does_not_fit_is_named_and_never_shown() {
    for value in ["seventeen", "70000", "-1", "", "8080.0"] {
        let (_world, agent) = agent_of(&[("PORT", value)]).await;
        let error = loader::load::<Port, _>(&agent, "production").await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(matches!(error, Error::Invalid(_)) && text.contains("PORT"), "{value:?}: {text}");
        assert!(value.trim().is_empty() || !text.contains(value), "{value:?} is shown: {text}");
    }
    #[derive(Deserialize, Debug)]
    struct Moded {
        #[expect(dead_code, reason = "only whether it can be filled matters")]
        mode: Mode,
    }
    let (_world, agent) = agent_of(&[("MODE", "s3cret-mode")]).await;
    let error = loader::load::<Moded, _>(&agent, "production").await.unwrap_err();
    assert!(error.to_string().contains("MODE") && !format!("{error:?}").contains("s3cret"), "{error:?}");
    let (_world, agent) = agent_of(&[("OTHER", "80")]).await;
    let error = loader::load::<Port, _>(&agent, "production").await.unwrap_err();
    assert!(error.to_string().contains("port"), "{error}");
}

#[tokio::test]
async fn a_map_holds_every_text_and_names_what_is_none() {
    let (mut world, agent) = agent_of(&[("A", "1"), ("B", "zwei \u{1f511}")]).await;
    let map = loader::map(&agent, "production").await.unwrap();
    let map: BTreeMap<&str, &str> = map.iter().map(|(name, value)| (name.as_str(), value.expose_secret())).collect();
    assert_eq!(map, BTreeMap::from([("A", "1"), ("B", "zwei \u{1f511}")]));

    let mut edit = Edit::default();
    let binary = NewSecret { value: Zeroizing::new(vec![0xff, 0xfe]), note: None };
    edit.set.insert(SecretName::new("KEYSTORE").unwrap(), binary);
    let profile = world.session.list_profiles().await.unwrap()[0].id;
    world.session.edit(profile, &edit, false).await.unwrap();
    let error = loader::map(&agent, "production").await.unwrap_err();
    assert!(matches!(error, Error::Invalid(_)) && error.to_string().contains("KEYSTORE"), "{error}");
}
