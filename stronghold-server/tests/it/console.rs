//! The web console over sockets: what is served, how, and that nothing else is.

use crate::world::*;
use http::HeaderValue;
use proptest::{prelude::*, test_runner::TestRunner};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Command, Stdio},
    time::Duration,
};
use stronghold_protocol::{crypto::hash::sha256, problem::Problem};
use stronghold_server::{
    access::{Found, RateLimit, find_route, routes},
    config::Arguments,
    console::{Bundle, Console, File, PLACES},
    http::{ServeLimits, Server, tls_config},
    service::{Limits, Settings},
    store::sqlite::SqliteStore,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const POLICY: &str = "default-src 'none'; script-src 'sha384-AAAA' 'wasm-unsafe-eval'; frame-ancestors 'none'";

const fn file(name: &'static str, plain: &'static [u8]) -> File {
    File { name, plain, brotli: None, gzip: None }
}

/// A console that does not depend on what was built. The compressed bytes are none: what matters is which are sent.
static BUNDLE: Bundle = Bundle {
    policy: HeaderValue::from_static(POLICY),
    files: &[
        File {
            name: "index.html",
            plain: b"<!doctype html><p>plain",
            brotli: Some(b"page as brotli"),
            gzip: Some(b"page as gzip"),
        },
        File {
            name: "assets/app-11111111.js",
            plain: b"export {}",
            brotli: Some(b"script as brotli"),
            gzip: Some(b"script as gzip"),
        },
        File {
            name: "assets/core-22222222.wasm",
            plain: b"\0asm\x01\0\0\0",
            brotli: None,
            gzip: Some(b"wasm as gzip"),
        },
        file("assets/style-33333333.css", b"p{}"),
        file("assets/icon-44444444.svg", b"<svg/>"),
        file("assets/data-55555555.bin", b"data"),
        file("SHA256SUMS", b"0  index.html\n"),
        // Nothing that has a place.
        file("robots.txt", b"nobody sees this"),
        file("assets/deeper/file.js", b"nobody sees this"),
        file("assets/", b"nobody sees this"),
    ],
};

const PATHS: [&str; 7] = [
    "/",
    "/SHA256SUMS",
    "/assets/app-11111111.js",
    "/assets/core-22222222.wasm",
    "/assets/data-55555555.bin",
    "/assets/icon-44444444.svg",
    "/assets/style-33333333.css",
];

struct Served {
    world: World<SqliteStore>,
    address: SocketAddr,
}

async fn serve_with(console: Option<Console>, settings: Settings) -> Served {
    let world = World::with_settings(settings).await;
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), None, ServeLimits::default()).await.unwrap();
    let server = match console {
        Some(console) => server.with_console(console),
        None => server,
    };
    let address = server.local_address().unwrap();
    tokio::spawn(server.run(world.service.clone(), std::future::pending()));
    Served { world, address }
}

