//! Servers that cannot be reached, are not ours, or are not who they should be.

use crate::{org, text};
use std::time::{Duration, Instant};
use stronghold_testkit::{Authority, Cli, Org, Proxy, ServerOptions, Stub, Token};

fn pull_at(agent: &Token, url: &str) -> stronghold_testkit::Run {
    org().as_agent(agent).run(&["env", "pull", "--profile", "production", "--url", url, "--timeout", "20"])
}

#[test]
fn a_server_that_is_not_there() {
    let agent = org().agent(&[]);
    let line = pull_at(&agent, "http://127.0.0.1:1").fails(6);
    assert!(line.contains("127.0.0.1:1"), "{line}");
    let line = pull_at(&agent, "https://no-such-host.invalid").fails(6);
    assert!(line.contains("no-such-host.invalid"), "{line}");
    org().owner.clone().var("API_STRONGHOLD_URL", "http://127.0.0.1:1").run(&["agent", "list"]).fails(6);
    let refused = Cli::new(&org().folder());
    refused.run(&["auth", "api-user", "--token", &agent.token, "--url", "http://127.0.0.1:1"]).fails(6);
    assert!(!refused.config_dir().join("credentials.json").exists());
}

#[test]
fn a_server_that_says_nothing() {
    let agent = org().agent(&[]);
    let silent = Stub::silent();
    let start = Instant::now();
    let arguments = ["env", "pull", "--profile", "production", "--url", silent.url(), "--timeout", "1"];
    org().as_agent(&agent).run(&arguments).fails(6);
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    for wrong in ["0", "-1", "soon", "1e3", "99999999999999999999"] {
        let timeout = format!("--timeout={wrong}");
        org().as_agent(&agent).run(&["env", "pull", "--profile", "production", &timeout]).fails(2);
    }
}

/// The exit code of what is not believed, and of what is not ours.
const INTEGRITY: i32 = 5;
const NOT_OURS: i32 = 6;
const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

/// Whatever answers, the error is one line, and nothing of the answer is used.
fn each_command_fails(stubs: &[(&str, Stub)], code: i32) {
    let agent = org().agent(&[]);
    for (what, stub) in stubs {
        for arguments in [&["env", "pull", "--profile", "production"][..], &["auth", "status"], &["profile", "list"]] {
            let run = org().as_agent(&agent).run(&[arguments, &["--url", stub.url(), "--timeout", "5"]].concat());
            assert_eq!(run.code(), code, "{what}: {run}");
            let line = run.fails(code);
            assert!(!line.contains('\u{1b}') && line.len() < 1000, "{what}: {line}");
        }
        let person = org().owner.clone().var("API_STRONGHOLD_URL", stub.url());
        person.run(&["--timeout", "5", "agent", "list"]).fails(code);
    }
}

