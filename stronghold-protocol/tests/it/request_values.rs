//! What requests are made of: authorities, times and contexts.

use crate::wire::CREATED;
use stronghold_protocol::{
    limits,
    request::{Authority, CiRun, ClockSkew, Method, RequestContext, RequestNonce, RequestParts, check_clock},
    time::Timestamp,
};

#[test]
fn authorities_are_normal() {
    let of = |url: &str| Authority::from_url(&url::Url::parse(url).unwrap());
    let good = [
        ("https://Vault.Example", "vault.example"),
        ("https://vault.example:443/x?y", "vault.example"),
        ("http://vault.example:80", "vault.example"),
        ("http://vault.example:443", "vault.example:443"),
        ("https://vault.example:80", "vault.example:80"),
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
        ("http://[::1]:8080", "[::1]:8080"),
        ("https://[0:0::1]", "[::1]"),
        ("https://b\u{fc}cher.example", "xn--bcher-kva.example"),
    ];
    for (url, text) in good {
        let found = of(url).unwrap();
        assert_eq!(found.as_str(), text);
        assert_eq!(text.parse::<Authority>().unwrap(), found);
    }
    let bad =
        ["ftp://vault.example", "https://u@vault.example", "https://u:p@vault.example", "https://:p@vault.example"];
    for url in bad.into_iter().chain(["http://in-process"]) {
        of(url).unwrap_err();
    }
    for text in ["", "Vault.example", "a/b", "a?b", "a#b", "u@a", "a:", "a:0x1", "a b", "[::1", "0x7f.1", "a\n", ":80"]
    {
        assert!(text.parse::<Authority>().is_err(), "{text}");
    }
    assert_eq!("in-process".parse::<Authority>().unwrap(), Authority::in_process());
}

#[test]
fn clock_is_checked_on_both_sides() {
    let now = Timestamp::from_millis(CREATED * 1000 + 999).unwrap();
    check_clock(CREATED - limits::REQUEST_PAST_SECONDS, now).unwrap();
    check_clock(CREATED + limits::REQUEST_FUTURE_SECONDS, now).unwrap();
    let late = check_clock(CREATED - limits::REQUEST_PAST_SECONDS - 1, now).unwrap_err();
    assert_eq!(late, ClockSkew { ahead_seconds: -limits::REQUEST_PAST_SECONDS - 1 });
    let early = check_clock(CREATED + limits::REQUEST_FUTURE_SECONDS + 1, now).unwrap_err();
    assert_eq!(early, ClockSkew { ahead_seconds: limits::REQUEST_FUTURE_SECONDS + 1 });
    check_clock(i64::MIN, now).unwrap_err();
    check_clock(i64::MAX, now).unwrap_err();
}

#[test]
fn context_is_ascii_and_bounded() {
    assert_eq!(RequestContext::default().to_header().unwrap(), None);
    let context = RequestContext {
        reason: Some("Größe \u{1f980} \"q\" \\ \n\u{7f}".to_owned()),
        clock_corrected_seconds: Some(-90),
        ci: Some(CiRun { provider: Some("ci".to_owned()), run_id: Some("7".to_owned()), ..CiRun::default() }),
    };
    let header = context.to_header().unwrap().unwrap();
    let expected = r#"{"reason":"Gr\u00f6\u00dfe \ud83e\udd80 \"q\" \\ \n\u007f","clock_corrected_seconds":-90,"ci":{"provider":"ci","run_id":"7"}}"#;
    assert_eq!(header, expected);
    assert_eq!(RequestContext::from_header(&header).unwrap(), context);
    RequestParts::new(Method::Get, "/v1", "").unwrap().with_context(header).unwrap();
    assert_eq!(RequestContext::from_header(r#"{"later":1}"#).unwrap(), RequestContext::default());
    assert_eq!(RequestContext::from_header("later"), None);
    let long = RequestContext { reason: Some("x".repeat(limits::CONTEXT_BYTES)), ..RequestContext::default() };
    long.to_header().unwrap_err();
    // To the byte, for whoever writes it and whoever reads it.
    let rest = r#"{"reason":""}"#.len();
    for (length, fits) in [(limits::CONTEXT_BYTES, true), (limits::CONTEXT_BYTES + 1, false)] {
        let context = RequestContext { reason: Some("x".repeat(length - rest)), ..RequestContext::default() };
        assert_eq!(context.to_header().map(|header| header.unwrap().len()).ok(), fits.then_some(length));
        let parts = RequestParts::new(Method::Get, "/v1", "").unwrap().with_context("x".repeat(length));
        assert_eq!(parts.is_ok(), fits, "{length}");
    }
}

#[test]
fn nonces_differ() {
    assert_ne!(RequestNonce::generate().unwrap(), RequestNonce::generate().unwrap());
}