async fn serve(console: Console) -> Served {
    serve_with(Some(console), settings()).await
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    /// The one value of a header; empty without one.
    fn header(&self, name: &str) -> &str {
        let mut values = self.headers.iter().filter(|(header, _)| header == name);
        let value = values.next().map_or("", |(_, value)| value);
        assert!(values.next().is_none(), "{name} stands twice");
        value
    }

    /// Checks that it is the API's own answer to a path that does not exist.
    fn assert_is_the_apis_not_found(&self, label: &str) {
        assert_eq!(self.status, 404, "{label}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{label}");
        assert_eq!(serde_json::from_slice::<Problem>(&self.body).unwrap().code.to_string(), "not_found", "{label}");
        assert_eq!(self.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'", "{label}");
        assert_eq!(self.header("cache-control"), "no-store", "{label}");
        assert_eq!(self.header("permissions-policy"), "", "{label}");
    }
}

impl Served {
    /// Sends a request, with headers as lines, and reads everything up to the end of the connection.
    async fn ask(&self, method: &str, target: &str, headers: &[&str]) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let lines: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        let head = format!("{method} {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{lines}\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        let split = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..split].to_vec()).unwrap();
        let (status, lines) = head.split_once("\r\n").unwrap();
        let headers = lines.lines().map(|line| line.split_once(": ").unwrap());
        Answer {
            status: status.split(' ').nth(1).unwrap().parse().unwrap(),
            headers: headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect(),
            body: bytes[split + 4..].to_vec(),
        }
    }

    async fn get(&self, target: &str) -> Answer {
        self.ask("GET", target, &[]).await
    }
}

#[tokio::test]
async fn each_file_is_served_with_its_type_and_how_long_it_may_be_kept() {
    let served = serve(Console::new(&BUNDLE)).await;
    let (asked, kept) = ("no-cache", "public, max-age=31536000, immutable");
    for (path, media_type, caching) in [
        ("/", "text/html; charset=utf-8", asked),
        ("/?from=a-bookmark", "text/html; charset=utf-8", asked),
        ("/SHA256SUMS", "text/plain; charset=utf-8", asked),
        ("/assets/app-11111111.js", "text/javascript", kept),
        ("/assets/core-22222222.wasm", "application/wasm", kept),
        ("/assets/style-33333333.css", "text/css", kept),
        ("/assets/icon-44444444.svg", "image/svg+xml", kept),
        ("/assets/data-55555555.bin", "application/octet-stream", kept),
    ] {
        let answer = served.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), media_type, "{path}");
        assert_eq!(answer.header("cache-control"), caching, "{path}");
        assert_eq!(answer.header("vary"), "accept-encoding", "{path}");
        assert_eq!(answer.header("content-encoding"), "", "{path}");
        assert_eq!(answer.header("content-length"), answer.body.len().to_string(), "{path}");
    }
    assert_eq!(served.get("/").await.body, b"<!doctype html><p>plain");
    assert_eq!(served.get("/assets/core-22222222.wasm").await.body, b"\0asm\x01\0\0\0");
    assert_eq!(Console::new(&BUNDLE).paths(), PATHS);
}

#[tokio::test]
async fn every_answer_of_the_console_says_what_a_browser_must_not_do() {
    let served = serve(Console::new(&BUNDLE)).await;
    let tag = served.get("/").await.header("etag").to_owned();
    let mut answers = vec![
        served.ask("GET", "/", &[&format!("if-none-match: {tag}")]).await,
        served.ask("POST", "/", &["content-length: 0"]).await,
        served.ask("HEAD", "/", &[]).await,
    ];
    assert_eq!(answers.iter().map(|answer| answer.status).collect::<Vec<_>>(), [304, 405, 200]);
    for path in PATHS {
        answers.push(served.get(path).await);
    }
    for answer in answers {
        for (name, value) in [
            ("content-security-policy", POLICY),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-embedder-policy", "require-corp"),
            ("cross-origin-resource-policy", "same-origin"),
            // Over plain HTTP, browsers ignore it anyway.
            ("strict-transport-security", ""),
        ] {
            assert_eq!(answer.header(name), value, "{name}");
        }
        let permissions = answer.header("permissions-policy");
        assert!(permissions.contains("camera=()") && permissions.contains("clipboard-read=()"), "{permissions}");
        assert!(!permissions.contains("clipboard-write"), "tokens are copied: {permissions}");
    }
}

#[tokio::test]
async fn the_coding_is_the_one_that_is_accepted_and_liked_most() {
    let served = serve(Console::new(&BUNDLE)).await;
    let (page, wasm, style) = ("/", "/assets/core-22222222.wasm", "/assets/style-33333333.css");
    for (path, accept, coding) in [
        (page, "", ""),
        (page, "gzip, deflate, br, zstd", "br"),
        (page, "gzip, deflate", "gzip"),
        (page, "x-gzip", "gzip"),
        (page, "GZIP", "gzip"),
        (page, "BR;Q=1.0", "br"),
        (page, "br;q=0.5, gzip;q=0.8", "gzip"),
        (page, "br ; q=0.5 , gzip ; q=0.5", "br"),
        (page, "br;q=0.001", "br"),
        (page, "br;q=0, gzip;q=0", ""),
        (page, "br;q=0", ""),
        (page, "br;q=0.000, *", "gzip"),
        (page, "*", "br"),
        (page, "*;q=0", ""),
        (page, "*;q=0, gzip", "gzip"),
        (page, "identity", ""),
        (page, "identity, br;q=0.9", ""),
        (page, "identity;q=0.5, br;q=0.9", "br"),
        (page, "identity;q=0, zstd", ""),
        (page, "zstd", ""),
        (page, "br;q=2, gzip;q=-1, br;q=0.1234, gzip;level=9, ;, =, br;q=", ""),
        (page, "bro, brr, xgzip", ""),
        (wasm, "br, gzip;q=0.1", "gzip"),
        (wasm, "br", ""),
        (style, "br, gzip", ""),
    ] {
        let answer = served.ask("GET", path, &[&format!("accept-encoding: {accept}")]).await;
        assert_eq!((answer.status, answer.header("content-encoding")), (200, coding), "{path} {accept:?}");
        let expected: &[u8] = match (path, coding) {
            ("/", "br") => b"page as brotli",
            ("/", "gzip") => b"page as gzip",
            ("/", _) => b"<!doctype html><p>plain",
            (_, "gzip") => b"wasm as gzip",
            ("/assets/core-22222222.wasm", _) => b"\0asm\x01\0\0\0",
            _ => b"p{}",
        };
        assert_eq!(answer.body, expected, "{path} {accept:?}");
        assert_eq!(answer.header("vary"), "accept-encoding");
    }
    // A list over several lines is one list; bytes that are no text are no list.
    let lines = ["accept-encoding: br;q=0.1", "accept-encoding: gzip"];
    assert_eq!(served.ask("GET", "/", &lines).await.header("content-encoding"), "gzip");
    assert_eq!(served.ask("GET", "/", &["accept-encoding: br\u{e9}"]).await.header("content-encoding"), "");
}

