//! What goes over the wire to webhooks and syslog receivers, read by others' implementations.

use crate::world::World;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, UdpSocket},
    path::Path,
    sync::{
        Arc,
        mpsc::{Receiver, channel},
    },
    thread,
};
use stronghold_protocol::{
    audit::Outcome,
    directory::Conditions,
    time::{Clock, SystemClock},
};
use stronghold_server::{
    audit::stream::{
        CaCertificate, DeliveryError, Event, InvalidSyslog, InvalidWebhook, Origin, Sink, SyslogSink, SyslogTarget,
        WebhookSecret, WebhookSink,
    },
    store::Store,
};
use syslog_loose::{SyslogFacility, SyslogSeverity, Variant};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Real events: allowed ones and a denied one.
async fn events() -> Vec<Event> {
    let mut world = World::new().await;
    world.create_profile("production").await;
    let group = world.create_group("deploy", &["production"], false).await;
    let agent = world.create_agent("ci", &[group], Conditions::default()).await;
    world.read(&agent, "production").await;
    world.read(&agent, "elsewhere").await;
    let org = world.org;
    let records = world.service.store().snapshot(move |tx| tx.records(&org, 0, usize::MAX)).await.unwrap();
    (0..).zip(&records).map(|(position, record)| Event::new(position, record).unwrap()).collect()
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// Answers each request with the next answer, and passes on what was asked: head and body.
fn receiver(answers: &'static [&'static str]) -> (String, Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, requests) = channel();
    thread::spawn(move || {
        for answer in answers {
            let mut client = BufReader::new(listener.accept().unwrap().0);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                client.read_line(&mut head).unwrap();
            }
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            let mut body = vec![0; length.parse().unwrap()];
            client.read_exact(&mut body).unwrap();
            sender.send((head, body)).unwrap();
            let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            client.get_mut().write_all(answer.as_bytes()).unwrap();
        }
    });
    (url, requests)
}

fn webhook(url: &str, secret: Option<&str>) -> Result<WebhookSink, InvalidWebhook> {
    let secret = secret.map(WebhookSecret::parse).transpose()?;
    WebhookSink::new(url.parse().unwrap(), secret, None, clock())
}

#[tokio::test]
async fn a_webhook_is_signed_as_its_receivers_libraries_check() {
    let events = events().await;
    let (url, requests) = receiver(&["204 No Content", "200 OK", "200 OK"]);
    let sink = webhook(&format!("{url}/audit?key=1"), Some(SECRET)).unwrap();
    sink.deliver(&events).await.unwrap();
    sink.deliver(&events).await.unwrap();
    sink.deliver(&events[1..]).await.unwrap();
    let mut ids = Vec::new();
    for expected in [&events[..], &events[..], &events[1..]] {
        let (head, body) = requests.recv().unwrap();
        assert!(head.starts_with("POST /audit?key=1 HTTP/1.1\r\n"), "{head}");
        let mut headers = http::HeaderMap::new();
        for line in head.lines().skip(1).filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(": ").unwrap();
            let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.insert(name, value.parse().unwrap());
        }
        assert_eq!(headers["content-type"], "application/json");
        let verifier = standardwebhooks::Webhook::new(SECRET).unwrap();
        verifier.verify(&body, &headers).unwrap();
        assert!(verifier.verify(&body[1..], &headers).is_err());
        assert_eq!(body, serde_json::to_vec(expected).unwrap());
        ids.push(headers["webhook-id"].clone());
    }
    assert_eq!(ids[0], ids[1], "the same events are the same message");
    assert_ne!(ids[0], ids[2]);
}

#[tokio::test]
async fn what_a_receiver_answers_decides_what_happens_next() {
    let events = events().await;
    let (url, _requests) = receiver(&[
        "307 Temporary Redirect\r\nlocation: /elsewhere",
        "413 Payload Too Large",
        "400 Bad Request",
        "503 Service Unavailable\r\nretry-after: 7",
        "429 Too Many Requests",
        "202 Accepted",
    ]);
    let sink = webhook(&url, None).unwrap();
    let redirected = sink.deliver(&events).await.unwrap_err();
    assert!(matches!(&redirected, DeliveryError::Refused(why) if why.contains("never followed")), "{redirected}");
    assert_eq!(sink.deliver(&events).await.unwrap_err(), DeliveryError::TooLarge);
    assert_eq!(sink.deliver(&events).await.unwrap_err(), DeliveryError::Refused("status 400".to_owned()));
    let seconds = |error| match error {
        DeliveryError::Unavailable { retry_after, .. } => retry_after.map(|after| after.as_secs()),
        other => panic!("{other}"),
    };
    assert_eq!(seconds(sink.deliver(&events).await.unwrap_err()), Some(7));
    assert_eq!(seconds(sink.deliver(&events).await.unwrap_err()), None);
    sink.deliver(&events).await.unwrap();
    // Nobody is there any more.
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let sink = webhook(&format!("http://{gone}/hook"), None).unwrap();
    let error = sink.deliver(&events).await.unwrap_err();
    assert!(matches!(&error, DeliveryError::Unavailable { .. }), "{error}");
    assert!(!error.to_string().contains("/hook"), "{error}");
}

