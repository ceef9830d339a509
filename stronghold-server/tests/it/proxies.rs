//! Whom a request is from, behind proxies.

use crate::{http::*, world::*};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::net::IpAddr;
use stronghold_protocol::{
    directory::{Change, Conditions},
    request::Method,
};
use stronghold_server::{
    access::RateLimit,
    config::Arguments,
    http::{InvalidProxies, ServeLimits, TrustedProxies},
    service::{Limits, Settings},
};

const PEER: &str = "10.0.0.1";

fn trusted(header: &str) -> TrustedProxies {
    TrustedProxies::new(["10.0.0.0/8", "fd00::/64", "2001:db8::7"], header).unwrap()
}

fn headers(name: &str, lines: &[&str]) -> HeaderMap {
    let name: HeaderName = name.parse().unwrap();
    lines.iter().map(|line| (name.clone(), HeaderValue::from_bytes(line.as_bytes()).unwrap())).collect()
}

fn client(header: &str, peer: &str, lines: &[&str]) -> String {
    let peer: IpAddr = peer.parse().unwrap();
    trusted(header).client(peer, &headers(header, lines)).to_string()
}

#[test]
fn the_last_address_that_is_no_trusted_proxys_is_the_client() {
    for (lines, expected) in [
        // Nothing, or nothing but proxies.
        (&[][..], PEER),
        (&[""], PEER),
        (&["10.9.9.9"], "10.9.9.9"),
        (&["10.9.9.9, 10.8.8.8"], "10.9.9.9"),
        // The usual.
        (&["192.0.2.1"], "192.0.2.1"),
        (&[" 192.0.2.1 ,\t10.2.2.2"], "192.0.2.1"),
        // What a stranger wrote stands before what the proxy saw.
        (&["198.51.100.9, 192.0.2.1"], "192.0.2.1"),
        (&["10.0.0.5, 192.0.2.1, 10.0.0.6"], "192.0.2.1"),
        // Several lines are one list.
        (&["198.51.100.9", "192.0.2.1"], "192.0.2.1"),
        (&["192.0.2.1", "10.2.2.2"], "192.0.2.1"),
        (&["198.51.100.9, 192.0.2.1", "10.2.2.2", "10.3.3.3, , 10.4.4.4,"], "192.0.2.1"),
        // Ports, brackets, IPv6, IPv4 written as IPv6.
        (&["192.0.2.1:4711"], "192.0.2.1"),
        (&["2001:db8::1"], "2001:db8::1"),
        (&["[2001:db8::1]"], "2001:db8::1"),
        (&["[2001:db8::1]:4711"], "2001:db8::1"),
        (&["::ffff:192.0.2.1"], "192.0.2.1"),
        (&["[::ffff:192.0.2.1]:4711, fd00::9"], "192.0.2.1"),
        (&["192.0.2.1, 2001:db8::7"], "192.0.2.1"),
        // Nobody who is trusted wrote what stands before something that is no address.
        (&["192.0.2.1, unknown"], PEER),
        (&["192.0.2.1, unknown, 10.2.2.2"], "10.2.2.2"),
        (&["192.0.2.1, 300.0.0.1"], PEER),
        (&["192.0.2.1, [2001:db8::1"], PEER),
        (&["192.0.2.1, 192.0.2.2:port"], PEER),
        (&["192.0.2.1, \u{ff}"], PEER),
    ] {
        assert_eq!(client("x-forwarded-for", PEER, lines), expected, "{lines:?}");
        assert_eq!(client("x-real-ip", PEER, lines), expected, "{lines:?}");
    }
}

#[test]
fn forwarded_is_read_as_its_rfc_has_it() {
    for (lines, expected) in [
        (&["for=192.0.2.1"][..], "192.0.2.1"),
        (&["For=192.0.2.1;proto=https;by=10.0.0.1"], "192.0.2.1"),
        (&["proto=https; for=\"192.0.2.1:4711\""], "192.0.2.1"),
        (&["for=\"[2001:db8::1]\""], "2001:db8::1"),
        (&["for=\"[2001:db8::1]:4711\";host=secrets.example.com"], "2001:db8::1"),
        (&["for=198.51.100.9, for=192.0.2.1, for=10.2.2.2"], "192.0.2.1"),
        (&["for=198.51.100.9", "for=192.0.2.1;proto=http"], "192.0.2.1"),
        // Hidden, missing, twice, no pair.
        (&["for=192.0.2.1, for=unknown"], PEER),
        (&["for=192.0.2.1, for=_hidden"], PEER),
        (&["for=192.0.2.1, proto=https"], PEER),
        (&["for=192.0.2.1;for=192.0.2.2"], PEER),
        (&["for=192.0.2.1, 192.0.2.2"], PEER),
        (&["for=\"192.0.2.1"], PEER),
    ] {
        assert_eq!(client("forwarded", PEER, lines), expected, "{lines:?}");
    }
}

