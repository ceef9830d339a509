//! The program itself, as an operator starts it.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
};
use stronghold_server::config::Arguments;
use tempfile::TempDir;

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stronghold-server"));
    command.env_clear();
    command
}

struct Running {
    child: Child,
    url: String,
    out: BufReader<std::process::ChildStdout>,
}

fn start(command: &mut Command) -> Running {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    if line.is_empty() {
        let mut errors = String::new();
        child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        panic!("{errors}");
    }
    let url = line.strip_prefix("listening on ").unwrap().trim_end().to_owned();
    Running { child, url, out }
}

impl Running {
    fn port(&self) -> u16 {
        self.url.rsplit(':').next().unwrap().parse().unwrap()
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port())).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Ends it like an operator, and returns how it ended, the rest of standard output, and standard error.
    fn terminate(mut self) -> (ExitStatus, String, String) {
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
        let status = self.child.wait().unwrap();
        let (mut out, mut errors) = (String::new(), String::new());
        self.out.read_to_string(&mut out).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        (status, out, errors)
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn refusal(output: &Output, code: i32) -> String {
    let errors = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{errors}");
    assert!(output.stdout.is_empty());
    assert!(!errors.contains("panicked"), "{errors}");
    errors
}

#[test]
fn the_first_start_makes_keys_and_a_setup_code_for_the_owner_alone() {
    let root = TempDir::new().unwrap();
    let data = root.path().join("new").join("data");
    let serve = || {
        let mut command = program();
        command.arg("--data-dir").arg(&data).args(["--listen", "127.0.0.1:0"]);
        command
    };
    let running = start(&mut serve());
    assert!(running.url.starts_with("http://127.0.0.1:"), "{}", running.url);
    let code = fs::read_to_string(data.join("setup-code")).unwrap();
    assert!(running.get("/readyz").starts_with("HTTP/1.1 200"));
    // While the server runs, another code can be made.
    let make = |more: &[&str]| {
        let made = program().arg("setup-code").args(more).arg("--data-dir").arg(&data).output().unwrap();
        assert!(made.status.success() && made.stderr.is_empty(), "{made:?}");
        String::from_utf8(made.stdout).unwrap()
    };
    // It is in a file of its own, which is what is printed; the code itself only where that is asked for.
    let mut codes = vec![code.clone()];
    for name in ["setup-code-2", "setup-code-3"] {
        let file = data.join(name);
        assert_eq!(make(&[]), format!("{}\n", file.display()));
        assert_eq!(mode(&file), 0o600, "{name}");
        codes.push(fs::read_to_string(file).unwrap());
    }
    codes.push(make(&["--show"]));
    assert!(codes.iter().all(|code| (code.trim().len(), code.lines().count()) == (26, 1)), "{codes:?}");
    let unlike: std::collections::BTreeSet<&String> = codes.iter().collect();
    assert_eq!(unlike.len(), codes.len());
    let (status, rest, log) = running.terminate();
    assert_eq!((status.code(), rest.as_str()), (Some(0), ""));
    assert!(
        log.contains(&data.join("setup-code").display().to_string()),
        "the log says where the first code is: {log}"
    );
    assert!(!codes.iter().any(|code| log.contains(code.trim())), "and not what it is");
    assert_eq!(mode(&data), 0o700);
    for file in ["setup-code", "checkpoint.key", "stronghold.db"] {
        assert_eq!(mode(&data.join(file)), 0o600, "{file}");
    }
    let key = fs::read(data.join("checkpoint.key")).unwrap();
    // The second start keeps everything and makes no code.
    fs::remove_file(data.join("setup-code")).unwrap();
    let (status, _, log) = start(&mut serve()).terminate();
    assert_eq!(status.code(), Some(0));
    assert!(!log.contains("setup code"), "{log}");
    assert!(!data.join("setup-code").exists());
    assert_eq!(fs::read(data.join("checkpoint.key")).unwrap(), key);
}

#[test]
fn the_environment_configures_as_flags_do_and_blank_is_not_set() {
    let root = TempDir::new().unwrap();
    let mut command = program();
    command
        .env("STRONGHOLD_SERVER_DATA_DIR", root.path().join("data"))
        .env("STRONGHOLD_SERVER_LISTEN", "127.0.0.1:0")
        .env("STRONGHOLD_SERVER_LOG_FORMAT", "json")
        .env("STRONGHOLD_SERVER_PUBLIC_URL", "")
        .env("STRONGHOLD_SERVER_TLS_CERT", "");
    let (status, _, log) = start(&mut command).terminate();
    assert_eq!(status.code(), Some(0));
    let events = log.lines().filter(|line| line.starts_with('{'));
    let events: Vec<serde_json::Value> = events.map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(events.iter().any(|event| event["fields"]["message"] == "serving"), "{log}");
}

#[test]
fn what_cannot_be_served_is_one_line_and_an_exit_code() {
    let root = TempDir::new().unwrap();
    let data = root.path().join("data");
    let file = root.path().join("file");
    fs::write(&file, "not a certificate").unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let run = |data: &Path, more: &[&str]| program().arg("--data-dir").arg(data).args(more).output().unwrap();
    let one_line = |output: Output, expected: &str| {
        let text = refusal(&output, 1);
        assert_eq!(text.lines().filter(|line| line.starts_with("stronghold-server: ")).count(), 1, "{text}");
        assert!(text.contains(expected), "{text}");
    };
    let file_name = file.to_str().unwrap();
    one_line(run(&data, &["--listen", &taken]), &taken);
    one_line(run(&file, &["--listen", "127.0.0.1:0"]), "not a directory");
    one_line(run(&data, &["--listen", "127.0.0.1:0", "--tls-cert", file_name, "--tls-key", file_name]), file_name);
    one_line(run(&data, &["--listen", "127.0.0.1:0", "--tls-cert", "missing", "--tls-key", file_name]), "missing");
    one_line(run(&data, &["--listen", "0.0.0.0:0"]), "--allow-plain-http");
    one_line(run(&data, &["--listen", "0.0.0.0:0", "--allow-plain-http"]), "--public-url");
    one_line(run(&data, &["--listen", "127.0.0.1:0", "--public-url", "ftp://x"]), "ftp://x");
    one_line(run(&data, &["--listen", "127.0.0.1:0", "--log-level", "a=b=c"]), "--log-level");
    fs::create_dir_all(&data).unwrap();
    fs::write(data.join("checkpoint.key"), "short").unwrap();
    one_line(run(&data, &["--listen", "127.0.0.1:0"]), "checkpoint.key");
    fs::remove_file(data.join("checkpoint.key")).unwrap();
    let _ = fs::remove_file(data.join("stronghold.db"));
    fs::create_dir(data.join("stronghold.db")).unwrap();
    one_line(run(&data, &["--listen", "127.0.0.1:0"]), "stronghold.db");
    for arguments in [&["--listen", "here"][..], &["--unknown"], &["--tls-cert", "x"], &["--connections", "many"]] {
        refusal(&run(&data, arguments), 2);
    }
    refusal(&program().output().unwrap(), 2);
}

#[test]
fn tls_is_served_and_plain_http_on_its_port_is_not_answered() {
    let root = TempDir::new().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificate, key) = (root.path().join("cert.pem"), root.path().join("key.pem"));
    fs::write(&certificate, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let mut command = program();
    command.arg("--data-dir").arg(root.path().join("data")).args(["--listen", "127.0.0.1:0"]);
    command.arg("--tls-cert").arg(&certificate).arg("--tls-key").arg(&key);
    let running = start(&mut command);
    assert!(running.url.starts_with("https://127.0.0.1:"), "{}", running.url);
    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let config =
        rustls::ClientConfig::builder_with_provider(std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
    let mut client =
        rustls::ClientConnection::new(std::sync::Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let mut socket = TcpStream::connect(("127.0.0.1", running.port())).unwrap();
    let mut tls = rustls::Stream::new(&mut client, &mut socket);
    tls.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = [0; 12];
    tls.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    assert_eq!(client.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
    let group = client.negotiated_key_exchange_group().unwrap().name();
    assert_eq!(group, rustls::NamedGroup::X25519MLKEM768);
    let mut plain = TcpStream::connect(("127.0.0.1", running.port())).unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP/"));
    assert_eq!(running.terminate().0.code(), Some(0));
}

#[test]
fn a_log_filter_leaves_standard_output_alone() {
    let root = TempDir::new().unwrap();
    let mut command = program();
    command.arg("--data-dir").arg(root.path().join("data")).args(["--listen", "127.0.0.1:0", "--log-level", "trace"]);
    let running = start(&mut command);
    running.get("/v1/orgs/x/profiles/production/secrets?anchor=0&index=c2VjcmV0");
    let (_, rest, log) = running.terminate();
    assert_eq!(rest, "");
    assert!(log.contains("refused before the signature verified"), "{log}");
    assert!(!log.contains("c2VjcmV0"), "{log}");
}

#[test]
fn a_public_url_that_no_client_can_use_is_refused() {
    let check = |url: &str| {
        let arguments = ["stronghold-server", "--data-dir", "d", "--public-url", url].into_iter().map(Into::into);
        Arguments::read(arguments, |_| None).unwrap().serve.check()
    };
    for path in ["", "/", "/stronghold", "/teams/vault-1/", "/~ops/v.2_x"] {
        check(&format!("https://stronghold.example{path}")).unwrap();
    }
    let long = format!("/{}", "a".repeat(129));
    for path in [
        "/a%20b", "/a//b", "//", "/a/../b", "/./b", "/a;b", "/%7Euser", "/a?b=c", "?", "/a#b", "/a@b", "/\u{e4}", &long,
    ] {
        let refused = check(&format!("https://stronghold.example{path}")).unwrap_err().to_string();
        assert!(refused.contains("--public-url"), "{path}: {refused}");
    }
    for url in
        ["stronghold.example", "ftp://stronghold.example", "https://u@stronghold.example", "https://", "https:/a"]
    {
        check(url).unwrap_err();
    }
}

#[test]
fn the_default_authorities_are_both_names_of_the_loopback() {
    let authorities = |arguments: &[&str]| {
        let arguments = ["stronghold-server", "--data-dir", "d"].iter().chain(arguments).map(Into::into);
        let serve = Arguments::read(arguments, |_| None).unwrap().serve;
        let bound = if serve.listen.port() == 0 { "127.0.0.1:4711".parse().unwrap() } else { serve.listen };
        serve
            .settings(bound)
            .unwrap()
            .endpoints
            .iter()
            .map(|at| format!("{}{}", at.authority, at.base))
            .collect::<Vec<_>>()
    };
    assert_eq!(authorities(&["--listen", "127.0.0.1:0"]), ["127.0.0.1:4711", "localhost:4711"]);
    assert_eq!(authorities(&["--listen", "[::1]:80"]), ["127.0.0.1", "[::1]", "localhost"]);
    assert_eq!(authorities(&["--listen", "192.0.2.1:80"]), ["192.0.2.1"]);
    let urls = ["--public-url", "https://a.test/x", "--public-url", "https://b.test:444"];
    assert_eq!(authorities(&urls), ["a.test/x", "b.test:444"]);
}
