//! Targets: made of what no proxy rewrites, with names and base paths in forms that stay as they are.

use crate::wire::{Wire, authority, key, params};
use stronghold_protocol::{
    api::{self, parse_profile_segment, profile_segment},
    evidence::ProfileSelector,
    id::{OrgId, ProfileId},
    limits,
    request::{
        BasePath, Endpoint, InvalidBasePath, InvalidEndpoint, InvalidTarget, Method, RequestParts, RequestRefusal,
        SignedRequest, encode_query, parse_query,
    },
};

fn get(path: &str, query: &str) -> Result<RequestParts, InvalidTarget> {
    RequestParts::new(Method::Get, path, query)
}

#[test]
fn targets_hold_only_what_nobody_rewrites() {
    for (path, query) in [("/v1", ""), ("/v1/orgs/a-b._~C9", "a=b&a=c"), ("/a/.../..b/.c", "x=&y=~")] {
        let parts = get(path, query).unwrap();
        assert_eq!(RequestParts::from_target(Method::Get, &parts.target()).unwrap(), parts);
        // A URL library carries it unchanged.
        let url = url::Url::parse(&format!("https://vault.example{}", parts.target())).unwrap();
        assert_eq!((url.path(), url.query().unwrap_or_default()), (path, query));
    }
    for path in ["", "a", "*", "https://a/b"] {
        assert_eq!(get(path, "").unwrap_err(), InvalidTarget::NotAbsolute, "{path}");
    }
    // Every byte but the 66 unreserved ones, percent-encoded ones too, whatever they stand for.
    let unreserved = |character: char| character.is_ascii_alphanumeric() || "-._~".contains(character);
    for character in (0..=255).map(char::from).filter(|character| !unreserved(*character)) {
        if character != '/' {
            assert_eq!(get(&format!("/a{character}"), "").unwrap_err(), InvalidTarget::ForbiddenCharacter);
        }
        if !"=&".contains(character) {
            assert_eq!(get("/a", &format!("a={character}")).unwrap_err(), InvalidTarget::ForbiddenCharacter);
        }
    }
    for encoded in ["%2F", "%2f", "%41", "%7E", "%2E%2E", "%20", "%", "%25", "\u{e9}"] {
        assert_eq!(get(&format!("/a/{encoded}"), "").unwrap_err(), InvalidTarget::ForbiddenCharacter, "{encoded}");
        assert_eq!(get("/a", &format!("a={encoded}")).unwrap_err(), InvalidTarget::ForbiddenCharacter, "{encoded}");
    }
    for path in ["/", "//", "//a", "/a//b", "/a/", "/a//"] {
        assert_eq!(get(path, "").unwrap_err(), InvalidTarget::EmptySegment, "{path}");
    }
    for path in ["/.", "/a/..", "/../a", "/a/./b"] {
        assert_eq!(get(path, "").unwrap_err(), InvalidTarget::DotSegment, "{path}");
    }
    let long = "a".repeat(limits::TARGET_BYTES);
    assert_eq!(get("/a", &long).unwrap_err(), InvalidTarget::TooLong);
    get("/a", &long[2..]).unwrap();
    assert_eq!(RequestParts::from_target(Method::Get, "/a?").unwrap_err(), InvalidTarget::EmptyQuery);
}

#[test]
fn queries_have_one_spelling() {
    assert_eq!(encode_query(&[("anchor", "1"), ("of", "a-b.3"), ("of", "~_")]).unwrap(), "anchor=1&of=a-b.3&of=~_");
    for (name, value) in [("a b", "c"), ("a", "c&d=e"), ("a", "="), ("a", "%20"), ("a&b", ""), ("a", "\u{e9}")] {
        assert_eq!(encode_query(&[(name, value)]), Err(InvalidTarget::ForbiddenCharacter), "{name}={value}");
    }
    assert_eq!(parse_query("a=1&a=&b=x").unwrap(), [("a", "1"), ("a", ""), ("b", "x")]);
    assert_eq!(parse_query("").unwrap(), []);
    for bad in ["a", "=b", "a=b&", "&a=b", "a=b&&c=d", "a=b=c", "a=b+c", "a+b=c", "a=%", "a=%20", "a=b;c=d", "a=/"] {
        assert!(parse_query(bad).is_err(), "{bad}");
    }
}

#[test]
fn any_name_is_a_segment_that_stays_as_it_is() {
    let org = OrgId([1; 32]);
    let long = "\u{1f980}".repeat(limits::NAME_CHARS);
    for name in ["production", "team/app", "a b", "\u{e4}%2f", "x?y", "..x", "~", "#", "a+b&c=d", "name-x", &long] {
        let profile: ProfileSelector = name.parse().unwrap();
        assert!(matches!(profile, ProfileSelector::Name(_)));
        let path = api::profile_path(&org, &profile, "read");
        let parts = get(&path, "anchor=0").expect(name);
        let sent = url::Url::parse(&format!("https://vault.example{}", parts.target())).unwrap();
        assert_eq!(sent.path(), path, "a URL library leaves it alone");
        assert_eq!(parse_profile_segment(&profile_segment(&profile)).as_ref(), Some(&profile), "{name}");
    }
    let id = ProfileSelector::Id(ProfileId::from_bytes([7; 16]));
    assert_eq!(parse_profile_segment(&profile_segment(&id)), Some(id));
    assert_eq!(profile_segment(&"team/app".parse().unwrap()), "name-dGVhbS9hcHA");
}

