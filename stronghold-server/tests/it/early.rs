//! A large body is read after the headers of its request were judged, and no sooner.

use crate::{http::*, world::*};
use std::{
    io::{Read, Write},
    time::Duration,
};
use stronghold_protocol::{
    audit::{AuditRecord, Outcome},
    directory::{Change, Conditions, Role},
    limits::{DENIALS_RECORDED, UNJUDGED_BODY_BYTES},
    request::{Method, SignedRequest},
};
use stronghold_server::{http::ServeLimits, store::sqlite::SqliteStore};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

const PATIENCE: Duration = Duration::from_secs(30);

/// A question for seals, made larger than what is read unjudged.
fn large_body() -> Vec<u8> {
    format!("{{\"objects\":[],\"histories\":false}}{}", " ".repeat(2 * UNJUDGED_BODY_BYTES)).into_bytes()
}

async fn serve() -> Served {
    serve_with(ServeLimits::default(), settings()).await
}

fn seals(world: &World<SqliteStore>, who: &Actor, body: &[u8]) -> SignedRequest {
    world.sign(who, Method::Post, &world.path("seals"), "", body)
}

/// What a request is answered of whose body nothing is sent.
async fn refusal(served: &Served, head: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(head).await.unwrap();
    // Not to the end of the connection: for a moment the server would throw away what comes.
    let mut bytes = Vec::new();
    let read = async {
        loop {
            assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "it ends without an answer");
            if let Some(answer) = whole_answer(&bytes) {
                return answer;
            }
        }
    };
    timeout(PATIENCE, read).await.expect("it waits for the body")
}

fn head_of(request: &SignedRequest, body: &[u8]) -> Vec<u8> {
    let mut wire = wire(request, "stronghold.test", body);
    wire.truncate(wire.len() - body.len());
    wire
}

async fn denials(served: &Served) -> Vec<AuditRecord> {
    let records = served.world.records().await.into_iter();
    records.filter(|record| record.outcome == Outcome::Denied).collect()
}

/// The last record, which must be of this request, denied for this.
async fn assert_recorded(served: &Served, request: &SignedRequest, reason: &str) {
    let last = served.world.records().await.pop().unwrap();
    assert_eq!((last.outcome, last.reason.as_deref()), (Outcome::Denied, Some(reason)));
    assert_eq!(last.request.as_ref(), Some(request));
    assert_eq!(last.address.as_deref(), Some("127.0.0.1"));
}

/// A client that sends all of its request before it reads is not cut off over what nobody reads.
#[tokio::test]
async fn a_refused_body_can_be_sent_to_its_end() {
    let served = serve().await;
    let body = vec![b' '; 700 * 1024];
    let request = seals(&served.world, &Actor::user("stranger"), &body);
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(&head_of(&request, &body)).await.unwrap();
    // It is refused by now.
    timeout(PATIENCE, stream.peek(&mut [0])).await.unwrap().unwrap();
    stream.write_all(&body).await.unwrap();
    let mut bytes = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.unwrap().expect("the connection ends well");
    assert_eq!(whole_answer(&bytes).unwrap().code(), "unauthenticated");
}