/// What answers in another media type than the protocol's came from somewhere else.
#[test]
fn servers_that_are_not_ours() {
    let unnamed = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
    let stubs = [
        ("no HTTP", Stub::answering("SSH-2.0-OpenSSH_9.9\r\n")),
        ("nothing", Stub::answering("")),
        ("half a head", Stub::answering("HTTP/1.1 200 OK\r\ncontent-le")),
        (
            "half a body",
            Stub::answering("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"),
        ),
        ("an impossible length", Stub::answering("HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999\r\n\r\n")),
        ("a page", Stub::http("200 OK", "text/html", b"<html>Welcome</html>")),
        ("a page not found", Stub::http("404 Not Found", "text/html", b"<html>Not found</html>")),
        ("a gateway's error", Stub::http("502 Bad Gateway", "text/html", b"<html>Bad gateway</html>")),
        ("a gateway's error in JSON", Stub::http("502 Bad Gateway", JSON, br#"{"message":"bad gateway"}"#)),
        ("JSON that is called text", Stub::http("200 OK", "text/plain", b"{}")),
        ("JSON that is called nothing", Stub::answering(unnamed)),
        ("a problem that is no error", Stub::http("200 OK", PROBLEM, b"{}")),
        ("an error of ours in another media type", Stub::http("404 Not Found", JSON, OURS)),
        ("not modified", Stub::http("304 Not Modified", JSON, b"")),
        ("an unknown problem", Stub::http("418 I'm a teapot", PROBLEM, br#"{"type":"about:blank","title":"Teapot"}"#)),
        ("an array for a problem", Stub::http("404 Not Found", PROBLEM, br#"["x","t",404,"not_found","d"]"#)),
        ("no JSON for a problem", Stub::http("404 Not Found", PROBLEM, b"not found")),
    ];
    each_command_fails(&stubs, NOT_OURS);
}

const OURS: &[u8] = br#"{"type":"x","title":"t","status":404,"code":"not_found","detail":"d"}"#;

/// What answers in the protocol's media type and has another form is not believed.
#[test]
fn answers_of_another_form_than_the_protocols() {
    let receipt_only = br#"{"receipt":{"position":0,"record":"","key":"","signature":""}}"#;
    let stubs = [
        ("an empty answer", Stub::http("200 OK", JSON, b"")),
        ("no content", Stub::http("204 No Content", JSON, b"")),
        ("an empty object", Stub::http("200 OK", JSON, b"{}")),
        ("an array", Stub::http("200 OK", JSON, b"[]")),
        ("null", Stub::http("200 OK", JSON, b"null")),
        ("deep JSON", Stub::http("200 OK", JSON, "[".repeat(100_000).as_bytes())),
        ("invalid UTF-8", Stub::http("200 OK", JSON, b"\"\xff\"")),
        ("NUL", Stub::http("200 OK", JSON, b"\0")),
        ("a page that is called JSON", Stub::http("200 OK", JSON, b"<html>Welcome</html>")),
        ("JSON with parameters", Stub::http("200 OK", "Application/JSON ; charset=utf-8", b"{}")),
        ("a problem", Stub::http("200 OK", JSON, OURS)),
        ("a part of an answer", Stub::http("200 OK", JSON, receipt_only)),
        ("a long answer of nothing", Stub::http("200 OK", JSON, &[b' '; 4 * 1024 * 1024])),
    ];
    each_command_fails(&stubs, INTEGRITY);
}

/// A newer server's problem is one, whatever its text.
#[test]
fn problems_of_a_newer_server() {
    let body = br#"{"type":"x","title":"t","status":403,"code":"new","detail":"d\nlines\u001b[31m","later":[1.5]}"#;
    each_command_fails(&[("a strange problem", Stub::http("403 Forbidden", PROBLEM, body))], 3);
}

/// A redirection would take signed requests elsewhere: it is not followed.
#[test]
fn redirections_are_not_followed() {
    let agent = org().agent(&[]);
    let target = Proxy::listen();
    target.connect_to(org().server.address());
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let answer = format!(
            "HTTP/1.1 {status}\r\nlocation: {}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            target.url()
        );
        let run = pull_at(&agent, Stub::answering(answer).url());
        assert!(matches!(run.code(), 1 | 6), "{run}");
        run.fails(run.code());
    }
    assert_eq!(target.take_requests(), Vec::<String>::new());
}

/// Only an address that keeps what is signed on this machine, or encrypts it.
#[test]
fn addresses_that_are_refused() {
    let agent = org().agent(&[]);
    for url in [
        "not a url",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "http://",
        "//127.0.0.1",
        "127.0.0.1:1",
        "http://127.0.0.1:99999",
        "http://stronghold.example",
        "http://192.0.2.1",
        "http://user:password@127.0.0.1:1",
        "http://127.0.0.1:1/?query",
        "http://127.0.0.1:1/#fragment",
        "http://localhost.example",
    ] {
        let run = pull_at(&agent, url);
        assert!(matches!(run.code(), 1 | 2), "{url}: {run}");
        run.fails(run.code());
    }
}

/// A TLS server is trusted by the authority that is named, and by nothing else.
#[test]
fn tls_needs_the_right_authority() {
    let folder = tempfile::tempdir().unwrap();
    let (right, wrong) = (Authority::new("Right"), Authority::new("Wrong"));
    let (certificate, key) = right.issue(folder.path(), &["localhost", "127.0.0.1"]);
    let ca = right.certificate(folder.path());
    let other = tempfile::tempdir().unwrap();
    let wrong_ca = wrong.certificate(other.path());
    let server = ServerOptions::default().tls(&certificate, &key).start();
    let url = server.url().to_owned();
    let org = Org::create(server, &url, |cli| cli.var("API_STRONGHOLD_CA_CERT", &ca));
    let profile = org.profile(&[("KEY", b"value")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    let pull = ["env", "pull", "--profile", &profile];
    let cli = org.as_agent(&agent);
    assert_eq!(cli.ok(&[&pull[..], &["--ca-cert", text(&ca)]].concat()).text(), "KEY=value\n");
    assert_eq!(cli.clone().var("API_STRONGHOLD_CA_CERT", &ca).ok(&pull).text(), "KEY=value\n");
    assert_eq!(cli.clone().var("SSL_CERT_FILE", &ca).ok(&pull).text(), "KEY=value\n");
    for untrusting in [cli.clone(), cli.clone().var("API_STRONGHOLD_CA_CERT", &wrong_ca)] {
        let line = untrusting.run(&pull).fails(6);
        assert!(line.contains("certificate"), "it says what is wrong: {line}");
    }
    // Right authority, wrong name.
    let (certificate, key) = right.issue(other.path(), &["elsewhere.example"]);
    let stranger = ServerOptions::default().tls(&certificate, &key).start();
    let trusting = cli.clone().var("API_STRONGHOLD_CA_CERT", &ca);
    trusting.run(&[&pull[..], &["--url", stranger.url()]].concat()).fails(6);
    // The wrong protocol, both ways.
    trusting.run(&[&pull[..], &["--url", &url.replace("https", "http")]].concat()).fails(6);
    let plain = crate::org().server.url().replace("http", "https");
    trusting.run(&[&pull[..], &["--url", &plain]].concat()).fails(6);
    // Files that hold no authority.
    let garbage = folder.path().join("garbage.pem");
    for content in [&b""[..], b"\xff\0\xff", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        std::fs::write(&garbage, content).unwrap();
        let line = cli.clone().var("API_STRONGHOLD_CA_CERT", &garbage).run(&pull).fails(1);
        assert!(line.contains(text(&garbage)), "{line}");
    }
    for missing in ["/no/such/file", text(folder.path())] {
        let line = cli.clone().var("API_STRONGHOLD_CA_CERT", missing).run(&pull).fails(1);
        assert!(line.contains(missing), "{line}");
    }
}

/// What does not exist is 4 for a person, who may see the directory.
#[test]
fn a_person_is_told_what_does_not_exist() {
    let org = org();
    let group = org.group(&[]);
    let agent = org.agent(&[]);
    let missing = "no-such-thing";
    let commands: &[&[&str]] = &[
        &["env", "pull", "--profile", missing],
        &["env", "run", "--profile", missing, "--", "true"],
        &["profile", "show", missing],
        &["profile", "rename", missing, "other"],
        &["profile", "delete", missing, "--yes"],
        &["secret", "list", "--profile", missing],
        &["secret", "set", "X", "--profile", missing, "--file", "/dev/null"],
        &["group", "show", missing],
        &["group", "delete", missing, "--yes"],
        &["group", "add", missing, "--agent", &agent.name],
        &["group", "add", &group, "--agent", missing],
        &["group", "grant", &group, missing],
        &["group", "grant", missing, missing],
        &["agent", "show", missing],
        &["agent", "activate", missing],
        &["agent", "rotate-token", missing],
        &["agent", "delete", missing, "--yes"],
        &["agent", "create", "new-agent", "--group", missing],
    ];
    for command in commands {
        let line = org.owner.run(command).fails(4);
        assert!(line.contains(missing), "{line}");
    }
}