#[test]
fn only_safe_addresses_and_real_secrets_are_taken() {
    for url in
        ["http://hook.example/", "ftp://hook.example/", "https://user:pw@hook.example/", "https://u@hook.example"]
    {
        assert_eq!(webhook(url, None).unwrap_err(), InvalidWebhook::Url, "{url}");
    }
    for url in
        ["https://hook.example/T0/s3cret?api_key=s3cret", "http://127.0.0.1:9/", "http://[::1]/", "http://localhost/"]
    {
        let sink = webhook(url, Some(SECRET)).unwrap();
        assert!(!sink.name().contains("s3cret"), "{}", sink.name());
        assert!(!format!("{sink:?}").contains("s3cret"));
    }
    let name = |url| webhook(url, None).unwrap().name().to_owned();
    assert_eq!(name("https://hook.example/a?key=1"), name("https://hook.example:443/a?key=2"));
    assert_ne!(name("https://hook.example/a"), name("https://hook.example/b"));
    for secret in ["", "whsec_", "whsec_c2hvcnQ=", "no base64!", &"A".repeat(100)] {
        assert_eq!(WebhookSecret::parse(secret).unwrap_err(), InvalidWebhook::Secret, "{secret}");
    }
    assert_eq!(format!("{:?}", WebhookSecret::parse(SECRET).unwrap()), "WebhookSecret([REDACTED])");
    let target = |text: &str| text.parse::<SyslogTarget>().map(|target| target.to_string());
    assert_eq!(target("udp://log.example").unwrap(), "udp://log.example:514");
    assert_eq!(target("tcp://[::1]").unwrap(), "tcp://[::1]:601");
    assert_eq!(target("tls://log.example").unwrap(), "tls://log.example:6514");
    for text in ["log.example", "http://log.example", "tcp://", "tcp://h/path", "tcp://u@h", "tcp://h?x", "tls://:1"] {
        assert_eq!(target(text), Err(InvalidSyslog::Target), "{text}");
    }
}

/// Takes connections, reads each to its end, and closes it.
fn stream_receiver(tls: Option<Arc<rustls::ServerConfig>>) -> (u16, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, received) = channel();
    thread::spawn(move || {
        for client in listener.incoming() {
            let (mut client, mut bytes) = (client.unwrap(), Vec::new());
            let read = match &tls {
                None => client.read_to_end(&mut bytes).is_ok(),
                Some(config) => {
                    let mut connection = rustls::ServerConnection::new(Arc::clone(config)).unwrap();
                    let read = rustls::Stream::new(&mut connection, &mut client).read_to_end(&mut bytes).is_ok();
                    connection.send_close_notify();
                    let _ = connection.complete_io(&mut client);
                    read
                }
            };
            if read && sender.send(bytes).is_err() {
                return;
            }
        }
    });
    (port, received)
}

/// Takes messages apart as RFC 6587 and RFC 5425 frame them.
fn frames(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let space = bytes.iter().position(|byte| *byte == b' ').unwrap();
        let length: usize = std::str::from_utf8(&bytes[..space]).unwrap().parse().unwrap();
        frames.push(bytes[space + 1..][..length].to_vec());
        bytes = &bytes[space + 1 + length..];
    }
    frames
}