/// The rule once more, in other words: the liked most among those that are there and not refused; of equals the smaller.
fn expected_coding(wanted: &BTreeMap<&str, u16>) -> &'static str {
    let weight = |name: &str| wanted.get(name).or(wanted.get("*")).copied();
    let (brotli, gzip) = (weight("br").unwrap_or(0), weight("gzip").unwrap_or(0));
    let identity = weight("identity").unwrap_or(0);
    match brotli.max(gzip) {
        0 => "",
        most if identity > most => "",
        most if brotli == most => "br",
        _ => "gzip",
    }
}

#[test]
fn any_list_of_codings_is_answered_by_the_rule_and_any_text_by_a_page() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let served = runtime.block_on(serve(Console::new(&BUNDLE)));
    let ask = |accept: &str| runtime.block_on(served.ask("GET", "/", &[&format!("accept-encoding: {accept}")]));
    let names = prop::sample::select(vec!["br", "gzip", "identity", "*", "zstd"]);
    let weights = prop_oneof![Just(0_u16), Just(1), Just(500), Just(1000), 0_u16..=1000];
    let mut runner = TestRunner::default();
    runner
        .run(&(prop::collection::btree_map(names, weights, 0..6), "[brgzip*;=q.,01 -]{0,40}"), |(wanted, text)| {
            let weighted = |(name, weight): (&&str, &u16)| format!("{name};q={}.{:03}", weight / 1000, weight % 1000);
            let list: Vec<String> = wanted.iter().map(weighted).collect();
            let answer = ask(&list.join(", "));
            prop_assert_eq!(answer.header("content-encoding"), expected_coding(&wanted));
            prop_assert_eq!(ask(&text).status, 200);
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn what_a_browser_has_is_not_sent_again() {
    let served = serve(Console::new(&BUNDLE)).await;
    let brotli = "accept-encoding: br";
    let mut tags = BTreeSet::new();
    for path in PATHS {
        let plain = served.get(path).await;
        let tag = plain.header("etag").to_owned();
        assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 32, "{tag}");
        tags.insert(tag.clone());
        for known in
            [tag.clone(), format!("W/{tag}"), "*".to_owned(), format!("\"other\", {tag}"), format!("\"\",W/{tag},")]
        {
            let answer = served.ask("GET", path, &[&format!("if-none-match: {known}")]).await;
            assert_eq!((answer.status, answer.body.len()), (304, 0), "{path} {known}");
            assert_eq!(answer.header("etag"), tag);
            assert_eq!(answer.header("cache-control"), plain.header("cache-control"));
            assert_eq!(answer.header("vary"), "accept-encoding");
            assert_eq!((answer.header("content-type"), answer.header("content-encoding")), ("", ""));
        }
        for other in ["\"other\"", "", tag.trim_matches('"'), &tag.to_uppercase(), "\"*\""] {
            let answer = served.ask("GET", path, &[&format!("if-none-match: {other}")]).await;
            assert_eq!((answer.status, &answer.body), (200, &plain.body), "{path} {other}");
        }
    }
    assert_eq!(tags.len(), PATHS.len());
    // A strong tag is of the very bytes: one coding's is not another's.
    let coded = served.ask("GET", "/", &[brotli]).await.header("etag").to_owned();
    assert!(!tags.contains(&coded));
    let known = format!("if-none-match: {coded}");
    assert_eq!(served.ask("GET", "/", &[brotli, &known]).await.status, 304);
    assert_eq!(served.ask("GET", "/", &[&known]).await.status, 200);
}

#[tokio::test]
async fn only_get_and_head_are_taken() {
    let served = serve(Console::new(&BUNDLE)).await;
    for path in PATHS {
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", "ANYTHING"] {
            let answer = served.ask(method, path, &["content-length: 0"]).await;
            assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD"), "{method} {path}");
            assert_eq!(answer.header("cache-control"), "no-store");
            assert_eq!(answer.header("content-type"), "application/problem+json");
            let problem: Problem = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!((problem.status, problem.code.to_string().as_str()), (405, "method_not_allowed"));
        }
        for accept in ["", "br", "gzip"] {
            let accept = format!("accept-encoding: {accept}");
            let (get, head) = (served.ask("GET", path, &[&accept]).await, served.ask("HEAD", path, &[&accept]).await);
            assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
            let without_date = |answer: &Answer| {
                let mut headers = answer.headers.clone();
                headers.retain(|(name, _)| name != "date");
                headers.sort();
                headers
            };
            assert_eq!(without_date(&head), without_date(&get), "{path}");
        }
    }
    // A body that is announced is not waited for.
    let answer = served.ask("POST", "/", &["content-length: 99999999999"]).await;
    assert_eq!(answer.status, 405);
}

