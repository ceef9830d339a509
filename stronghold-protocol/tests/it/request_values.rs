//! What requests are made of: authorities, targets, encodings, times and contexts.

use crate::wire::CREATED;
use stronghold_protocol::{
    limits,
    request::{
        Authority, CiRun, ClockSkew, InvalidTarget, Method, RequestContext, RequestNonce, RequestParts, check_clock,
        decode_segment, encode_query, encode_segment, parse_query,
    },
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
fn targets_hold_only_what_nobody_rewrites() {
    let get = |path: &str, query: &str| RequestParts::new(Method::Get, path, query);
    for (path, query) in [("/", ""), ("/v1/orgs/a%2Fb", "a=b&a=c"), ("/a/.../..b", "x=/?"), ("/a/", ""), ("/(a)*", "!")]
    {
        let parts = get(path, query).unwrap();
        assert_eq!(RequestParts::from_target(Method::Get, &parts.target()).unwrap(), parts);
        // A URL library carries it unchanged.
        let url = url::Url::parse(&format!("https://vault.example{}", parts.target())).unwrap();
        assert_eq!((url.path(), url.query().unwrap_or_default()), (path, query));
    }
    for path in ["", "a", "*", "//a", "//", "https://a/b"] {
        assert_eq!(get(path, "").unwrap_err(), InvalidTarget::NotAbsolute, "{path}");
    }
    for text in
        ["\u{e9}", " ", "\"", "<", "\\", "^", "`", "{", "|", "'", "#", "%", "%1", "%g0", "%-1", "\n", "\0", "\x7f"]
    {
        assert_eq!(get(&format!("/{text}"), "").unwrap_err(), InvalidTarget::ForbiddenCharacter, "{text}");
        assert_eq!(get("/", text).unwrap_err(), InvalidTarget::ForbiddenCharacter, "{text}");
    }
    assert_eq!(get("/a?b", "").unwrap_err(), InvalidTarget::ForbiddenCharacter);
    for path in ["/.", "/a/..", "/../a", "/%2e/a", "/%2E%2e", "/.%2E/x"] {
        assert_eq!(get(path, "").unwrap_err(), InvalidTarget::DotSegment, "{path}");
    }
    let long = "a".repeat(limits::TARGET_BYTES);
    assert_eq!(get("/", &long).unwrap_err(), InvalidTarget::TooLong);
    get("/", &long[1..]).unwrap();
    assert_eq!(RequestParts::from_target(Method::Get, "/a?").unwrap_err(), InvalidTarget::EmptyQuery);
}

#[test]
fn encodings_are_strict() {
    assert_eq!(encode_segment("CI/CD Pipeline 100% \u{e9}'"), "CI%2FCD%20Pipeline%20100%25%20%C3%A9%27");
    assert_eq!(encode_query(&[("a b", "c&d"), ("a b", "=+")]), "a%20b=c%26d&a%20b=%3D%2B");
    assert_eq!(decode_segment("a+b%2f").unwrap(), "a+b/");
    for bad in ["a/b", "%", "%a", "%zz", "%ff", "%C3"] {
        assert!(decode_segment(bad).is_err(), "{bad}");
    }
    let pairs = parse_query("a=1&a=&b=%20").unwrap();
    assert_eq!(pairs, [("a", "1"), ("a", ""), ("b", " ")].map(|(a, b)| (a.to_owned(), b.to_owned())));
    assert_eq!(parse_query("").unwrap(), []);
    for bad in ["a", "=b", "a=b&", "&a=b", "a=b&&c=d", "a=b=c", "a=b+c", "a+b=c", "a=%", "a=%ff"] {
        assert!(parse_query(bad).is_err(), "{bad}");
    }
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
    RequestParts::new(Method::Get, "/", "").unwrap().with_context(header).unwrap();
    assert_eq!(RequestContext::from_header(r#"{"later":1}"#).unwrap(), RequestContext::default());
    assert_eq!(RequestContext::from_header("later"), None);
    let long = RequestContext { reason: Some("x".repeat(limits::CONTEXT_BYTES)), ..RequestContext::default() };
    long.to_header().unwrap_err();
    // To the byte, for whoever writes it and whoever reads it.
    let rest = r#"{"reason":""}"#.len();
    for (length, fits) in [(limits::CONTEXT_BYTES, true), (limits::CONTEXT_BYTES + 1, false)] {
        let context = RequestContext { reason: Some("x".repeat(length - rest)), ..RequestContext::default() };
        assert_eq!(context.to_header().map(|header| header.unwrap().len()).ok(), fits.then_some(length));
        let parts = RequestParts::new(Method::Get, "/", "").unwrap().with_context("x".repeat(length));
        assert_eq!(parts.is_ok(), fits, "{length}");
    }
}

#[test]
fn nonces_differ() {
    assert_ne!(RequestNonce::generate().unwrap(), RequestNonce::generate().unwrap());
}
