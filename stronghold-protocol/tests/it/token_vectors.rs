//! `docs/vectors/tokens.json`: strings that every implementation must read, and strings that it must refuse.
//!
//! With `STRONGHOLD_BLESS` set the file is written; otherwise it must be what this code makes. A second test reads it
//! like a stranger, from the file alone.

use crate::token::{body, encode, sample};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use std::{fs, path::PathBuf};
use stronghold_protocol::{
    encoding::Base64Bytes,
    id::{AgentId, InviteId, OrgId, UserId},
    number::Seq,
    token::{
        AccountKey, AgentToken, InvalidToken, InvalidUrl, InviteCode, RecoveryKit, TokenFloor, TokenKind, TokenUrl,
    },
};
use zeroize::Zeroizing;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vectors {
    about: String,
    accepts: Vec<Accept>,
    rejects: Vec<Reject>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Accept {
    kind: String,
    text: String,
    /// Of the agent, invitation or user.
    id: String,
    org: OrgId,
    /// Seed or account key.
    secret: Base64Bytes,
    floor: Option<Floor>,
    url: Option<String>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Floor {
    seq: Seq,
    hash_prefix: Base64Bytes,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reject {
    name: String,
    /// As what it is read.
    kind: String,
    text: String,
    error: String,
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/vectors/tokens.json")
}

fn kind_name(kind: TokenKind) -> &'static str {
    kind.prefix().trim_start_matches("stronghold_").trim_end_matches('_')
}

/// Reads a string as some kind, into the form of the vectors.
fn read(kind: &str, text: &str) -> Result<Accept, InvalidToken> {
    let floor =
        |floor: TokenFloor| Some(Floor { seq: floor.seq, hash_prefix: Base64Bytes(floor.hash_prefix.to_vec()) });
    let accept = |id: String, org, secret: &[u8], floor, url: Option<TokenUrl>| Accept {
        kind: kind.to_owned(),
        text: text.to_owned(),
        id,
        org,
        secret: Base64Bytes(secret.to_vec()),
        floor,
        url: url.map(|url| url.to_string()),
    };
    Ok(match kind {
        "agent" => {
            let token = AgentToken::parse(text)?;
            accept(token.agent.to_string(), token.org, token.seed.as_slice(), floor(token.floor), token.url)
        }
        "invite" => {
            let code = InviteCode::parse(text)?;
            accept(code.invite.to_string(), code.org, code.seed.as_slice(), floor(code.floor), code.url)
        }
        "recovery" => {
            let kit = RecoveryKit::parse(text)?;
            accept(kit.user.to_string(), kit.org, kit.seed.as_slice(), None, None)
        }
        _ => {
            let key = AccountKey::parse(text)?;
            accept(key.user.to_string(), key.org, key.key.as_slice(), None, None)
        }
    })
}

fn error_name(error: InvalidToken) -> String {
    match error {
        InvalidToken::UnknownPrefix { .. } => "unknown_prefix",
        InvalidToken::OtherKind { .. } => "other_kind",
        InvalidToken::UpperCase => "upper_case",
        InvalidToken::WrongCharacter { .. } => "wrong_character",
        InvalidToken::Length => "length",
        InvalidToken::Checksum => "checksum",
        InvalidToken::Newer { .. } => "newer",
        InvalidToken::Malformed => "malformed",
        InvalidToken::Url(InvalidUrl::NotEncrypted) => "url_not_encrypted",
        InvalidToken::Url(InvalidUrl::Extra) => "url_extra",
        InvalidToken::Url(_) => "url_malformed",
        other => panic!("{other} needs a name in the vectors"),
    }
    .to_owned()
}

fn accepts() -> Vec<Accept> {
    let counting = |start: u8| Zeroizing::new(std::array::from_fn(|index| start + u8::try_from(index).unwrap()));
    let org = OrgId(*counting(0x40));
    let floor = |seq| TokenFloor { seq: Seq::new(seq).unwrap(), hash_prefix: [0xab; 16] };
    let agent = |seq, url: Option<&str>| {
        let url = url.map(|url| TokenUrl::new(url).unwrap());
        let agent = AgentId::from_bytes([0x11; 16]);
        AgentToken { agent, org, seed: counting(0x80), floor: floor(seq), url }.to_secret_string()
    };
    let longest = format!("https://{}example", "abcdefgh.".repeat(26) + "abcde.");
    let invite = |url: Option<&str>| {
        let url = url.map(|url| TokenUrl::new(url).unwrap());
        let invite = InviteId::from_bytes([0x22; 16]);
        InviteCode { org, invite, seed: counting(0xa0), floor: floor(3), url }.to_secret_string()
    };
    let user = UserId::from_bytes([0x33; 16]);
    let key = Zeroizing::new([0x44; 16]);
    [
        ("agent", agent(0, None)),
        ("agent", agent(12, Some("https://secrets.example"))),
        ("agent", agent((1 << 53) - 1, Some("http://127.0.0.1:8200"))),
        ("agent", agent(1, Some(&longest))),
        ("invite", invite(None)),
        ("invite", invite(Some("https://secrets.example:8443"))),
        ("recovery", RecoveryKit { org, user, seed: counting(0xc0) }.to_secret_string()),
        ("account", AccountKey { org, user, key }.to_secret_string()),
    ]
    .into_iter()
    .map(|(kind, text)| read(kind, text.expose_secret()).unwrap())
    .collect()
}

fn rejects() -> Vec<Reject> {
    let kind = TokenKind::Agent;
    let url = "https://secrets.example";
    let good = sample(Some(url)).to_secret_string().expose_secret().to_owned();
    let good_body = body(kind, &good);
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut body = good_body.clone();
        change(&mut body);
        encode(kind, &body)
    };
    // The URL, with its length before it, is the end of the body.
    let with_url = |url: &[u8]| {
        let mut body = good_body[..good_body.len() - 24].to_vec();
        body.push(u8::try_from(url.len()).unwrap());
        body.extend_from_slice(url);
        encode(kind, &body)
    };
    assert_eq!(with_url(url.as_bytes()), good, "the vectors' own encoder agrees");
    let seq_at = 3 + 16 + 32 + 32;
    // 71 bytes are 113.6 characters: the last one has bits to spare.
    let account = read("account", &accepts().pop().unwrap().text).unwrap().text;
    let last = account.chars().last().unwrap();
    let next = char::from(u8::try_from(last).unwrap() + 1);
    let mut rejects: Vec<(&str, &str, String)> = vec![
        ("empty", "agent", String::new()),
        ("only the prefix", "agent", kind.prefix().to_owned()),
        ("another prefix", "agent", good.replacen("stronghold", "citadel", 1)),
        ("no prefix", "agent", good.replacen(kind.prefix(), "", 1)),
        ("an agent token as an account key", "account", good.clone()),
        ("an agent token as an invitation", "invite", good.clone()),
        ("an agent token with the prefix of an invitation", "invite", good.replacen("agent", "invite", 1)),
        ("upper case", "agent", good.to_uppercase()),
        (
            "one upper-case letter",
            "agent",
            format!("{}{}", &good[..good.len() - 1], good[good.len() - 1..].to_uppercase()),
        ),
        ("the digit 1", "agent", format!("{}1{}", &good[..40], &good[41..])),
        ("padding", "agent", format!("{good}=")),
        ("white space after", "agent", format!("{good} ")),
        ("white space before", "agent", format!(" {good}")),
        ("a line break inside", "agent", format!("{}\n{}", &good[..60], &good[60..])),
        ("not ASCII", "agent", format!("{}\u{df}{}", &good[..60], &good[61..])),
        ("one character missing", "agent", good[..good.len() - 1].to_owned()),
        ("eight characters missing", "agent", good[..good.len() - 8].to_owned()),
        ("twice", "agent", format!("{good}{}", &good[kind.prefix().len()..])),
        ("longer than any", "agent", format!("{good}{}", "a".repeat(400))),
        ("trailing bits", "account", format!("{}{next}", &account[..account.len() - 1])),
        ("checksum of another kind", "agent", encode(TokenKind::Invite, &good_body).replacen("invite", "agent", 1)),
        ("version 2", "agent", changed(&|body| body[0] = 2)),
        ("suite 2", "agent", changed(&|body| body[2] = 2)),
        ("a byte too many", "agent", changed(&|body| body.push(0))),
        ("a byte too few", "agent", changed(&|body| body.truncate(body.len() - 1))),
        ("nothing after the suite", "agent", changed(&|body| body.truncate(3))),
        ("a URL shorter than its length", "agent", changed(&|body| body[seq_at + 24] += 1)),
        ("floor of 2^53", "agent", changed(&|body| body[seq_at + 1] = 0x20)),
        (
            "a byte too many in an account key",
            "account",
            encode(TokenKind::Account, &[body(TokenKind::Account, &account), vec![0]].concat()),
        ),
    ];
    rejects.extend([
        ("plain http to another machine", "agent", with_url(b"http://secrets.example")),
        ("user name in the URL", "agent", with_url(b"https://user@secrets.example")),
        ("query in the URL", "agent", with_url(b"https://secrets.example/?to=elsewhere")),
        ("percent-encoding in the path of the URL", "agent", with_url(b"https://secrets.example/a%2Fb")),
        ("fragment in the URL", "agent", with_url(b"https://secrets.example/#top")),
        ("another scheme", "agent", with_url(b"ftp://secrets.example")),
        ("backslashes in the URL", "agent", with_url(b"https:\\\\secrets.example")),
        ("white space in the URL", "agent", with_url(b"https://secrets.example ")),
        ("URL that is not UTF-8", "agent", with_url(b"https://secrets.example\xff")),
    ]);
    rejects
        .into_iter()
        .map(|(name, kind, text)| {
            let error = read(kind, &text).map(|_| ()).expect_err(name);
            Reject { name: name.to_owned(), kind: kind.to_owned(), error: error_name(error), text }
        })
        .collect()
}

fn vectors() -> Vectors {
    let about = "Strings that people copy (docs/protocol.md, section 14). Every text of `accepts` must be read as its kind, \
                 to exactly these fields, and written again to the same text; every text of `rejects` must be refused when \
                 it is read as its kind. `error` is our name of the reason. Ids are UUIDs; org, secret and hash_prefix are \
                 base64url.";
    Vectors { about: about.to_owned(), accepts: accepts(), rejects: rejects() }
}

#[test]
fn the_file_is_what_this_code_makes() {
    let mut made = serde_json::to_string_pretty(&vectors()).unwrap();
    made.push('\n');
    if std::env::var_os("STRONGHOLD_BLESS").is_some() {
        fs::write(path(), &made).unwrap();
    }
    assert!(
        fs::read_to_string(path()).unwrap() == made,
        "run once with STRONGHOLD_BLESS=1, and look at the difference"
    );
}

#[test]
fn a_stranger_reads_and_refuses_what_the_file_says() {
    let vectors: Vectors = serde_json::from_slice(&fs::read(path()).unwrap()).unwrap();
    let mut errors = std::collections::BTreeSet::new();
    for accept in &vectors.accepts {
        let read = read(&accept.kind, &accept.text).unwrap();
        assert_eq!(&read, accept);
        let kind = TokenKind::ALL.into_iter().find(|kind| kind_name(*kind) == accept.kind).unwrap();
        let body = body(kind, &accept.text);
        assert_eq!(encode(kind, &body), accept.text, "the checksum is the one of the specification");
    }
    for reject in &vectors.rejects {
        let error = read(&reject.kind, &reject.text).map(|_| ()).expect_err(&reject.name);
        assert_eq!(error_name(error), reject.error, "{}", reject.name);
        errors.insert(reject.error.clone());
    }
    println!("{} accepted, {} refused for {} reasons", vectors.accepts.len(), vectors.rejects.len(), errors.len());
    assert!(!vectors.accepts.is_empty() && vectors.rejects.len() > vectors.accepts.len());
}
