//! An organization with a past behind the hostile server, and those who work with it.

use crate::people::member_at;
use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use stronghold_hostile::{Accomplices, Client, Hostile, Lie};
use stronghold_testkit::{Cli, Org, Run, ServerOptions, program};

/// What the newest revision says of one secret.
pub(super) const TRUTH: &str = "drei";

pub(super) struct Scene {
    pub(super) hostile: Hostile,
    org: Org,
    agent: Cli,
    /// The owner on another machine.
    person: Cli,
    files: [PathBuf; 2],
}

impl Scene {
    pub(super) fn new() -> Self {
        let hostile = Hostile::listen();
        let server = ServerOptions::default().arg("--public-url").arg(hostile.url()).start();
        hostile.stand_before(server.address(), server.data_dir());
        let org = Org::create(server, hostile.url(), |cli| cli);
        let ok = |arguments: &[&str]| drop(org.owner.json(arguments));
        for (profile, last) in [("production", "three"), ("staging", "tre")] {
            ok(&["profile", "create", profile]);
            org.push(profile, &[("A", b"one"), ("B", b"two"), ("C", last.as_bytes())]);
        }
        for (group, profile, access) in [
            ("deploy", "production", "read"),
            ("deploy", "staging", "read"),
            ("writers", "production", "write"),
            ("elsewhere", "staging", "write"),
        ] {
            let _ = org.owner.run(&["group", "create", group]);
            ok(&["group", "grant", group, profile, "--access", access]);
        }
        let agent = org.as_agent(&org.agent(&["deploy"]));
        let join = |email: &str, role: &str, groups: &[&str]| {
            seed(&member_at(Some(hostile.url()), &org, email, role, groups).0)
        };
        let former = join("former@acme.example", "admin", &[]);
        ok(&["user", "remove", "former@acme.example", "--yes"]);
        let admin = join("admin@acme.example", "admin", &[]);
        let leaver = join("leaver@acme.example", "editor", &["writers"]);
        let neighbour = join("neighbour@acme.example", "editor", &["elsewhere"]);
        ok(&["user", "remove", "leaver@acme.example", "--yes"]);
        ok(&["user", "invite", "newcomer@acme.example", "--role", "editor"]);
        hostile.work_with(Accomplices {
            admin: Some(admin),
            editor_elsewhere: Some(neighbour),
            removed_editor: Some(leaver),
            removed_admin: Some(former),
        });
        another_organization(&hostile, &org);
        let person = Cli::new(&org.folder())
            .var("API_STRONGHOLD_URL", hostile.url())
            .var("API_STRONGHOLD_PASSWORD", &org.password)
            .var("API_STRONGHOLD_ACCOUNT_KEY", org.account_key());
        person.json(&["auth", "login", "--email", "owner@acme.example"]);
        let files = [org.folder(), org.folder()];
        let scene = Self { hostile, org, agent, person, files };
        // What was true is kept, and then it is not the newest any more.
        scene.asks_everything();
        scene.org.push("production", &[("C", TRUTH.as_bytes())]);
        for value in ["dret", "tres", "trois", "tri"] {
            scene.org.push("staging", &[("C", value.as_bytes())]);
        }
        scene.org.owner.json(&["group", "create", "later"]);
        scene.asks_everything();
        scene
    }

    fn asks_everything(&self) {
        for client in [Client::CliAgent, Client::CliPerson] {
            self.cli(client).ok(&["env", "pull", "--profile", "staging", "--format", "json"]);
            for command in self.commands(client, Lie::OldRevision) {
                let run = self.run(client, &command);
                assert_eq!(run.code(), 0, "{run}");
            }
        }
    }

    fn cli(&self, client: Client) -> &Cli {
        if client == Client::CliAgent { &self.agent } else { &self.person }
    }

    fn file(&self, client: Client) -> &Path {
        &self.files[usize::from(client == Client::CliPerson)]
    }