#[test]
fn only_the_named_header_of_a_trusted_peer_counts() {
    let lies = |name: &str| headers(name, &["192.0.2.1"]);
    let proxies = trusted("x-forwarded-for");
    let peer = |text: &str| -> IpAddr { text.parse().unwrap() };
    for stranger in ["192.0.2.200", "11.0.0.1", "fd00:0:0:1::1", "2001:db8::8", "127.0.0.1"] {
        assert_eq!(proxies.client(peer(stranger), &lies("x-forwarded-for")), peer(stranger));
    }
    for other in ["forwarded", "x-real-ip", "x-client-ip", "true-client-ip", "via"] {
        assert_eq!(proxies.client(peer(PEER), &lies(other)), peer(PEER), "{other}");
    }
    for name in ["forwarded", "x-forwarded-for", "x-real-ip"] {
        assert_eq!(TrustedProxies::none().client(peer(PEER), &lies(name)), peer(PEER));
    }
    // A listener on both families sees IPv4 peers as IPv6.
    assert_eq!(proxies.client(peer("::ffff:10.0.0.1"), &lies("x-forwarded-for")), peer("192.0.2.1"));
    let mapped = TrustedProxies::new(["::ffff:10.0.0.0/104"], "x-forwarded-for").unwrap();
    assert!(mapped.trust(peer("10.1.1.1")) && !mapped.trust(peer("11.1.1.1")) && !mapped.trust(peer("::1")));
}

#[test]
fn ranges_and_names_that_are_none_are_refused() {
    for range in ["", "10.0.0.0/33", "10.0.0/8", "proxy.internal", "::1/129", "10.0.0.1:80"] {
        assert_eq!(TrustedProxies::new([range], "x-real-ip"), Err(InvalidProxies::Range(range.to_owned())));
    }
    for name in ["", "x real ip", "x-real-ip:"] {
        assert_eq!(TrustedProxies::new(["10.0.0.1"], name), Err(InvalidProxies::Header(name.to_owned())));
    }
    let read = |more: &[&str]| {
        let arguments = ["stronghold-server", "--data-dir", "d"].iter().chain(more).map(Into::into);
        Arguments::read(arguments, |_| None)
    };
    read(&["--trusted-proxy", "10.0.0.1"]).unwrap_err();
    read(&["--proxy-header", "x-real-ip"]).unwrap_err();
    let both = ["--trusted-proxy", "10.0.0.1,fd00::/8", "--proxy-header", "X-Real-IP"];
    let proxies = read(&both).unwrap().serve.proxies().unwrap();
    assert!(proxies.trust("fd00::1".parse().unwrap()));
    let refused = read(&["--trusted-proxy", "10.0.0.1/40", "--proxy-header", "a"]).unwrap().serve.check().unwrap_err();
    assert!(refused.to_string().contains("--trusted-proxy 10.0.0.1/40"), "{refused}");
}

/// Limits, conditions of agents and records go by the same address.
#[tokio::test]
async fn behind_a_proxy_everything_goes_by_the_clients_address() {
    let narrow = RateLimit { burst: 3, per_minute: 3 };
    let limits = Limits { refused: narrow, ..settings().limits };
    let proxies = TrustedProxies::new(["127.0.0.0/8"], "x-forwarded-for").unwrap();
    let mut served = serve_behind(ServeLimits::default(), Settings { limits, ..settings() }, proxies).await;
    let bound = Conditions { source_cidrs: vec!["192.0.2.0/24".to_owned()], ..Conditions::default() };
    let changed = Change::AgentChanged {
        id: served.agent.agent_id(),
        name: name("agent"),
        status: stronghold_protocol::directory::AgentStatus::Active,
        conditions: bound,
    };
    served.world.commit(vec![changed], Vec::new()).await;
    let ask = async |who: &Actor, from: &str| {
        let request = served.world.sign(who, Method::Get, &served.world.path("whoami"), "", b"");
        let text = String::from_utf8(wire(&request, "stronghold.test", b"")).unwrap();
        let line = format!("\r\nx-forwarded-for: 192.0.2.77, {from}\r\n");
        let answer = exchange(served.address, text.replacen("\r\n", &line, 1).as_bytes()).await;
        if answer.status == 200 { "ok".to_owned() } else { answer.code() }
    };
    assert_eq!(ask(&served.agent, "192.0.2.9").await, "ok");
    assert_eq!(served.world.records().await.pop().unwrap().address.as_deref(), Some("192.0.2.9"));
    assert_eq!(ask(&served.agent, "198.51.100.1").await, "address_refused");
    assert_eq!(served.world.records().await.pop().unwrap().address.as_deref(), Some("198.51.100.1"));
    // Somebody behind the proxy who is refused too often is refused alone.
    let stranger = Actor::agent("stranger");
    for _ in 0..3 {
        assert_eq!(ask(&stranger, "203.0.113.5").await, "unauthenticated");
    }
    assert_eq!(ask(&stranger, "203.0.113.5").await, "rate_limited");
    assert_eq!(ask(&served.agent, "192.0.2.9").await, "ok");
}
