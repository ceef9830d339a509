//! What one pull costs: one request, little memory.

use crate::{readers::tool, say};
use std::{collections::BTreeSet, ffi::OsString, fs, path::Path};
use stronghold_testkit::{Authority, Cli, Org, Proxy, ServerOptions, Token, random_word};

/// Peak resident memory that a pull may take.
const MOST_MEMORY: u64 = 24 * 1024 * 1024;

fn with_hundred_secrets(org: &Org) -> (Token, String) {
    let secrets: Vec<(String, String)> = (0..100).map(|_| (random_word(20), random_word(60))).collect();
    let secrets: Vec<(&str, &[u8])> = secrets.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let profile = org.profile(&secrets);
    (org.agent(&[&org.group(&[&profile])]), profile)
}

#[test]
fn a_pull_from_cold_is_one_request() {
    let proxy = Proxy::listen();
    let server = ServerOptions::default().arg("--public-url").arg(proxy.url()).start();
    proxy.connect_to(server.address());
    let org = Org::create(server, proxy.url(), |cli| cli);
    let (agent, profile) = with_hundred_secrets(&org);
    let requests = |cli: &Cli, arguments: &[&str]| {
        let _ = proxy.take_requests();
        cli.ok(arguments);
        proxy.take_requests()
    };
    let pull = ["env", "pull", "--profile", &profile, "--format", "json"];
    // Whoever asks for the first time, and after the directory has grown since the token was made.
    for _ in 0..2 {
        let cold = org.as_agent(&agent);
        let seen = requests(&cold, &pull);
        assert_eq!(seen.len(), 1, "{seen:?}");
        assert_eq!(requests(&cold, &pull).len(), 1, "and no more when it remembers");
        let _ = org.agent(&[&org.group(&[&profile])]);
        org.push(&profile, &[("ONE_MORE", b"1")]);
    }
    let run = requests(&org.as_agent(&agent), &["env", "run", "--profile", &profile, "--", "true"]);
    assert_eq!(run.len(), 1, "{run:?}");
    let paths: BTreeSet<String> =
        requests(&org.as_agent(&agent), &["secret", "get", "ONE_MORE", "--profile", &profile]).into_iter().collect();
    assert!((1..=2).contains(&paths.len()), "a single secret from cold is one full pull or two requests: {paths:?}");
}

/// Runs a program as the only child of a small process, and writes that child's peak memory, in KiB, to a file.
/// The kernel counts the parent's memory at the moment of the start as the child's: so the parent must be small.
fn measured(report: &Path) -> Vec<OsString> {
    let script = "import os, sys\n\
        child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)\n\
        status, usage = os.wait4(child, 0)[1:]\n\
        open(sys.argv[1], 'w').write(str(usage.ru_maxrss))\n\
        sys.exit(os.waitstatus_to_exitcode(status))";
    let python = tool("STRONGHOLD_TEST_PYTHON");
    vec![python.into(), "-I".into(), "-S".into(), "-c".into(), script.into(), report.into()]
}

#[test]
fn a_pull_takes_little_memory() {
    let authority = Authority::new("Test");
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = authority.issue(folder.path(), &["localhost", "127.0.0.1"]);
    let ca = authority.certificate(folder.path());
    let server = ServerOptions::default().tls(&certificate, &key).start();
    assert!(server.url().starts_with("https://"));
    let url = server.url().to_owned();
    let org = Org::create(server, &url, |cli| cli.var("API_STRONGHOLD_CA_CERT", &ca));
    let (agent, profile) = with_hundred_secrets(&org);
    let report = folder.path().join("peak");
    let cli = org.as_agent(&agent).var("API_STRONGHOLD_CA_CERT", &ca).through(measured(&report));
    let pulled = cli.ok(&["env", "pull", "--profile", &profile, "--format", "json"]).json();
    assert_eq!(pulled.as_object().unwrap().len(), 100);
    let peak: u64 = fs::read_to_string(&report).unwrap().parse::<u64>().unwrap() * 1024;
    say(&format!(
        "peak resident memory of a cold pull of 100 secrets over TLS: {:.1} MiB",
        peak as f64 / 1024.0 / 1024.0
    ));
    assert!(peak < MOST_MEMORY, "{peak} bytes");
    // The measure itself: a program that takes more is seen to.
    let eater = Cli::without_config_dir().through(measured(&report)).command(&["--version"]);
    let mut command = std::process::Command::new(eater.get_program());
    let hungry = ["-c", "x = b'x' * (64 * 1024 * 1024)"];
    let wrapper: Vec<_> = eater.get_args().take(5).collect();
    assert!(command.args(wrapper).arg(tool("STRONGHOLD_TEST_PYTHON")).args(hungry).status().unwrap().success());
    assert!(fs::read_to_string(&report).unwrap().parse::<u64>().unwrap() * 1024 > MOST_MEMORY);
}
