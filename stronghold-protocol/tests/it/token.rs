//! Tokens and their kin: what is written is read back, and what was changed on the way says so.

use data_encoding::BASE32_NOPAD;
use proptest::prelude::*;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use stronghold_protocol::{
    crypto::hash::Hash,
    directory::HeaderRef,
    id::{AgentId, InviteId, OrgId, UserId},
    number::Seq,
    request::InvalidTarget,
    token::{
        AccountKey, AgentToken, InvalidToken, InvalidUrl, InviteCode, RecoveryKit, SCANNER_PATTERN, TokenFloor,
        TokenKind, TokenUrl,
    },
};
use zeroize::Zeroizing;

/// A string of any kind around any body, made without the code under test.
pub(crate) fn encode(kind: TokenKind, body: &[u8]) -> String {
    let label = match kind {
        TokenKind::Agent => "stronghold/v1/token/agent",
        TokenKind::Invite => "stronghold/v1/token/invite",
        TokenKind::Recovery => "stronghold/v1/token/recovery",
        TokenKind::Account => "stronghold/v1/token/account",
        _ => panic!("a new kind needs its label here"),
    };
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_be_bytes();
    let hash = Sha256::new()
        .chain_update(length(label.as_bytes()))
        .chain_update(label)
        .chain_update(length(body))
        .chain_update(body)
        .finalize();
    let bytes = [body, &hash[..4]].concat();
    format!("{}{}", kind.prefix(), BASE32_NOPAD.encode(&bytes).to_ascii_lowercase())
}

/// The body of a string, without its checksum.
pub(crate) fn body(kind: TokenKind, text: &str) -> Vec<u8> {
    let digits = text.strip_prefix(kind.prefix()).unwrap().to_ascii_uppercase();
    let mut bytes = BASE32_NOPAD.decode(digits.as_bytes()).unwrap();
    bytes.truncate(bytes.len() - 4);
    bytes
}

pub(crate) fn sample(url: Option<&str>) -> AgentToken {
    AgentToken {
        agent: AgentId::from_bytes([1; 16]),
        org: OrgId([2; 32]),
        seed: Zeroizing::new([3; 32]),
        floor: TokenFloor { seq: Seq::new(4).unwrap(), hash_prefix: [5; 16] },
        url: url.map(|url| TokenUrl::new(url).unwrap()),
    }
}

fn text_of(token: &AgentToken) -> String {
    token.to_secret_string().expose_secret().to_owned()
}

/// What [`SCANNER_PATTERN`] finds, without a regular expression engine: the lengths that it states.
fn scanner_lengths(kind: TokenKind) -> (usize, usize) {
    let name = kind.prefix().trim_start_matches("stronghold_").trim_end_matches('_');
    let after = SCANNER_PATTERN.split(name).nth(1).unwrap();
    let lengths = after.split('{').nth(1).unwrap().split('}').next().unwrap();
    match lengths.split_once(',') {
        Some((low, high)) => (low.parse().unwrap(), high.parse().unwrap()),
        None => (lengths.parse().unwrap(), lengths.parse().unwrap()),
    }
}

proptest! {
    #[test]
    fn every_agent_token_is_read_back_and_found_by_scanners(
        agent: [u8; 16], org: [u8; 32], seed: [u8; 32], seq in 0..1_u64 << 53, hash_prefix: [u8; 16], host in "([a-z]{1,20}[.]){0,9}example", with_url: bool,
    ) {
        let url = with_url.then(|| TokenUrl::new(&format!("https://{host}:8443")).unwrap());
        let token = AgentToken {
            agent: AgentId::from_bytes(agent),
            org: OrgId(org),
            seed: Zeroizing::new(seed),
            floor: TokenFloor { seq: Seq::new(seq).unwrap(), hash_prefix },
            url: url.clone(),
        };
        let text = text_of(&token);
        let read = AgentToken::parse(&text).unwrap();
        prop_assert_eq!((read.agent, read.org, *read.seed, read.floor, read.url), (token.agent, token.org, seed, token.floor, url));
        let digits = text.len() - TokenKind::Agent.prefix().len();
        let (low, high) = scanner_lengths(TokenKind::Agent);
        prop_assert!((low..=high).contains(&digits));
        prop_assert!(text.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase() || (b'2'..=b'7').contains(&byte)));
    }

    #[test]
    fn a_changed_character_is_never_read(position in 0_usize..200, to in "[a-z2-7]") {
        let text = text_of(&sample(Some("https://secrets.example")));
        let position = TokenKind::Agent.prefix().len() + position % (text.len() - TokenKind::Agent.prefix().len());
        let mut changed = text.clone();
        changed.replace_range(position..=position, &to);
        prop_assume!(changed != text);
        prop_assert_eq!(AgentToken::parse(&changed).unwrap_err(), InvalidToken::Checksum);
    }

    #[test]
    fn no_text_panics(text in ".{0,700}", kind in 0_usize..4, digits in "[a-z2-7]{0,700}") {
        let _ = (AgentToken::parse(&text), InviteCode::parse(&text), AccountKey::parse(&text), RecoveryKit::parse(&text));
        let text = format!("{}{digits}", TokenKind::ALL[kind].prefix());
        prop_assert!(AgentToken::parse(&text).is_err() && InviteCode::parse(&text).is_err());
        prop_assert!(AccountKey::parse(&text).is_err() && RecoveryKit::parse(&text).is_err());
    }

    #[test]
    fn no_body_panics(kind in 0_usize..4, bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let kind = TokenKind::ALL[kind];
        let text = encode(kind, &[&[1, 0, 1], bytes.as_slice()].concat());
        let read_back = match kind {
            TokenKind::Agent => AgentToken::parse(&text).map(|token| token.to_secret_string()),
            TokenKind::Invite => InviteCode::parse(&text).map(|token| token.to_secret_string()),
            TokenKind::Recovery => RecoveryKit::parse(&text).map(|token| token.to_secret_string()),
            _ => AccountKey::parse(&text).map(|token| token.to_secret_string()),
        };
        if let Ok(again) = read_back {
            prop_assert_eq!(again.expose_secret(), text);
        }
    }
}