#[tokio::test]
async fn what_is_neither_the_consoles_nor_the_apis_stays_a_problem() {
    let served = serve(Console::new(&BUNDLE)).await;
    for path in [
        "/index.html",
        "/csp.txt",
        "/robots.txt",
        "/favicon.ico",
        "//",
        "/./",
        "/assets",
        "/assets/",
        "/assets/.",
        "/assets/..",
        "/assets/../index.html",
        "/assets/../../Cargo.toml",
        "/assets/%2e%2e/index.html",
        "/assets/..%2findex.html",
        "/assets/..%5c..%5cCargo.toml",
        "/../../../../etc/passwd",
        "/etc/passwd",
        "/assets/app-11111111.js/",
        "/assets/app-11111111.js.br",
        "/assets/app-11111111.js.gz",
        "/assets/app-11111111.js%00",
        "/assets/%61pp-11111111.js",
        "/assets//app-11111111.js",
        "//assets/app-11111111.js",
        "/ASSETS/app-11111111.js",
        "/assets/APP-11111111.js",
        "/assets/app-99999999.js",
        "/assets/deeper/file.js",
        "/sha256sums",
        "/SHA256SUMS/",
        "/v1/assets/app-11111111.js",
    ] {
        served.get(path).await.assert_is_the_apis_not_found(path);
    }
    let health = served.get("/healthz").await;
    assert_eq!((health.status, health.header("cache-control")), (200, "no-store"));
    assert_eq!(health.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
    assert_eq!(health.header("permissions-policy"), "");
    assert_eq!(served.ask("DELETE", "/v1/setup", &[]).await.header("allow"), "POST");
}

#[tokio::test]
async fn the_console_touches_neither_the_log_nor_a_limit() {
    let once = RateLimit { burst: 1, per_minute: 1 };
    let limits = Limits { refused: once, ..settings().limits };
    let served = serve_with(Some(Console::new(&BUNDLE)), Settings { limits, ..settings() }).await;
    let before = served.world.records().await.len();
    for _ in 0..5 {
        assert_eq!(served.get("/").await.status, 200);
        assert_eq!(served.ask("POST", "/", &["content-length: 0"]).await.status, 405);
    }
    let whoami = served.world.path("whoami");
    assert_eq!(served.get(&whoami).await.status, 401, "the first refusal of this address");
    assert_eq!(served.get(&whoami).await.status, 429);
    assert_eq!(served.get("/").await.status, 200);
    assert_eq!(served.world.records().await.len(), before);
}

/// Over the route table: no path can be both. A segment that varies stands for every segment.
#[test]
fn no_place_of_the_console_can_ever_be_a_route() {
    let overlap = |one: &str, other: &str| {
        let (one, other): (Vec<&str>, Vec<&str>) = (one.split('/').collect(), other.split('/').collect());
        let varies = |segment: &str| segment.starts_with('{');
        one.len() == other.len() && one.iter().zip(&other).all(|(a, b)| a == b || varies(a) || varies(b))
    };
    assert!(overlap("/assets/{name}", "/{org}/x") && !overlap("/", "/healthz"));
    let mut pairs = 0;
    for place in PLACES {
        for route in routes() {
            assert!(!overlap(place.path, route.pattern), "{} and {}", place.path, route.pattern);
            pairs += 1;
        }
    }
    assert_eq!(pairs, PLACES.len() * routes().len());
    let places = |path: &str| PLACES.iter().filter(|place| overlap(place.path, path)).count();
    for console in [Console::new(&BUNDLE), Console::embedded(), Console::not_built()] {
        for path in console.paths() {
            assert_eq!(places(path), 1, "{path}");
            for method in ["GET", "HEAD", "POST", "DELETE"] {
                assert!(matches!(find_route(method, path), Found::Nothing), "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn every_route_answers_the_same_with_a_console_and_without() {
    let (with, without) = (serve(Console::new(&BUNDLE)).await, serve_with(None, settings()).await);
    for route in routes() {
        let path = route.pattern.replace("{org}", &with.world.org.to_string()).replace("{profile}", "production");
        for method in ["GET", "HEAD", "POST", "PUT"] {
            let (one, other) = (
                with.ask(method, &path, &["content-length: 0"]).await,
                without.ask(method, &path, &["content-length: 0"]).await,
            );
            let names = |answer: &Answer| answer.headers.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
            assert_eq!((one.status, names(&one)), (other.status, names(&other)), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn without_a_console_nothing_is_there() {
    let served = serve_with(None, settings()).await;
    for path in PATHS {
        served.get(path).await.assert_is_the_apis_not_found(path);
    }
    let served = serve(Console::default()).await;
    served.get("/").await.assert_is_the_apis_not_found("/");
}

async fn assert_says_that_nothing_was_built(served: &Served) {
    for accept in ["", "br, gzip"] {
        let page = served.ask("GET", "/", &[&format!("accept-encoding: {accept}")]).await;
        assert_eq!(page.status, 404);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!((page.header("cache-control"), page.header("etag")), ("no-store", ""));
        let policy = page.header("content-security-policy");
        assert_eq!(policy, "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
        let text = String::from_utf8(page.body).unwrap();
        assert!(text.contains("built without the web console") && text.contains("cargo xtask console"), "{text}");
        for active in ["<script", "<style", "style=", "<link", "<img", "href=", "src="] {
            assert!(!text.contains(active), "{active} is nothing that the policy allows");
        }
    }
    let head = served.ask("HEAD", "/", &[]).await;
    assert_eq!((head.status, head.body.len()), (404, 0));
    assert_eq!(served.ask("POST", "/", &["content-length: 0"]).await.header("allow"), "GET, HEAD");
    served.get("/SHA256SUMS").await.assert_is_the_apis_not_found("/SHA256SUMS");
    assert_eq!(served.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_server_that_was_built_without_says_so_and_works() {
    let served = serve(Console::not_built()).await;
    assert_says_that_nothing_was_built(&served).await;
}

/// Whatever was in `console/dist` when this was compiled: a whole build, or the page that says that there was none.
#[tokio::test]
async fn what_was_embedded_is_whole() {
    let served = serve(Console::embedded()).await;
    if !Console::is_embedded() {
        return assert_says_that_nothing_was_built(&served).await;
    }
    let page = served.get("/").await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").to_owned();
    let unsafe_words = policy.split([' ', ';']).filter(|word| word.contains("unsafe"));
    assert!(unsafe_words.eq(["'wasm-unsafe-eval'"]) && policy.contains("frame-ancestors 'none'"), "{policy}");
    let sums = String::from_utf8(served.get("/SHA256SUMS").await.body).unwrap();
    let mut listed = vec!["/SHA256SUMS".to_owned()];
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").unwrap();
        let hash = |bytes: &[u8]| data_encoding::HEXLOWER.encode(&sha256(&[bytes]).0);
        if name == "csp.txt" {
            assert_eq!(hash(format!("{policy}\n").as_bytes()), sum, "the policy is the published one");
            continue;
        }
        let path = if name == "index.html" { "/".to_owned() } else { format!("/{name}") };
        let plain = served.get(&path).await;
        assert_eq!((plain.status, hash(&plain.body).as_str()), (200, sum), "{path}");
        assert_ne!(plain.header("content-type"), "application/octet-stream", "{path}");
        let brotli = served.ask("GET", &path, &["accept-encoding: br"]).await;
        assert_eq!(brotli.header("content-encoding"), "br", "{path}");
        let gzip = served.ask("GET", &path, &["accept-encoding: gzip"]).await;
        // RFC 1952: two bytes that name the format, and at the end the length of what it was.
        assert_eq!((gzip.header("content-encoding"), &gzip.body[..2]), ("gzip", &[0x1f, 0x8b][..]), "{path}");
        let length = u32::from_le_bytes(*gzip.body.last_chunk().unwrap());
        assert_eq!(usize::try_from(length).unwrap(), plain.body.len(), "{path}");
        listed.push(path);
    }
    listed.sort();
    assert_eq!(Console::embedded().paths(), listed, "what is served is what is listed");
}

#[tokio::test]
async fn over_tls_browsers_are_told_to_stay_with_it_by_either_version_of_http() {
    let world = World::new().await;
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificate, key) = (world.data.path().join("cert.pem"), world.data.path().join("key.pem"));
    fs::write(&certificate, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let tls = Some(tls_config(&certificate, &key).unwrap());
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), tls, ServeLimits::default()).await.unwrap();
    let server = server.with_console(Console::new(&BUNDLE));
    let url = format!("https://localhost:{}", server.local_address().unwrap().port());
    tokio::spawn(server.run(world.service.clone(), std::future::pending()));
    let client = || {
        let root = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
        reqwest::Client::builder().tls_certs_only([root]).no_proxy().timeout(Duration::from_secs(60))
    };
    for (client, version) in [
        (client().build().unwrap(), http::Version::HTTP_2),
        (client().http1_only().build().unwrap(), http::Version::HTTP_11),
    ] {
        for method in [http::Method::GET, http::Method::HEAD] {
            let request = client.request(method.clone(), &url).header("accept-encoding", "br");
            let answer = request.send().await.unwrap();
            assert_eq!((answer.status().as_u16(), answer.version()), (200, version));
            assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000");
            assert_eq!(answer.headers()["content-length"], "14");
            let body = answer.bytes().await.unwrap();
            assert_eq!(body.len(), if method == http::Method::GET { 14 } else { 0 });
        }
        let health = client.get(format!("{url}/healthz")).send().await.unwrap();
        assert!(!health.headers().contains_key("strict-transport-security"));
    }
}

#[test]
fn the_operator_may_switch_it_off() {
    let console = |more: &[&str]| {
        let arguments = ["stronghold-server", "--data-dir", "d"].iter().chain(more).map(Into::into);
        Arguments::read(arguments, |_| None).unwrap().serve.console(([127, 0, 0, 1], 7878).into()).unwrap()
    };
    assert_eq!(console(&[]).paths(), Console::embedded().paths());
    assert!(console(&["--no-console"]).paths().is_empty());
}

/// Starts the program, asks for `/`, and ends it.
fn page_of_the_program(variable: &str) -> String {
    let root = TempDir::new().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_stronghold-server"));
    command.env_clear().env("STRONGHOLD_SERVER_NO_CONSOLE", variable);
    command.arg("--data-dir").arg(root.path().join("data")).args(["--listen", "127.0.0.1:0"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.strip_prefix("listening on http://").unwrap().trim_end().to_owned();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    std::io::Write::write_all(&mut stream, b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    std::io::Read::read_to_end(&mut stream, &mut answer).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    String::from_utf8(answer).unwrap().to_lowercase()
}

#[test]
fn the_program_serves_it_unless_its_environment_says_no() {
    for unset in ["", "false"] {
        let page = page_of_the_program(unset);
        assert!(page.contains("content-type: text/html") && page.contains("permissions-policy:"), "{page}");
    }
    let off = page_of_the_program("true");
    assert!(off.contains("404 not found") && off.contains("application/problem+json"), "{off}");
}

#[test]
fn the_operators_chapter_names_every_place() {
    let chapter = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/console.md")).unwrap();
    for place in PLACES {
        let row = format!("| `{}` | `{}` | `{}` |", place.path, place.file, place.caching);
        assert!(chapter.contains(&row), "docs/console.md lacks the row {row}");
    }
}
