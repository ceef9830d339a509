//! A server under a path: requests below it and with it taken off are the same, and signatures cover it.

use crate::world::*;
use http::HeaderValue;
use std::net::SocketAddr;
use stronghold_protocol::{
    api::SealedProfile,
    audit::AuditRecord,
    directory::Conditions,
    request::{BasePath, Endpoint, Method, RequestParts, SignedRequest},
};
use stronghold_server::{
    console::{Bundle, Console, File},
    http::{ServeLimits, Server},
    service::{Incoming, Settings},
    store::sqlite::SqliteStore,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

fn endpoint(path: &str) -> Endpoint {
    Endpoint::from_url(&format!("{URL}{path}").parse().unwrap()).unwrap()
}

async fn furnished(paths: &[&str]) -> (World<SqliteStore>, Actor) {
    let root = Endpoint::from_url(&"https://set-up.test".parse().unwrap()).unwrap();
    let endpoints = paths.iter().map(|path| endpoint(path)).chain([root]).collect();
    let mut world = World::with_settings(Settings { endpoints, ..settings() }).await;
    world.signed_for = Some("https://set-up.test".to_owned());
    world.create_profile("production").await;
    let group = world.create_group("deploy", &["production"], false).await;
    let agent = world.create_agent("agent", &[group], Conditions::default()).await;
    (world, agent)
}

/// A read that is signed for a base path, as it arrives below another.
fn read(world: &World<SqliteStore>, who: &Actor, signed: &str, arrives: &str) -> Incoming {
    let (path, base) = (world.profile_path("production", "read"), BasePath::new(signed).unwrap());
    let parts = RequestParts::new(Method::Get, path.clone(), "anchor=0").unwrap().under(&base).unwrap();
    let request = SignedRequest::sign(endpoint("").authority, parts, world.params(who), |base| who.sign.sign(base));
    let mut arriving = incoming(&request, Vec::new(), Some("192.0.2.7".parse().unwrap()));
    arriving.target = format!("{arrives}{path}?anchor=0");
    arriving
}

#[tokio::test]
async fn a_proxy_may_take_the_path_off_or_leave_it() {
    let (world, agent) = furnished(&["/stronghold"]).await;
    for arrives in ["/stronghold", ""] {
        let answer = world.service.handle(read(&world, &agent, "/stronghold", arrives)).await;
        let sealed: SealedProfile = reply(&answer);
        let record = AuditRecord::parse(&sealed.receipt.record.0).unwrap();
        let path = record.request.as_ref().unwrap().parts().path().to_owned();
        assert!(path.starts_with("/stronghold/v1/orgs/"), "the record holds what was signed: {path}");
        record.verify_request_signature(&agent.keys.sign).unwrap();
    }
}

#[tokio::test]
async fn a_signature_for_another_path_is_none() {
    let (world, agent) = furnished(&["/stronghold"]).await;
    let cases = [
        ("", ""),
        ("", "/stronghold"),
        ("/other", ""),
        ("/other", "/stronghold"),
        ("/Stronghold", ""),
        ("/stronghold/v1", ""),
        ("/stronghold-2", "/stronghold"),
        ("/a/stronghold", "/stronghold"),
    ];
    for (signed, arrives) in cases {
        let answer = world.service.handle(read(&world, &agent, signed, arrives)).await;
        assert_eq!(code(&answer), "unauthenticated", "signed for {signed:?}, arriving at {arrives:?}");
    }
    // What stands below no public URL is no route.
    for arrives in ["/other", "/Stronghold", "/stronghold/stronghold", "/strong"] {
        let answer = world.service.handle(read(&world, &agent, "/stronghold", arrives)).await;
        assert_eq!(code(&answer), "not_found", "{arrives}");
    }
}

#[tokio::test]
async fn two_paths_of_one_host_are_two_endpoints() {
    let (world, agent) = furnished(&["/one", "/two"]).await;
    for path in ["/one", "/two"] {
        assert_eq!(code(&world.service.handle(read(&world, &agent, path, path)).await), "ok");
        assert_eq!(code(&world.service.handle(read(&world, &agent, path, "")).await), "ok");
    }
}

#[tokio::test]
async fn targets_that_somebody_rewrote_are_refused_alike() {
    let (world, agent) = furnished(&["/stronghold"]).await;
    let good = read(&world, &agent, "/stronghold", "/stronghold");
    assert_eq!(code(&world.service.handle(good.clone()).await), "ok");
    let path = world.profile_path("production", "read");
    let changed = [
        (format!("{path}/?anchor=0"), "not_found"),
        (format!("/{path}?anchor=0"), "not_found"),
        (path.replace("/read", "//read") + "?anchor=0", "not_found"),
        (path.replace("/read", "/./read") + "?anchor=0", "not_found"),
        (path.replace("/read", "%2Fread") + "?anchor=0", "not_found"),
        (path.replace("/v1", "/%761") + "?anchor=0", "not_found"),
        (path.replace("name-", "%6eame-") + "?anchor=0", "unauthenticated"),
        (path.replace("name-", "~name-") + "?anchor=0", "unauthenticated"),
        (format!("{path}?"), "unauthenticated"),
        (path.clone(), "unauthenticated"),
        (format!("{path}?anchor=%30"), "unauthenticated"),
        (format!("{path}?anchor=0&"), "unauthenticated"),
        (format!("{path}?anchor=0?"), "unauthenticated"),
    ];
    for (target, expected) in changed {
        for base in ["", "/stronghold"] {
            let request = Incoming { target: format!("{base}{target}"), ..good.clone() };
            assert_eq!(code(&world.service.handle(request).await), expected, "{base}{target}");
        }
    }
}

static BUNDLE: Bundle = Bundle {
    policy: HeaderValue::from_static("default-src 'none'"),
    files: &[
        File { name: "index.html", plain: b"<p>console", brotli: None, gzip: None },
        File { name: "assets/app-1.js", plain: b"export {}", brotli: None, gzip: None },
    ],
};

async fn page(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn the_console_is_served_below_the_path_too() {
    let world = World::with_settings(Settings { endpoints: vec![endpoint("/stronghold")], ..settings() }).await;
    let console = Console::new(&BUNDLE).under(world.service.settings().bases());
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), None, ServeLimits::default()).await.unwrap();
    let server = server.with_console(console);
    let address = server.local_address().unwrap();
    tokio::spawn(server.run(world.service.clone(), std::future::pending()));
    for base in ["", "/stronghold"] {
        for (path, body) in [("/", "<p>console"), ("/assets/app-1.js", "export {}"), ("/healthz", "")] {
            let answer = page(address, &format!("{base}{path}")).await;
            assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(body), "{base}{path}: {answer}");
        }
    }
    // What it names stands below the slash.
    let answer = page(address, "/stronghold").await;
    assert!(answer.starts_with("HTTP/1.1 308 ") && answer.contains("location: /stronghold/\r\n"), "{answer}");
    for path in ["/other/", "/Stronghold/", "/stronghold//", "/stronghold/stronghold/", "/stronghold/assets/"] {
        let answer = page(address, path).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
    }
}