#[tokio::test]
async fn what_is_wrong_with_the_headers_is_told_before_the_body_is_sent() {
    let mut served = serve().await;
    let body = large_body();
    let auditor = served.world.create_user("auditor", Role::Auditor, &[]).await;
    let gone = served.world.create_user("gone", Role::Editor, &[]).await;
    served.world.commit(vec![Change::UserRemoved { id: gone.user_id() }], Vec::new()).await;
    let before = served.world.records().await.len();

    // The signature: nobody's, another key's, over another digest.
    let unsigned = format!(
        "POST {} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        served.world.path("seals"),
        body.len()
    );
    assert_eq!(refusal(&served, unsigned.as_bytes()).await.code(), "unauthenticated");
    let stranger = seals(&served.world, &Actor::user("stranger"), &body);
    assert_eq!(refusal(&served, &head_of(&stranger, &body)).await.code(), "unauthenticated");
    let request = seals(&served.world, &served.world.owner, &body);
    let other = seals(&served.world, &served.world.owner, b"another body");
    let text = String::from_utf8(head_of(&request, &body)).unwrap();
    let (digest, forged) = (request.content_digest_header().unwrap(), other.content_digest_header().unwrap());
    assert_eq!(refusal(&served, text.replace(&digest, &forged).as_bytes()).await.code(), "unauthenticated");
    assert_eq!(served.world.records().await.len(), before, "of what nobody signed there is no record");

    // The clock, for which no nonce is used up.
    let late = seals(&served.world, &served.world.owner, &body);
    served.world.clock.advance_millis(61_000);
    assert_eq!(refusal(&served, &head_of(&late, &body)).await.code(), "clock_skew");
    assert_recorded(&served, &late, "clock_skew").await;
    // The nonce.
    let used = seals(&served.world, &served.world.owner, &body);
    assert_eq!(exchange(served.address, &wire(&used, "stronghold.test", &body)).await.status, 200);
    assert_eq!(refusal(&served, &head_of(&used, &body)).await.code(), "nonce_used");
    assert_recorded(&served, &used, "nonce_used").await;
    // Standing, which comes before access.
    let removed = seals(&served.world, &gone, &body);
    assert_eq!(refusal(&served, &head_of(&removed, &body)).await.code(), "deleted");
    assert_recorded(&served, &removed, "deleted").await;
    assert_eq!(refusal(&served, &head_of(&removed, &body)).await.code(), "nonce_used", "it stands in the log");
    // Access.
    for who in [&served.agent, &auditor] {
        let request = seals(&served.world, who, &body);
        assert_eq!(refusal(&served, &head_of(&request, &body)).await.code(), "forbidden");
        assert_recorded(&served, &request, "forbidden").await;
    }
}

#[tokio::test]
async fn a_body_without_a_length_is_judged_once_it_is_large() {
    let served = serve().await;
    let (small, large) = (br#"{"objects":[],"histories":false}"#.to_vec(), large_body());
    let chunked = |who: &Actor, body: &[u8]| {
        let head = String::from_utf8(head_of(&seals(&served.world, who, body), body)).unwrap();
        head.replace(&format!("content-length: {}", body.len()), "transfer-encoding: chunked").into_bytes()
    };
    let chunk = |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
    for body in [&small, &large] {
        let wire = [chunked(&served.world.owner, body), chunk(body), b"0\r\n\r\n".to_vec()].concat();
        assert_eq!(exchange(served.address, &wire).await.status, 200);
    }
    // As long as it is small it is waited for, then it is refused without its rest.
    let begun = [chunked(&served.agent, &large), chunk(&large[..UNJUDGED_BODY_BYTES])].concat();
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(&begun).await.unwrap();
    assert!(timeout(Duration::from_millis(300), stream.read(&mut [0])).await.is_err(), "it could still be whole");
    stream.write_all(&chunk(b"x")).await.unwrap();
    assert_eq!(timeout(PATIENCE, read_answer(&mut stream)).await.unwrap().code(), "forbidden");
}

#[tokio::test]
async fn judging_uses_no_nonce_up() {
    let served = serve().await;
    let body = large_body();
    let request = seals(&served.world, &served.world.owner, &body);
    let before = served.world.records().await.len();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        let wire = wire(&request, "stronghold.test", &body);
        stream.write_all(&wire[..wire.len() - 10]).await.unwrap();
        stream.shutdown().await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    }
    assert_eq!(served.world.records().await.len(), before);
    let answer = exchange(served.address, &wire(&request, "stronghold.test", &body)).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    let again = exchange(served.address, &wire(&request, "stronghold.test", &body)).await;
    assert_eq!((again.status, again.code().as_str()), (401, "nonce_used"));
}

/// Sends all but the end of a body, so that it was judged; the end comes once `meanwhile` is over.
async fn interrupted(served: &mut Served, who: &Actor, meanwhile: impl AsyncFnOnce(&mut World<SqliteStore>)) -> Answer {
    let body = large_body();
    let wire = wire(&seals(&served.world, who, &body), "stronghold.test", &body);
    let (begun, rest) = wire.split_at(wire.len() - 10);
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(begun).await.unwrap();
    // It was judged by the time it is not refused.
    assert!(timeout(Duration::from_millis(300), stream.read(&mut [0])).await.is_err());
    meanwhile(&mut served.world).await;
    stream.write_all(rest).await.unwrap();
    read_answer(&mut stream).await
}

