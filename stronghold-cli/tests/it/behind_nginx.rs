//! Behind a real nginx that rewrites what it forwards: any name, and a path before the protocol's own.

use crate::{org, people::member_at};
use serde_json::json;
use stronghold_testkit::{Cli, Nginx, Org, ServerOptions};

/// Names that proxies decode, encode again, merge or resolve when they stand in a path.
const NAMES: [&str; 12] = [
    "team/app",
    "a b",
    "\u{e4}%2f",
    "x?y",
    "..x",
    "~",
    "a//b",
    "#h",
    "a+b&c=d;e",
    "%2e%2e",
    "../up",
    "name-dGVhbS9hcHA",
];

/// A server that is reached through nginx, under `base`; `location` is where it is forwarded to, `{to}` the server.
fn behind(base: &str, location: &str) -> (Org, Nginx) {
    let mut nginx = Nginx::choose_port();
    let url = nginx.url(base);
    let server = ServerOptions::default().arg("--public-url").arg(&url).start();
    nginx.start(&location.replace("{to}", &format!("http://{}", server.address())));
    (Org::create(server, &url, |cli| cli), nginx)
}

/// An agent that knows nothing but its token.
fn with_token_only(org: &Org, token: &str) -> Cli {
    Cli::new(&org.folder()).var("API_STRONGHOLD_TOKEN", token)
}

#[test]
fn any_name_of_a_profile_survives_a_proxy_that_normalises() {
    // With a path behind the host, nginx forwards what it made of the path, not what it was sent.
    let (org, nginx) = behind("", "location / { proxy_pass {to}/; }");
    let group = org.group(&[]);
    let agent = org.agent(&[&group]);
    for name in NAMES {
        org.owner.json(&["profile", "create", "--", name]);
        org.owner.json(&["group", "grant", &group, "--", name]);
        org.push(name, &[("KEY", name.as_bytes())]);
        let before = nginx.requests().len();
        let pulled = org.as_agent(&agent).ok(&["env", "pull", "--format", "json", &format!("--profile={name}")]).json();
        assert_eq!(pulled, json!({"KEY": name}));
        assert_eq!(nginx.requests().len() - before, 1, "one round trip, by name: {:?}", nginx.requests());
        let one = org.owner.ok(&["secret", "get", "KEY", &format!("--profile={name}")]).text();
        assert_eq!(one, name);
        let shown = org.owner.json(&["audit", "list", &format!("--profile={name}"), "--action", "profile.read"]);
        assert!(shown.as_array().is_some_and(|rows| !rows.is_empty()), "{name}: {shown}");
    }
    assert!(nginx.requests().iter().all(|line| line.contains("\" 200 ")), "{:#?}", nginx.requests());
    org.owner.ok(&["audit", "verify"]);
}

fn works_under_a_path(org: &Org, nginx: &Nginx) {
    let profile = org.profile(&[("KEY", b"1")]);
    let group = org.group(&[&profile]);
    let agent = org.agent(&[&group]);
    // The token carries the path, and so does the invitation.
    let cli = with_token_only(org, &agent.token);
    assert_eq!(cli.ok(&["env", "pull", "--profile", &profile, "--format", "json"]).json(), json!({"KEY": "1"}));
    org.owner.json(&["group", "grant", &group, &profile, "--access", "write"]);
    let (editor, _) = member_at(None, org, "editor@acme.example", "editor", &[&group]);
    editor.run_with(&["secret", "set", "KEY", "--profile", &profile, "--stdin"], b"2").succeeds();
    assert_eq!(org.pull(&agent, &profile), json!({"KEY": "2"}));
    org.owner.ok(&["audit", "verify"]);
    org.owner.ok(&["org", "verify"]);
    org.owner.ok(&["doctor"]);
    let based = nginx.url("/stronghold/v1/");
    let signed = nginx.requests().iter().filter(|line| line.contains(" /stronghold/v1/orgs/")).count();
    assert!(signed > 10, "requests go below {based}");
    // At another path, and at none, nothing that is signed for it is believed.
    for other in ["/other", "/Stronghold", "/stronghold/v1", ""] {
        let url = nginx.url(other);
        cli.run(&["env", "pull", "--profile", &profile, "--url", &url]).fails(3);
    }
}

/// The other locations reach the same server, so that only the signature can tell.
const OTHERS: &str = "location /other/ { proxy_pass {to}/; } location /Stronghold/ { proxy_pass {to}/; }
    location /stronghold/v1/v1/ { proxy_pass {to}/v1/; } location /v1/ { proxy_pass {to}; }";

#[test]
fn a_base_path_that_the_proxy_takes_off_works_end_to_end() {
    let (org, nginx) = behind("/stronghold", &format!("location /stronghold/ {{ proxy_pass {{to}}/; }} {OTHERS}"));
    works_under_a_path(&org, &nginx);
}

#[test]
fn a_base_path_that_the_proxy_leaves_works_end_to_end() {
    let (org, nginx) = behind("/stronghold", &format!("location /stronghold/ {{ proxy_pass {{to}}; }} {OTHERS}"));
    works_under_a_path(&org, &nginx);
}

#[test]
fn a_base_path_of_several_segments_works_with_a_slash_at_its_end() {
    let (org, _nginx) = behind("/teams/vault-1/", "location /teams/vault-1/ { proxy_pass {to}; }");
    let profile = org.profile(&[("KEY", b"1")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    let pulled = with_token_only(&org, &agent.token).ok(&["env", "pull", "--profile", &profile, "--format", "json"]);
    assert_eq!(pulled.json(), json!({"KEY": "1"}));
}

#[test]
fn a_public_url_that_no_client_can_use_is_refused() {
    let agent = org().as_agent(&org().agent(&[]));
    for path in ["/a%20b", "/a//b", "//", "/a/../b", "/./b", "/a;b", "/%7Euser", "/a?b=c", "/a#b", "/\u{e4}", "/a@b"] {
        let url = format!("https://stronghold.example{path}");
        let line = ServerOptions::default().arg("--public-url").arg(&url).run().fails(1);
        assert!(line.contains("--public-url"), "{url}: {line}");
        // A client resolves dots before it signs, as every program does that reads a URL.
        if !path.contains("/.") {
            agent.run(&["env", "pull", "--profile", "p", "--url", &url]).fails(1);
        }
    }
}
