use std::{
    io::{Read, Write},
    net::TcpStream,
};
use stronghold_testkit::{Proxy, Stub};

/// Two requests on one connection, one with a body that looks like a third, in pieces.
#[test]
fn every_request_is_counted_once() {
    let stub = Stub::http("200 OK", "text/plain", b"hello");
    let proxy = Proxy::listen();
    proxy.connect_to(stub.url().trim_start_matches("http://"));
    let mut client = TcpStream::connect(proxy.url().trim_start_matches("http://")).unwrap();
    let body = b"GET /no HTTP/1.1\r\n\r\n";
    let head = format!("POST /one HTTP/1.1\r\nContent-Length: {}\r\n\r\n", body.len());
    for piece in [head.as_bytes(), body, b"GET /tw", b"o HTTP/1.1\r\n\r\n"] {
        client.write_all(piece).unwrap();
    }
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    assert!(answer.ends_with(b"hello"));
    let lines = stronghold_testkit::until("both were seen", std::time::Duration::from_secs(10), {
        let mut seen = Vec::new();
        move || {
            seen.extend(proxy.take_requests());
            (seen.len() >= 2).then(|| seen.clone())
        }
    });
    assert_eq!(lines, ["POST /one HTTP/1.1", "GET /two HTTP/1.1"]);
}