    /// What this client asks, until the lie was told.
    pub(super) fn commands(&self, client: Client, lie: Lie) -> Vec<Vec<String>> {
        let out = self.file(client).to_str().unwrap();
        let mut all = vec![
            vec!["env", "pull", "--profile", "production", "--format", "json", "-o", out],
            vec!["secret", "get", "A", "--profile", "production"],
            vec!["auth", "status"],
        ];
        if client == Client::CliPerson {
            all.extend([vec!["audit", "verify"], vec!["user", "list"]]);
            if lie == Lie::WeakerArgon2 {
                all.push(vec!["auth", "login", "--email", "owner@acme.example"]);
            }
        }
        if lie == Lie::Slow {
            all.iter_mut().for_each(|command| command.extend(["--timeout", "3"]));
        }
        all.into_iter().map(|command| command.into_iter().map(str::to_owned).collect()).collect()
    }

    /// Runs a command as somebody whose statements are not cached, so that all of them are asked for.
    pub(super) fn run(&self, client: Client, command: &[String]) -> Run {
        let cli = self.cli(client);
        for path in files(cli.config_dir()).keys().filter(|path| is_cache(path)) {
            fs::remove_file(path).unwrap();
        }
        cli.run(command)
    }

    /// What lies in the file that is written, and everything that is remembered but the cache and the audit log's length.
    pub(super) fn kept(&self, client: Client) -> (Option<Vec<u8>>, BTreeMap<PathBuf, Vec<u8>>) {
        let mut all = files(self.cli(client).config_dir());
        all.retain(|path, _| !is_cache(path) && !path.to_string_lossy().ends_with(".lock"));
        for content in all.values_mut() {
            // The log grows with each question, and so does what was verified of it.
            if let Ok(Value::Object(mut members)) = serde_json::from_slice::<Value>(content)
                && members.remove("checkpoint").is_some()
            {
                *content = serde_json::to_vec(&members).unwrap();
            }
        }
        (fs::read(self.file(client)).ok(), all)
    }

    /// The value in the file that was written.
    pub(super) fn written(&self, client: Client) -> Option<String> {
        let json: Value = serde_json::from_slice(&fs::read(self.file(client)).ok()?).ok()?;
        Some(json["C"].as_str()?.to_owned())
    }
}

/// The directory's statements, which decide nothing.
fn is_cache(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("directory"))
}

/// Every file below a folder.
pub(super) fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap_or_default());
        }
    }
    found
}

/// The seed of whoever is signed in, who gives it to the server.
fn seed(cli: &Cli) -> [u8; 32] {
    let text = fs::read(cli.config_dir().join("credentials.json")).unwrap();
    let json: Value = serde_json::from_slice(&text).unwrap();
    let seed = json["identities"][0]["seed"].as_str().unwrap();
    BASE64URL_NOPAD.decode(seed.as_bytes()).unwrap().try_into().unwrap()
}

/// One of the same name on the same server, with a profile of the same name that its owner reads.
fn another_organization(hostile: &Hostile, org: &Org) {
    let mut server = Command::new(program("stronghold-server"));
    let printed = server.args(["setup-code", "--show", "--data-dir"]).arg(org.server.data_dir()).output().unwrap();
    assert!(printed.status.success(), "{printed:?}");
    let code = String::from_utf8(printed.stdout).unwrap();
    let file = org.folder();
    fs::write(&file, code.trim()).unwrap();
    let owner =
        Cli::new(&org.folder()).var("API_STRONGHOLD_URL", hostile.url()).var("API_STRONGHOLD_PASSWORD", &org.password);
    owner.json(&[
        "org",
        "create",
        "Acme",
        "--setup-code-file",
        file.to_str().unwrap(),
        "--email",
        "owner@acme.example",
    ]);
    owner.json(&["profile", "create", "production"]);
    owner.ok(&["env", "pull", "--profile", "production", "--format", "json"]);
}
