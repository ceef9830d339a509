//! `docs/vectors/texts.json`: names, ids, times, ranges and addresses.

use super::{Maker, maker};
use serde_json::{Value, json};

fn case(kind: &str, text: &str) -> Value {
    json!({ "kind": kind, "text": text })
}

/// Texts of one kind: the first is accepted, and what the others differ from.
fn kind(maker: &mut Maker, kind: &str, accepts: &[&str], rejects: &[&str]) {
    for text in accepts {
        maker.accept(&format!("{kind}: {text:?}"), &case(kind, text));
    }
    for text in rejects {
        maker.reject(&format!("{kind}: {:?}", accepts[0]), &format!("{kind}: {text:?}"), &case(kind, text));
    }
}

#[test]
fn texts_file() {
    let mut maker = maker(
        "texts",
        "Texts with a form (docs/protocol.md, sections 2, 7 and 14), as they stand in JSON of the protocol. `profile`: a \
         profile's name or id, where both may stand; gives which it is. `time` gives milliseconds since 1970. `range`: a source \
         range, and whether it allows `address`. `url`: a server's address in a token.",
    );
    names(&mut maker);
    ids(&mut maker);
    ranges(&mut maker);
    urls(&mut maker);
    maker.finish();
}

fn names(maker: &mut Maker) {
    let (longest, wide) = ("x".repeat(128), "\u{1f512}".repeat(128));
    let id = "01930000-0000-7000-8000-000000000001";
    let org = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
    let accepts =
        ["production", "team/app", "a b", "Gr\u{fc}n", "...", longest.as_str(), wide.as_str(), "x=y", &org[1..]];
    let (urn, braced, simple) = (format!("urn:uuid:{id}"), format!("{{{id}}}"), id.replace('-', ""));
    let (too_long, upper) = ("x".repeat(129), id.replace('0', "A"));
    let rejects = [
        "",
        ".",
        "..",
        " x",
        "x ",
        "\u{2003}x",
        "x\u{a0}",
        "a\tb",
        "a\nb",
        "a\u{7f}b",
        "a\u{85}b",
        "a\0b",
        "Gru\u{308}n",
        id,
        upper.as_str(),
        urn.as_str(),
        braced.as_str(),
        simple.as_str(),
        org,
        too_long.as_str(),
    ];
    kind(maker, "name", &accepts, &rejects);
    let longest = format!("{}@example.com", "a".repeat(242));
    let too_long = format!("{}@example.com", "a".repeat(243));
    let accepts = ["owner@acme.example", "a@b", "gr\u{fc}n@b", longest.as_str()];
    let rejects = [
        "",
        "a",
        "@b",
        "a@",
        "a@b@c",
        "a b@c",
        "a@b ",
        " a@b",
        "A@b",
        "a@B",
        "a\u{a0}@b",
        "a\n@b",
        "a\u{7f}@b",
        "gru\u{308}n@b",
        too_long.as_str(),
    ];
    kind(maker, "email", &accepts, &rejects);
    let (longest, too_long) = ("\u{fc}".repeat(128), "x".repeat(257));
    let accepts = ["DATABASE_URL", " ", "a/b", "\n", "Gru\u{308}n", longest.as_str()];
    kind(maker, "secret_name", &accepts, &["", "a=b", "=", "a\0b", too_long.as_str()]);
    let profile = ["production", "team/app", id, "Gru\u{308}n"];
    kind(maker, "profile", &profile, &["", "..", upper.as_str(), urn.as_str(), braced.as_str(), simple.as_str(), org]);
}

fn ids(maker: &mut Maker) {
    let id = "01930000-0000-7000-8000-00000000abcd";
    let nil = "00000000-0000-0000-0000-000000000000";
    let version_4 = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";
    let (upper, simple) = (id.to_uppercase(), id.replace('-', ""));
    let (urn, braced, shifted) =
        (format!("urn:uuid:{id}"), format!("{{{id}}}"), "0193000-00000-7000-8000-00000000abcd");
    let rejects = [
        "",
        upper.as_str(),
        simple.as_str(),
        urn.as_str(),
        braced.as_str(),
        shifted,
        &id[1..],
        "01930000-0000-7000-8000-00000000abcg",
    ];
    kind(maker, "id", &[id, nil, version_4], &rejects);
    let org = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
    let (padded, trailing) = (format!("{org}="), format!("{}F", &org[..42]));
    let rejects = ["", padded.as_str(), trailing.as_str(), &org[1..], "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ+"];
    kind(maker, "org_id", &[org, "__-_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"], &rejects);
    let accepts = [
        "2026-11-23T12:00:00.000Z",
        "1970-01-01T00:00:00.000Z",
        "9999-12-30T22:00:00.000Z",
        "2028-02-29T23:59:59.001Z",
    ];
    let rejects = [
        "",
        "2026-11-23T12:00:00Z",
        "2026-11-23T12:00:00.00Z",
        "2026-11-23T12:00:00.0000Z",
        "2026-11-23t12:00:00.000Z",
        "2026-11-23T12:00:00.000z",
        "2026-11-23 12:00:00.000Z",
        "2026-11-23T12:00:00.000+00:00",
        "2026-11-23T12:00:00.000",
        "2026-02-29T12:00:00.000Z",
        "2026-11-23T24:00:00.000Z",
        "2026-11-23T12:00:60.000Z",
        "1969-12-31T23:59:59.999Z",
        "9999-12-30T22:00:00.001Z",
        "9999-12-30T22:00:00.999Z",
        "9999-12-30T22:00:01.000Z",
        "9999-12-31T23:59:59.999Z",
        "10000-01-01T00:00:00.000Z",
        "2026-11-23T12:00:00.000Z ",
    ];
    kind(maker, "time", &accepts, &rejects);
}

