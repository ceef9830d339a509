//! Proxies of the environment: for other machines, and never for this one.

use crate::{org, text};
use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
};
use stronghold_testkit::{Cli, Org, Receiver, Server, ServerOptions, random_word, until};

/// Every variable that some program takes a proxy from.
const VARIABLES: [&str; 6] = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// A proxy that lets nothing through, and keeps the first line of whatever is asked of it.
struct Trap {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Trap {
    fn set() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // Before anything is read: a connection alone is too much.
                kept.lock().unwrap().push("a connection".to_owned());
                let kept = Arc::clone(&kept);
                thread::spawn(move || {
                    let mut line = String::new();
                    let mut client = BufReader::new(client);
                    let _ = client.read_line(&mut line);
                    kept.lock().unwrap().push(line);
                    let _ = client
                        .get_mut()
                        .write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                });
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// All variables at once, with this proxy.
    fn everywhere(&self, cli: Cli) -> Cli {
        VARIABLES.iter().fold(cli, |cli, name| cli.var(name, &self.url))
    }
}

/// From the setup code on: nothing that is said to a server on this machine passes a proxy.
#[test]
fn no_proxy_sees_what_is_said_to_this_machine() {
    let trap = Trap::set();
    let server = Server::start();
    let port = server.address().rsplit_once(':').unwrap().1.to_owned();
    let localhost = format!("http://localhost:{port}");
    let org = Org::create(server, &localhost, |cli| trap.everywhere(cli));
    let profile = org.profile(&[("KEY", b"value")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    let pull = ["env", "pull", "--profile", &profile];
    for variable in VARIABLES {
        for url in [localhost.clone(), org.server.url().to_owned(), format!("http://127.1:{port}")] {
            let cli = org.as_agent(&agent).var(variable, &trap.url).var("API_STRONGHOLD_URL", &url);
            // Another spelling of the address may not be what the server signs for; it is asked all the same.
            let run = cli.run(&pull);
            assert!(matches!(run.code(), 0 | 3), "{variable} {url}: {run}");
        }
    }
    let six = ServerOptions::default().listen("[::1]:0").start();
    let six_url = six.url().to_owned();
    let _ = Org::create(six, &six_url, |cli| trap.everywhere(cli));
    assert_eq!(trap.asked(), Vec::<String>::new(), "a proxy saw what was said to this machine");
}

/// `quickstart` sets a server up on this machine.
#[test]
fn no_proxy_sees_a_quickstart() {
    let trap = Trap::set();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    trap.everywhere(Cli::without_config_dir()).ok(&["quickstart", "--once", "--data-dir", text(&data)]);
    assert_eq!(trap.asked(), Vec::<String>::new());
}

/// For other machines, proxies and their exceptions are what they were.
#[test]
fn other_machines_are_reached_through_the_proxy() {
    let agent = org().agent(&[]);
    let reach = |set: &dyn Fn(Cli, &str) -> Cli| {
        let trap = Trap::set();
        let cli = org().as_agent(&agent).var("API_STRONGHOLD_URL", "https://stronghold.invalid");
        set(cli, &trap.url).run(&["--timeout", "20", "profile", "list"]).fails(6);
        trap.asked()
    };
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let asked = reach(&|cli, url| cli.var(variable, url));
        assert!(asked.iter().any(|line| line.starts_with("CONNECT stronghold.invalid:443 ")), "{variable}: {asked:?}");
    }
    assert_eq!(reach(&|cli, url| cli.var("HTTP_PROXY", url)), Vec::<String>::new(), "that one is for plain http");
    for (variable, value) in [("NO_PROXY", "stronghold.invalid"), ("no_proxy", ".invalid"), ("NO_PROXY", "*")] {
        let asked = reach(&|cli, url| cli.var("HTTPS_PROXY", url).var(variable, value));
        assert_eq!(asked, Vec::<String>::new(), "{variable}={value}");
    }
}

/// The server's webhook likewise: events for a receiver on this machine are no proxy's.
#[test]
fn no_proxy_sees_the_events_for_a_receiver_on_this_machine() {
    let (trap, receiver) = (Trap::set(), Receiver::start());
    let mut wrapper = vec!["/usr/bin/env".into()];
    wrapper.extend(VARIABLES.iter().map(|name| format!("{name}={}", trap.url).into()));
    let server = ServerOptions::default().arg("--audit-webhook").arg(receiver.url()).through(wrapper).start();
    let org = Org::on(server);
    org.owner.json(&["profile", "create", &random_word(8)]);
    let patience = std::time::Duration::from_secs(60);
    until("events come", patience, || (!receiver.deliveries().is_empty()).then_some(()));
    assert_eq!(trap.asked(), Vec::<String>::new());
}