#[test]
fn a_profile_has_one_segment_and_no_other_text_is_one() {
    let bad = [
        ("the name itself", "production"),
        ("the name, percent-encoded", "team%2Fapp"),
        ("nothing", ""),
        ("an empty name", "name-"),
        ("another prefix", "Name-cHJvZHVjdGlvbg"),
        ("padding", "name-cHJvZHVjdGlvbg=="),
        ("trailing bits", "name-cHJvZHVjdGlvbh"),
        ("another alphabet", "name-dGVhbS9hcHA+"),
        ("not UTF-8", "name-_w"),
        ("not NFC", "name-YcyI"),
        ("a name that is shaped like an id", "name-MDE5MzVkZWQtN2I1Yi03Y2NjLThkZGQtZWVlZWVlZWVlZWVl"),
        ("an id in capitals", "01935DED-7B5B-7CCC-8DDD-EEEEEEEEEEEE"),
        ("an id without hyphens", "01935ded7b5b7ccc8dddeeeeeeeeeeee"),
    ];
    for (what, segment) in bad {
        assert_eq!(parse_profile_segment(segment), None, "{what}");
    }
}

#[test]
fn base_paths_are_of_unreserved_segments() {
    for (text, path) in [("", ""), ("/", ""), ("/a", "/a"), ("/a/", "/a"), ("/team-1/Vault_2.x~", "/team-1/Vault_2.x~")]
    {
        assert_eq!(BasePath::new(text).unwrap().as_str(), path);
    }
    for text in [
        "a", "//", "/a//", "/a//b", "/.", "/a/..", "/a%20b", "/%7Ea", "/a b", "/a;b", "/a@b", "/\u{e4}", "/a?b", "/a#b",
    ] {
        assert!(matches!(BasePath::new(text), Err(InvalidBasePath::Target(_))), "{text}");
    }
    let long = format!("/{}", "a".repeat(limits::BASE_PATH_BYTES));
    assert_eq!(BasePath::new(&long), Err(InvalidBasePath::TooLong));
    BasePath::new(&long[..limits::BASE_PATH_BYTES]).unwrap();
    let base = BasePath::new("/a").unwrap();
    assert_eq!(base.strip("/a/v1"), Some("/v1"));
    for other in ["/ab/v1", "/v1", "/a", "/A/v1", "/b/a/v1"] {
        assert_eq!(base.strip(other), None, "{other}");
    }
    for url in ["https://h/a?b", "https://h/a#b", "https://h/a%20b", "ftp://h/a", "https://u@h/a", "https://h//"] {
        assert!(Endpoint::from_url(&url.parse().unwrap()).is_err(), "{url}");
    }
    assert!(matches!(Endpoint::from_url(&"https://h/?".parse().unwrap()), Err(InvalidEndpoint::Extra)));
}

#[test]
fn a_base_path_counts_for_the_longest_target() {
    let base = BasePath::new("/stronghold").unwrap();
    let under = |length: usize| get(&format!("/{}", "a".repeat(length - 1)), "").unwrap().under(&base);
    let longest = limits::TARGET_BYTES - base.as_str().len();
    under(longest).unwrap();
    assert_eq!(under(longest + 1).unwrap_err(), InvalidTarget::TooLong);
}

/// Signed as a client signs that reaches a server under a path; as it arrives where a proxy took that off.
fn arriving(path: &str, base: &str) -> Wire {
    let parts = get(path, "anchor=0").unwrap().under(&BasePath::new(base).unwrap()).unwrap();
    let request = SignedRequest::sign(authority("vault.example"), parts, params(), |base| key().sign(base));
    let wire = Wire::of(&request, b"");
    Wire { target: format!("{path}?anchor=0"), ..wire }
}

#[test]
fn a_signature_covers_the_base_path() {
    let at = |url: &str| Endpoint::from_url(&url.parse().unwrap()).unwrap();
    let (rooted, based) = (at("https://vault.example"), at("https://vault.example/stronghold/"));
    let request = arriving("/v1/x", "/stronghold").verify_at(&[rooted.clone(), based.clone()]).unwrap();
    assert_eq!(request.parts().path(), "/stronghold/v1/x", "the record keeps what was signed");
    request.verify_signature(&key().public_key()).unwrap();
    let refused = [
        ("no base at the server", arriving("/v1/x", "/stronghold"), rooted.clone()),
        ("no base in the signature", arriving("/v1/x", ""), based.clone()),
        ("another base", arriving("/v1/x", "/other"), based.clone()),
        ("a base that begins alike", arriving("/v1/x", "/stronghold-2"), based.clone()),
        ("the base in another case", arriving("/v1/x", "/Stronghold"), based.clone()),
        ("the base twice", arriving("/stronghold/v1/x", "/stronghold"), rooted),
        ("the same base at another host", arriving("/v1/x", "/stronghold"), at("https://other.example/stronghold")),
        (
            "another path below it",
            Wire { target: "/v1/y?anchor=0".to_owned(), ..arriving("/v1/x", "/stronghold") },
            based,
        ),
    ];
    for (what, wire, endpoint) in refused {
        assert_eq!(wire.verify_at(&[endpoint]).unwrap_err(), RequestRefusal::Signature, "{what}");
    }
}