fn ranges(maker: &mut Maker) {
    let accepts = [
        "10.0.0.0/8",
        "10.1.2.3/8",
        "10.0.0.1/32",
        "0.0.0.0/0",
        "2001:db8::/32",
        "2001:DB8:0:0::1/128",
        "::/0",
        "::ffff:192.0.2.0/120",
    ];
    let rejects = [
        "",
        "/",
        "10.0.0.0",
        "10.0.0.0/",
        "10.0.0.0/33",
        "::/129",
        "10.0.0/8",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "10.0.0.0/08",
        "10.0.0.0/8 ",
        " 10.0.0.0/8",
        "10.0.0.0/8/8",
        "010.0.0.0/8",
        "0x0a.0.0.0/8",
        "host/8",
        "fe80::1%eth0/64",
        "[::1]/128",
        "1:2:3:4:5:6:7:8:9/64",
        "::1::/64",
    ];
    kind(maker, "range", &accepts, &rejects);
    let judged = [
        ("10.0.0.0/8", "10.255.255.255"),
        ("10.0.0.0/8", "11.0.0.0"),
        ("10.1.2.3/8", "10.9.9.9"),
        ("10.0.0.0/8", "::ffff:10.0.0.1"),
        ("10.0.0.0/8", "::a00:1"),
        ("0.0.0.0/0", "192.0.2.1"),
        ("0.0.0.0/0", "2001:db8::1"),
        ("::/0", "2001:db8::1"),
        ("::/0", "192.0.2.1"),
        ("::ffff:192.0.2.0/120", "192.0.2.7"),
        ("::ffff:192.0.2.0/120", "192.0.3.7"),
        ("::ffff:0.0.0.0/96", "8.8.8.8"),
        ("::ffff:0.0.0.0/95", "8.8.8.8"),
        ("2001:db8::/32", "2001:db8:1::1"),
        ("2001:db8::/32", "2001:db9::1"),
        ("10.0.0.4/31", "10.0.0.5"),
        ("10.0.0.4/31", "10.0.0.6"),
        ("10.0.0.4/32", "10.0.0.5"),
        ("2001:db8::4/127", "2001:db8::5"),
        ("2001:db8::4/127", "2001:db8::6"),
    ];
    for (range, address) in judged {
        let case = json!({ "kind": "range", "text": range, "address": address });
        maker.accept(&format!("range: {range} and {address}"), &case);
    }
}

fn urls(maker: &mut Maker) {
    let longest = format!("https://{}example", "abcdefgh.".repeat(26) + "abcde.");
    let too_long = format!("{longest}s");
    let accepts = [
        "https://secrets.example",
        "https://secrets.example:8443",
        "https://192.0.2.1",
        "https://[2001:db8::1]:8443",
        "http://localhost:8080",
        "http://127.0.0.1",
        "http://127.9.9.9:1",
        "http://[::1]:8080",
        longest.as_str(),
    ];
    let rejects = [
        "",
        "secrets.example",
        "https://",
        "http://secrets.example",
        "http://192.0.2.1",
        "http://[::ffff:127.0.0.1]",
        "http://localhost.example",
        "ftp://secrets.example",
        "HTTPS://secrets.example",
        "https:secrets.example",
        "https:///secrets.example",
        "https:\\\\secrets.example",
        "https://user@secrets.example",
        "https://@secrets.example",
        "https://secrets.example/?to=elsewhere",
        "https://secrets.example/#top",
        " https://secrets.example",
        "https://secrets.example ",
        "https://secrets .example",
        "https://gr\u{fc}n.example",
        "https://secrets.example:99999",
        too_long.as_str(),
    ];
    kind(maker, "url", &accepts, &rejects);
}