fn assert_messages(messages: &[Vec<u8>], events: &[Event]) {
    assert_eq!(messages.len(), events.len());
    assert!(events.iter().any(|event| event.record().outcome == Outcome::Denied));
    for (message, event) in messages.iter().zip(events) {
        let message = std::str::from_utf8(message).unwrap();
        assert!(!message.contains('\n'));
        let parsed = syslog_loose::parse_message(message, Variant::RFC5424);
        assert_eq!(parsed.protocol, syslog_loose::Protocol::RFC5424(1), "{message}");
        assert_eq!(parsed.facility, Some(SyslogFacility::LOG_AUDIT));
        let denied = event.record().outcome == Outcome::Denied;
        let severity = if denied { SyslogSeverity::SEV_WARNING } else { SyslogSeverity::SEV_INFO };
        assert_eq!(parsed.severity, Some(severity));
        let time = parsed.timestamp.unwrap().timestamp_millis();
        assert_eq!(time, event.record().time.as_millis());
        assert_eq!((parsed.hostname, parsed.appname), (Some("host.example"), Some("stronghold-server")));
        assert_eq!(parsed.procid, Some(syslog_loose::ProcId::PID(4711)));
        assert_eq!(parsed.msgid, Some(event.record().action.as_str()));
        let [data] = &parsed.structured_data[..] else { panic!("{message}") };
        assert_eq!(data.id, "stronghold@32473");
        let parameters: Vec<(String, String)> =
            data.params().map(|(name, value)| ((*name).to_owned(), value)).collect();
        let parameter = |name: &str| parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        assert_eq!(parameter("id"), Some(event.id().to_string()));
        assert_eq!(parameter("org"), Some(event.org().to_string()));
        assert_eq!(parameter("position"), Some(event.position().to_string()));
        assert_eq!(parameter("schema").as_deref(), Some("1"));
        assert_eq!(parameter("outcome").as_deref(), Some(if denied { "denied" } else { "allowed" }));
        assert_eq!(parameter("reason"), event.record().reason.clone());
        let json = parsed.msg.strip_prefix('\u{feff}').expect("UTF-8 is announced");
        assert_eq!(json, serde_json::to_string(event).unwrap());
    }
}

fn syslog(target: &str, authority: Option<&CaCertificate>) -> SyslogSink {
    SyslogSink::new(target.parse().unwrap(), Origin::new("host.example", 4711), authority).unwrap()
}

#[tokio::test]
async fn syslog_over_udp_is_a_datagram_a_message() {
    let events = events().await;
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    syslog(&format!("udp://{}", socket.local_addr().unwrap()), None).deliver(&events).await.unwrap();
    let mut buffer = vec![0; 65536];
    let mut receive = || {
        let length = socket.recv(&mut buffer).unwrap();
        buffer[..length].to_vec()
    };
    let messages: Vec<_> = events.iter().map(|_| receive()).collect();
    assert_messages(&messages, &events);
}

#[tokio::test]
async fn syslog_over_tcp_counts_octets_and_waits_for_the_end() {
    let events = events().await;
    let (port, received) = stream_receiver(None);
    let sink = syslog(&format!("tcp://localhost:{port}"), None);
    sink.deliver(&events).await.unwrap();
    assert_messages(&frames(&received.recv().unwrap()), &events);
    // A receiver that ends in the middle has not accepted.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let sink = syslog(&format!("tcp://{}", listener.local_addr().unwrap()), None);
    thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let _ = client.read(&mut [0; 10]);
        // Closing with unread bytes resets the connection.
    });
    assert!(matches!(sink.deliver(&events).await, Err(DeliveryError::Unavailable { .. })));
}

#[tokio::test]
async fn syslog_over_tls_is_for_the_right_receiver_only() {
    let folder = tempfile::tempdir().unwrap();
    let events = events().await;
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let (port, received) = stream_receiver(Some(Arc::new(config)));
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, made.cert.pem()).unwrap();
    let authority = CaCertificate::from_file(&file).unwrap();
    syslog(&format!("tls://localhost:{port}"), Some(&authority)).deliver(&events).await.unwrap();
    assert_messages(&frames(&received.recv().unwrap()), &events);
    for sink in [
        // Nobody vouches for it, or it is another's.
        syslog(&format!("tls://localhost:{port}"), None),
        syslog(&format!("tls://127.0.0.1:{port}"), Some(&authority)),
    ] {
        let error = sink.deliver(&events).await.unwrap_err();
        assert!(error.to_string().contains("certificate"), "{error}");
    }
    assert!(received.try_recv().is_err(), "nothing was sent to whom it could not be told");
}

#[test]
fn a_file_without_certificates_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, "no certificate").unwrap();
    for path in [file.as_path(), Path::new("missing.pem")] {
        let error = CaCertificate::from_file(path).unwrap_err().to_string();
        assert!(error.contains(path.to_str().unwrap()), "{error}");
    }
}
