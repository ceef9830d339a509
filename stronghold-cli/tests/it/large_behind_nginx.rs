//! Behind a real nginx with its default limit on bodies, 1 MB: what is larger goes in parts, and is there whole or not at all.

use serde_json::{Map, Value, json};
use std::fs;
use stronghold_testkit::{Nginx, Org, Run, ServerOptions, random_word};

/// An organization behind one nginx, and another nginx before the same server.
fn behind(first: &str, second: &str) -> (Org, Nginx, Nginx) {
    let (mut one, mut two) = (Nginx::choose_port(), Nginx::choose_port());
    let (url, other) = (one.url(""), two.url(""));
    let server = ServerOptions::default().arg("--public-url").arg(&url).arg("--public-url").arg(&other).start();
    let to = format!("http://{}", server.address());
    one.start(&first.replace("{to}", &to));
    two.start(&second.replace("{to}", &to));
    (Org::create(server, &url, |cli| cli), one, two)
}

const PLAIN: &str = "location / { proxy_pass {to}; }";

fn values(count: usize, length: usize) -> Map<String, Value> {
    (0..count).map(|number| (format!("KEY_{number:04}"), json!(random_word(length)))).collect()
}

/// Pushes these as the owner, through `url`, pruning what is not among them.
fn push(org: &Org, profile: &str, values: &Map<String, Value>, more: &[&str]) -> Run {
    let file = org.made_folder().join("values.json");
    fs::write(&file, serde_json::to_vec(values).unwrap()).unwrap();
    let file = file.to_str().unwrap();
    org.owner.run(&[&["--json", "env", "push", "--profile", profile, "--format", "json", file], more].concat())
}

fn pulled(org: &Org, profile: &str) -> Value {
    org.owner.ok(&["env", "pull", "--profile", profile, "--format", "json"]).json()
}

fn posts<'a>(requests: &'a [String], route: &'a str) -> impl Iterator<Item = &'a String> {
    requests.iter().filter(move |line| line.contains("\"POST ") && line.contains(&format!("/{route} ")))
}

#[test]
fn a_large_push_goes_in_parts_that_any_proxy_lets_through() {
    let (org, nginx, _) = behind(PLAIN, PLAIN);
    let profile = org.profile(&[("OLD", b"1")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    // 3,000 secrets, 5 MB of values.
    let large = values(3000, 1700);
    push(&org, &profile, &large, &["--prune"]).succeeds();
    assert_eq!(org.pull(&agent, &profile), Value::Object(large.clone()));
    let requests = nginx.requests();
    assert!(posts(&requests, "staging").count() > 5, "{requests:#?}");
    assert_eq!(posts(&requests, "revisions").count(), 2, "one for the first secret, one that took all parts");
    // The next one replaces some, deletes others, and adds the largest value there can be.
    let mut next: Map<String, Value> = large.into_iter().skip(1500).collect();
    next.values_mut().step_by(2).for_each(|value| *value = json!(random_word(1700)));
    next.insert("LARGEST".to_owned(), json!(random_word(256 * 1024)));
    push(&org, &profile, &next, &["--prune"]).succeeds();
    assert_eq!(org.pull(&agent, &profile), Value::Object(next));
    // Ending an access re-encrypts it all, in parts too.
    org.owner.ok(&["profile", "rotate", &profile]);
    assert!(org.pull(&agent, &profile).as_object().is_some_and(|now| now.len() == 1501));
    let refused: Vec<String> = nginx.requests().into_iter().filter(|line| line.contains("\" 413 ")).collect();
    assert!(refused.is_empty(), "{refused:?}");
    org.owner.ok(&["audit", "verify"]);
    org.owner.ok(&["org", "verify"]);
}

#[test]
fn a_largest_value_goes_in_one_request() {
    let (org, nginx, _) = behind(PLAIN, PLAIN);
    let profile = org.profile(&[]);
    let value = random_word(256 * 1024);
    org.owner.run_with(&["secret", "set", "KEY", "--profile", &profile, "--stdin"], value.as_bytes()).succeeds();
    assert_eq!(org.owner.ok(&["secret", "get", "KEY", "--profile", &profile]).text(), value);
    assert_eq!(posts(&nginx.requests(), "staging").count(), 0);
    // Eight of them are more than any one request should carry.
    let eight: Map<String, Value> = (0..8).map(|n| (format!("L{n}"), json!(random_word(256 * 1024)))).collect();
    push(&org, &profile, &eight, &["--prune"]).succeeds();
    assert_eq!(pulled(&org, &profile), Value::Object(eight));
    assert!(nginx.requests().iter().all(|line| line.contains("\" 200 ")));
}

#[test]
fn parts_that_no_revision_took_change_nothing() {
    // The second nginx lets parts through, and loses the request that would take them.
    let broken = "location / { proxy_pass {to}; } location ~ /revisions$ { return 502; }";
    let (org, _one, two) = behind(PLAIN, broken);
    let first = values(300, 100);
    let profile = org.profile(&[]);
    push(&org, &profile, &first, &[]).succeeds();
    let revision = || org.owner.json(&["profile", "show", &profile])["revision"].clone();
    let before = revision();
    for attempt in 0..6 {
        let url = two.url("");
        push(&org, &profile, &values(800, 1700), &["--prune", "--url", &url]).fails(6);
        assert!(posts(&two.requests(), "staging").count() > attempt, "parts arrived");
        assert_eq!(pulled(&org, &profile), Value::Object(first.clone()), "attempt {attempt}");
        assert_eq!(revision(), before);
    }
    let last = values(800, 1700);
    push(&org, &profile, &last, &["--prune"]).succeeds();
    assert_eq!(pulled(&org, &profile), Value::Object(last));
}

#[test]
fn a_proxy_that_lets_no_part_through_is_named_with_its_limit() {
    let (org, _one, two) = behind(PLAIN, "client_max_body_size 4k; location / { proxy_pass {to}; }");
    let profile = org.profile(&[("OLD", b"1")]);
    let line = push(&org, &profile, &values(1, 8000), &["--url", &two.url("")]).fails(6);
    assert!(line.contains("client_max_body_size"), "{line}");
    assert!(line.contains("proxy"), "{line}");
    assert_eq!(pulled(&org, &profile), json!({"OLD": "1"}));
}
