//! A proxy that answers writes with receipts that prove nothing: no command says that it is done, and what exists only
//! once is shown.

use crate::text;
use serde_json::Value;
use stronghold_testkit::{Cli, Org, Proxy, Run, ServerOptions};

/// Makes another receipt of one.
type Forge = fn(Value, earlier: &Value) -> Value;

const FORGERIES: &[(&str, Forge)] = &[
    ("junk", |mut receipt, _| {
        let signature = receipt["signature"].as_str().unwrap();
        let first = if signature.starts_with('A') { 'B' } else { 'A' };
        receipt["signature"] = format!("{first}{}", &signature[1..]).into();
        receipt
    }),
    ("another position", |mut receipt, _| {
        let position = receipt["position"].as_u64().unwrap();
        // Of the same length.
        receipt["position"] = (if position % 10 == 9 { position - 1 } else { position + 1 }).into();
        receipt
    }),
    ("another key", |mut receipt, earlier| {
        let key = earlier["key"].as_str().unwrap();
        let first = if key.starts_with('A') { 'B' } else { 'A' };
        receipt["key"] = format!("{first}{}", &key[1..]).into();
        receipt
    }),
];

struct Scene {
    proxy: Proxy,
    org: Org,
}

impl Scene {
    fn new() -> Self {
        let proxy = Proxy::listen();
        let server = ServerOptions::default().arg("--public-url").arg(proxy.url()).start();
        proxy.connect_to(server.address());
        let org = Org::create(server, proxy.url(), |cli| cli);
        Self { proxy, org }
    }

    /// Runs a command while the answers to writes are forged.
    fn forged(&self, cli: &Cli, forge: Forge, arguments: &[&str]) -> Run {
        self.proxy.edit_replies(move |body| {
            let written = body.starts_with("{\"head\":{\"seq\":") || body.starts_with("{\"revision\":");
            let Ok(mut json) = serde_json::from_str::<Value>(&body) else { return body };
            if !written || json.as_object().is_none_or(|members| members.len() != 2) || json["receipt"].is_null() {
                return body;
            }
            let receipt = json["receipt"].take();
            let (old, new) = (receipt.clone(), forge(receipt.clone(), &receipt));
            // Text for text, so that the length stays.
            let differs = ["signature", "position", "key"].into_iter().find(|name| old[name] != new[name]).unwrap();
            let member = |value: &Value| format!("\"{differs}\":{}", value[differs]);
            body.replace(&member(&old), &member(&new))
        });
        let run = cli.run(arguments);
        self.proxy.edit_replies(|body| body);
        run
    }
}

/// That a command failed with exit code 5 and said what was made.
fn not_proven(run: &Run, names: &str) -> String {
    assert_eq!(run.code(), 5, "{run}");
    let said = run.messages();
    assert!(said.contains("made, not proven: ") && said.contains(names) && said.contains("audit verify"), "{run}");
    run.text()
}

#[test]
fn no_write_is_said_to_be_done() {
    let scene = Scene::new();
    let org = &scene.org;
    let profile = org.profile(&[("KEY", b"value")]);
    let group = org.group(&[&profile]);
    for (number, (name, forge)) in FORGERIES.iter().enumerate() {
        let value = format!("value-{number}");
        let file = org.folder();
        std::fs::write(&file, format!("KEY={value}\n")).unwrap();
        let push = ["env", "push", "--profile", &profile, "--format", "dotenv", text(&file)];
        let run = scene.forged(&org.owner, *forge, &push);
        assert!(not_proven(&run, &format!("of profile {profile}")).is_empty(), "{name}: {run}");
        assert_eq!(org.owner.ok(&["secret", "get", "KEY", "--profile", &profile]).text(), value);

        let made = org.name("group");
        let run = scene.forged(&org.owner, *forge, &["group", "create", &made]);
        assert!(not_proven(&run, &format!("group created: {made}")).is_empty(), "{name}: {run}");
        org.owner.ok(&["group", "show", &made]);

        let agent = org.agent(&[&group]);
        let run = scene.forged(&org.owner, *forge, &["agent", "delete", &agent.name, "--yes"]);
        assert!(not_proven(&run, &format!("agent deleted: {}", agent.name)).is_empty(), "{name}: {run}");
        assert_eq!(org.as_agent(&agent).run(&["env", "pull", "--profile", &profile]).code(), 3);
    }
}

#[test]
fn what_exists_only_once_is_shown() {
    let scene = Scene::new();
    let org = &scene.org;
    let profile = org.profile(&[("KEY", b"value")]);
    let group = org.group(&[&profile]);
    let (_, junk) = FORGERIES[0];
    let as_token = |token: &str| Cli::new(&org.folder()).var("API_STRONGHOLD_TOKEN", token.trim());
    let pull = ["env", "pull", "--profile", &profile, "--format", "json"];
    let last_line = |text: &str| text.lines().last().unwrap().trim().to_owned();

    // As text, and as JSON.
    let run = scene.forged(&org.owner, junk, &["agent", "create", "text", "--group", &group]);
    let token = last_line(&not_proven(&run, "agent created: text"));
    as_token(&token).ok(&pull);
    let run = scene.forged(&org.owner, junk, &["--json", "agent", "create", "json", "--group", &group]);
    let _ = not_proven(&run, "agent created: json");
    as_token(run.json()["token"].as_str().unwrap()).ok(&pull);
    let problem: Value = serde_json::from_str(&run.messages()).unwrap();
    assert_eq!(
        (&problem["code"], &problem["made"], &problem["exit_code"]),
        (&"unproven".into(), &true.into(), &5.into())
    );
    let run = scene.forged(&org.owner, junk, &["--json", "agent", "rotate-token", "json"]);
    let _ = not_proven(&run, "agent's token rotated");
    as_token(run.json()["token"].as_str().unwrap()).ok(&pull);

    let invite = ["--json", "user", "invite", "new@acme.example", "--role", "editor"];
    let run = scene.forged(&org.owner, junk, &invite);
    let _ = not_proven(&run, "invited: new@acme.example");
    let code = run.json()["code"].as_str().unwrap().to_owned();
    let invited = Cli::new(&org.folder()).var("API_STRONGHOLD_URL", scene.proxy.url());
    let invited = invited.var("API_STRONGHOLD_INVITE", &code).var("API_STRONGHOLD_PASSWORD", "correct horse battery");
    invited.json(&["user", "accept", "--email", "new@acme.example"]);
    org.owner.ok(&["user", "confirm", "new@acme.example", "--yes"]);

    // New keys of one's own are kept, so that the next command works.
    let owner = org.owner.clone().var("API_STRONGHOLD_ACCOUNT_KEY", org.account_key());
    let run = scene.forged(&owner, junk, &["user", "rotate-keys", "--email", "owner@acme.example"]);
    assert!(not_proven(&run, "member's keys changed: owner@acme.example").is_empty());
    assert!(run.messages().contains("The keys are kept in "), "{run}");
    assert_eq!(owner.ok(&["secret", "get", "KEY", "--profile", &profile]).text(), "value");
}