#[test]
fn a_token_that_is_cut_off_says_so() {
    let text = text_of(&sample(None));
    for length in TokenKind::Agent.prefix().len()..text.len() {
        let error = AgentToken::parse(&text[..length]).unwrap_err();
        assert!(matches!(error, InvalidToken::Length | InvalidToken::Checksum), "{length}: {error}");
    }
}

#[test]
fn every_kind_has_exactly_the_length_that_scanners_look_for() {
    let floor = TokenFloor { seq: Seq::FIRST, hash_prefix: [0; 16] };
    let (org, seed) = (OrgId([0; 32]), Zeroizing::new([0; 32]));
    let longest = TokenUrl::new(&format!("https://{}example", "abcdefgh.".repeat(26) + "abcde.")).unwrap();
    assert_eq!(longest.len(), 255);
    for (url, end) in [(None, 0), (Some(longest), 1)] {
        let invite =
            InviteCode { org, invite: InviteId::from_bytes([0; 16]), seed: seed.clone(), floor, url: url.clone() };
        let agent = AgentToken { url, ..sample(None) };
        for (kind, text) in
            [(TokenKind::Invite, invite.to_secret_string()), (TokenKind::Agent, agent.to_secret_string())]
        {
            let lengths: [usize; 2] = scanner_lengths(kind).into();
            assert_eq!(text.expose_secret().len(), kind.prefix().len() + lengths[end], "{kind:?}");
        }
    }
    let user = UserId::from_bytes([0; 16]);
    let recovery = RecoveryKit { org, user, seed }.to_secret_string();
    let account = AccountKey { org, user, key: Zeroizing::new([0; 16]) }.to_secret_string();
    for (kind, text) in [(TokenKind::Recovery, recovery), (TokenKind::Account, account)] {
        let (low, high) = scanner_lengths(kind);
        assert_eq!(low, high);
        assert_eq!(text.expose_secret().len(), kind.prefix().len() + low, "{kind:?}");
    }
}

#[test]
fn neither_errors_nor_debug_show_a_secret() {
    let text = text_of(&sample(Some("https://secrets.example")));
    let digits = &text[TokenKind::Agent.prefix().len()..];
    let mut broken =
        vec![text[..100].to_owned(), text.to_uppercase(), format!("{text} "), format!("stronghold_invite_{digits}")];
    broken.extend([format!("x{text}"), format!("{text}{text}"), digits.to_owned()]);
    for text in broken {
        let error = AgentToken::parse(&text).unwrap_err();
        let shown = format!("{error} {error:?}");
        for start in (0..digits.len() - 8).step_by(4) {
            assert!(!shown.contains(&digits[start..start + 8]), "{shown}");
        }
    }
    let shown = format!("{:?}", sample(None));
    assert!(shown.contains("REDACTED") && !shown.contains("3, 3"), "{shown}");
    let account = AccountKey { org: OrgId([0; 32]), user: UserId::from_bytes([0; 16]), key: Zeroizing::new([9; 16]) };
    let shown = format!("{account:?}");
    assert!(shown.contains("REDACTED") && !shown.contains("9, 9"), "{shown}");
}