#[tokio::test]
async fn everything_is_decided_again_once_the_body_is_there() {
    let mut served = serve().await;
    let editor = served.world.create_user("editor", Role::Editor, &[]).await;
    assert_eq!(interrupted(&mut served, &editor, async |_| {}).await.status, 200);
    let late = interrupted(&mut served, &editor, async |world| world.clock.advance_millis(61_000)).await;
    assert_eq!(late.code(), "clock_skew");
    let removed = interrupted(&mut served, &editor, async |world| {
        let id = Actor::user("editor").user_id();
        world.commit(vec![Change::UserRemoved { id }], Vec::new()).await;
    });
    assert_eq!(removed.await.code(), "deleted");
}

#[tokio::test]
async fn a_body_of_another_digest_is_nobodys() {
    let served = serve().await;
    let body = large_body();
    let request = seals(&served.world, &served.world.owner, &body);
    let mut wire = wire(&request, "stronghold.test", &body);
    *wire.last_mut().unwrap() = b'\n';
    let before = served.world.records().await.len();
    let answer = exchange(served.address, &wire).await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "unauthenticated"));
    assert_eq!(served.world.records().await.len(), before);
}

/// A client that writes all of its request before it reads anything still reads why it was refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_sends_a_refused_body_reads_the_refusal() {
    let served = serve().await;
    for size in [UNJUDGED_BODY_BYTES + 1, 1024 * 1024] {
        let body = vec![b' '; size];
        let forbidden = wire(&seals(&served.world, &served.agent, &body), "stronghold.test", &body);
        let head = format!("POST /v1/orgs HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {size}\r\n\r\n");
        let nowhere = head.replace("/v1/orgs", "/nowhere");
        let public = [head.as_bytes(), &body].concat();
        let nowhere = [nowhere.as_bytes(), &body].concat();
        for (wire, expected) in [(forbidden, "forbidden"), (public, "too_large"), (nowhere, "too_large")] {
            let address = served.address;
            let answer = tokio::task::spawn_blocking(move || {
                let mut stream = std::net::TcpStream::connect(address).unwrap();
                stream.write_all(&wire).unwrap();
                let mut answer = String::new();
                stream.read_to_string(&mut answer).unwrap();
                answer
            });
            let answer = answer.await.unwrap();
            assert!(answer.contains(&format!("\"code\":\"{expected}\"")), "{size}: {answer}");
        }
    }
}

#[tokio::test]
async fn no_stranger_sends_more_than_is_read_unjudged() {
    let served = serve().await;
    for route in stronghold_server::access::routes().iter().filter(|route| !route.is_signed()) {
        assert!(route.body_limit <= UNJUDGED_BODY_BYTES, "{}", route.pattern);
    }
    let head = format!(
        "POST /v1/orgs HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        UNJUDGED_BODY_BYTES + 1
    );
    assert_eq!(refusal(&served, head.as_bytes()).await.code(), "too_large");
}

/// An agent that was deleted once wrote 88 MB of denials in ten seconds.
#[tokio::test]
async fn a_deleted_agents_denials_are_bounded_with_large_bodies_and_without() {
    let mut served = serve().await;
    let most = usize::try_from(DENIALS_RECORDED).unwrap();
    let body = large_body();
    let deleted = served.world.create_agent("deleted", &[], Conditions::default()).await;
    served.world.commit(vec![Change::AgentDeleted { id: deleted.agent_id() }], Vec::new()).await;
    let mut codes = Vec::new();
    for _ in 0..most + 5 {
        let request = seals(&served.world, &deleted, &body);
        codes.push(refusal(&served, &head_of(&request, &body)).await.code());
    }
    for _ in 0..5 {
        codes.push(code(&served.world.read(&deleted, "production").await));
    }
    assert!(codes[..most].iter().all(|code| code == "deleted"), "{codes:?}");
    assert!(codes[most..].iter().all(|code| code == "rate_limited"), "{codes:?}");
    let reasons: Vec<String> = denials(&served).await.into_iter().map(|record| record.reason.unwrap()).collect();
    assert_eq!(reasons.len(), most + 1);
    assert_eq!(reasons[most], "rate_limited");
    // Nobody else is refused by it, and the next minute begins again.
    let other = served.world.create_agent("other", &[], Conditions::default()).await;
    assert_eq!(code(&served.world.get(&other, &served.world.path("whoami"), "").await), "ok");
    served.world.clock.advance_millis(60_000);
    assert_eq!(code(&served.world.read(&deleted, "production").await), "deleted");
}