#[test]
fn urls_that_a_client_must_not_follow_are_refused() {
    let good = [
        "https://secrets.example",
        "https://secrets.example:8443/",
        "https://secrets.example/stronghold",
        "https://secrets.example/team-1/vault_2.x~/",
        "https://[2001:db8::1]",
        "http://localhost:1",
        "http://127.0.0.1:8200",
        "http://127.8.9.10",
        "http://[::1]:8200/",
        "https://192.0.2.1",
    ];
    for text in good {
        assert_eq!(TokenUrl::new(text).unwrap().as_str(), text);
    }
    let bad = [
        ("http://secrets.example", InvalidUrl::NotEncrypted),
        ("http://localhost.evil.example", InvalidUrl::NotEncrypted),
        ("http://128.0.0.1", InvalidUrl::NotEncrypted),
        ("http://[::2]", InvalidUrl::NotEncrypted),
        ("http://0.0.0.0", InvalidUrl::NotEncrypted),
        ("https://user@secrets.example", InvalidUrl::Extra),
        ("https://user:pass@secrets.example", InvalidUrl::Extra),
        ("https://@secrets.example", InvalidUrl::Extra),
        ("http://localhost@evil.example", InvalidUrl::Extra),
        ("https://secrets.example?", InvalidUrl::Extra),
        ("https://secrets.example/?a=b", InvalidUrl::Extra),
        ("https://secrets.example/#", InvalidUrl::Extra),
        ("https://secrets.example/base?", InvalidUrl::Extra),
        ("https://secrets.example/base#", InvalidUrl::Extra),
        ("https://secrets.example//", InvalidUrl::Path(InvalidTarget::EmptySegment.into())),
        ("https://secrets.example/a//b", InvalidUrl::Path(InvalidTarget::EmptySegment.into())),
        ("https://secrets.example/a/../b", InvalidUrl::Path(InvalidTarget::DotSegment.into())),
        ("https://secrets.example/./b", InvalidUrl::Path(InvalidTarget::DotSegment.into())),
        ("https://secrets.example/a%2Fb", InvalidUrl::Path(InvalidTarget::ForbiddenCharacter.into())),
        ("https://secrets.example/a;b", InvalidUrl::Path(InvalidTarget::ForbiddenCharacter.into())),
        ("https://secrets.example/%7Ea", InvalidUrl::Path(InvalidTarget::ForbiddenCharacter.into())),
        ("ftp://secrets.example", InvalidUrl::Malformed),
        ("secrets.example", InvalidUrl::Malformed),
        ("HTTPS://secrets.example", InvalidUrl::Malformed),
        ("https:secrets.example", InvalidUrl::Malformed),
        ("https:\\\\secrets.example", InvalidUrl::Malformed),
        ("http://localhost\\@evil.example", InvalidUrl::Malformed),
        ("https:///secrets.example", InvalidUrl::Malformed),
        ("https://", InvalidUrl::Malformed),
        ("https://secrets.exa mple", InvalidUrl::Malformed),
        ("https://secrets.example\n", InvalidUrl::Malformed),
        (" https://secrets.example", InvalidUrl::Malformed),
        ("https://s\u{e9}crets.example", InvalidUrl::Malformed),
        ("https://secrets.example:99999", InvalidUrl::Malformed),
        ("", InvalidUrl::Malformed),
    ];
    for (text, error) in bad {
        assert_eq!(TokenUrl::new(text).unwrap_err(), error, "{text:?}");
    }
    let long = format!("https://secrets.example/{}", "a".repeat(255));
    assert_eq!(TokenUrl::new(&long).unwrap_err(), InvalidUrl::TooLong);
}

#[test]
fn a_floor_is_the_header_it_was_made_of() {
    let header = HeaderRef { seq: Seq::new(7).unwrap(), hash: Hash([9; 32]) };
    let floor = TokenFloor::of(&header);
    assert!(floor.matches(&header));
    assert!(!floor.matches(&HeaderRef { seq: Seq::new(8).unwrap(), ..header }));
    let mut other = header;
    other.hash.0[15] ^= 1;
    assert!(!floor.matches(&other));
}

#[test]
fn a_wrong_character_is_named_by_its_place() {
    let text = text_of(&sample(None));
    let prefix = TokenKind::Agent.prefix().len();
    for at in [prefix, prefix + 1, text.len() - 1] {
        let mut wrong = text.clone();
        wrong.replace_range(at..=at, "1");
        assert_eq!(AgentToken::parse(&wrong).unwrap_err(), InvalidToken::WrongCharacter { position: at + 1 });
    }
}

#[test]
fn nothing_follows_the_last_field() {
    // What is behind version and suite: an empty URL is one byte.
    for (kind, length) in
        [(TokenKind::Agent, 105), (TokenKind::Invite, 105), (TokenKind::Recovery, 80), (TokenKind::Account, 64)]
    {
        let read = |length: usize| {
            let text = encode(kind, &[&[1, 0, 1], vec![0; length].as_slice()].concat());
            match kind {
                TokenKind::Agent => AgentToken::parse(&text).map(|_| ()),
                TokenKind::Invite => InviteCode::parse(&text).map(|_| ()),
                TokenKind::Recovery => RecoveryKit::parse(&text).map(|_| ()),
                _ => AccountKey::parse(&text).map(|_| ()),
            }
        };
        assert_eq!(read(length), Ok(()), "{kind:?}");
        assert_eq!(read(length - 1), Err(InvalidToken::Malformed), "{kind:?}, one byte short");
        assert_eq!(read(length + 1), Err(InvalidToken::Malformed), "{kind:?}, one byte more");
    }
}
