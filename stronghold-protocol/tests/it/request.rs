//! Signed requests: what is signed, and every way to be refused.

use crate::wire::{CREATED, Wire, authority, key, params, signed};
use stronghold_protocol::{
    crypto::sign::{Signature, SigningKey},
    limits,
    problem::Problem,
    request::{
        Authority, CONTENT_DIGEST, CONTEXT, ContentDigest, IF_NONE_MATCH, Method, RequestParts, RequestRefusal,
        SIGNATURE, SIGNATURE_INPUT, SignedRequest, ToSign, signature_base,
    },
};

fn full_parts() -> RequestParts {
    RequestParts::new(Method::Post, "/v1/orgs/a-b", "x=1&y=~_.")
        .unwrap()
        .with_body(b"{}")
        .with_if_none_match("\"tag\"")
        .unwrap()
        .with_context(r#"{"reason":"deploy"}"#)
        .unwrap()
}

fn full() -> Wire {
    Wire::of(&signed(full_parts()), b"{}")
}

#[test]
fn base_is_the_one_of_the_rfc() {
    let base = signature_base(&authority("vault.example"), &full_parts(), &params());
    let params = params();
    let digest = ContentDigest::of(b"{}");
    let expected = format!(
        "\"@method\": POST\n\"@authority\": vault.example\n\"@path\": /v1/orgs/a-b\n\"@query\": ?x=1&y=~_.\n\
         \"content-digest\": {digest}\n\"if-none-match\": \"tag\"\n\"stronghold-context\": {{\"reason\":\"deploy\"}}\n\
         \"@signature-params\": (\"@method\" \"@authority\" \"@path\" \"@query\" \"content-digest\" \"if-none-match\" \
         \"stronghold-context\");created={CREATED};nonce=\"{}\";keyid=\"{}\";tag=\"stronghold-v1\"",
        params.nonce, params.key_id
    );
    assert_eq!(String::from_utf8(base).unwrap(), expected);
}

#[test]
fn base_of_an_empty_query_has_a_question_mark() {
    let parts = RequestParts::new(Method::Get, "/v1", "").unwrap();
    let base = String::from_utf8(signature_base(&Authority::in_process(), &parts, &params())).unwrap();
    assert!(base.contains("\n\"@query\": ?\n"), "{base}");
    assert!(base.contains("\n\"@authority\": in-process\n"), "{base}");
    assert!(!base.contains("content-digest"), "{base}");
}

// RFC 9421, appendix B.2.6, with the key test-key-ed25519 of appendix B.1.4. Its base covers other components than this
// profile, so that what is tested is the signature over the published base.
#[test]
fn rfc_9421_ed25519_example_verifies() {
    let base = "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@method\": POST\n\"@path\": /foo\n\
        \"@authority\": example.com\n\"content-type\": application/json\n\"content-length\": 18\n\
        \"@signature-params\": (\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \"content-length\")\
        ;created=1618884473;keyid=\"test-key-ed25519\"";
    let seed = "n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU";
    let public = "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs";
    let signature = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==";

    let seed = stronghold_protocol::encoding::decode_base64url(seed).unwrap();
    let signing = SigningKey::from_seed(&seed);
    assert_eq!(signing.public_key().to_string(), public);
    let published = Signature(data_encoding::BASE64.decode(signature.as_bytes()).unwrap().try_into().unwrap());
    signing.public_key().verify(base.as_bytes(), &published).unwrap();
    assert_eq!(signing.sign(base.as_bytes()), published);
    assert!(signing.public_key().verify(&base.as_bytes()[1..], &published).is_err());
}

// The digest of RFC 9421, section 2.1 and of RFC 9530, appendix B.
#[test]
fn published_content_digests_match() {
    let published = [
        (&b"{\"hello\": \"world\"}"[..], "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"),
        (b"{\"hello\": \"world\"}\n", "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"),
    ];
    for (body, header) in published {
        let digest: ContentDigest = header.parse().unwrap();
        assert_eq!(digest, ContentDigest::of(body));
        assert_eq!(digest.to_string(), header);
        digest.verify(body).unwrap();
        digest.verify(&body[1..]).unwrap_err();
    }
}

#[test]
fn content_digest_has_one_form() {
    let good = ContentDigest::of(b"x").to_string();
    let bare = good.trim_end_matches("=:");
    for bad in [
        "".to_owned(),
        format!(" {good}"),
        format!("{good} "),
        format!("{bare}:"),
        good.replace("sha-256", "sha-512"),
        good.replace("sha-256", "SHA-256"),
        format!("{good}, {good}"),
        format!("{good};p=1"),
        "sha-256=::".to_owned(),
        "sha-256=:".to_owned(),
    ] {
        assert!(bad.parse::<ContentDigest>().is_err(), "{bad}");
    }
}

#[test]
fn full_request_verifies_and_knows_its_authority() {
    let request = signed(full_parts());
    let wire = Wire::of(&request, b"{}");
    assert_eq!(wire.verify().unwrap(), request);
    assert_eq!(request.base(), signature_base(&authority("vault.example"), &full_parts(), &params()));
    request.verify_signature(&key().public_key()).unwrap();
    request.verify_signature(&SigningKey::from_seed(&[8; 32]).public_key()).unwrap_err();
}

/// A request that names one key and was signed by another is neither's.
#[test]
fn the_key_that_signed_is_the_one_that_is_named() {
    let other = SigningKey::from_seed(&[8; 32]);
    let forged = SignedRequest::sign(authority("vault.example"), full_parts(), params(), |base| other.sign(base));
    assert_ne!(params().key_id, other.public_key().key_id());
    for key in [key().public_key(), other.public_key()] {
        forged.verify_signature(&key).unwrap_err();
        let unverified = forged.clone().into_unverified();
        unverified.verify(&key, &[authority("vault.example").into()], b"{}").unwrap_err();
    }
}

#[test]
fn two_steps_sign_like_one() {
    let to_sign = ToSign::new(authority("vault.example"), full_parts(), params());
    let signature = key().sign(to_sign.base());
    assert_eq!(to_sign.finish(signature), signed(full_parts()));
}

#[test]
fn parameters_may_stand_in_any_order() {
    let wire = full();
    let reordered = wire.clone().replace(SIGNATURE_INPUT, &format!(";created={CREATED}"), "");
    let text = format!("{};created={CREATED}", reordered.text(SIGNATURE_INPUT));
    let reordered = reordered.set(SIGNATURE_INPUT, text);
    // The order is signed, so the old signature does not hold for it.
    assert_eq!(reordered.verify().unwrap_err(), RequestRefusal::Signature);
    let request = reordered.sign_anew().verify().unwrap();
    assert_eq!(request.params(), &params());
    // An audit record keeps the order.
    let stored = serde_json::to_string(&request).unwrap();
    let read: SignedRequest = serde_json::from_str(&stored).unwrap();
    assert_eq!(read, request);
    read.verify_signature(&key().public_key()).unwrap();
}

#[test]
fn authority_that_verified_is_the_one_that_counts() {
    let configured = [authority("127.0.0.1:8080"), authority("localhost:8080")];
    let parts = RequestParts::new(Method::Get, "/v1", "").unwrap();
    let sign = |text: &str| {
        let request = SignedRequest::sign(authority(text), parts.clone(), params(), |base| key().sign(base));
        Wire::of(&request, b"")
    };
    for text in ["127.0.0.1:8080", "localhost:8080"] {
        // Host is a hint and no more: wrong, absent, odd or right, the result is the same.
        for host in [&b"localhost:8080"[..], b"LOCALHOST:8080", b"127.0.0.1:8080", b"evil.example", b"", b"\xff"] {
            let request = sign(text).with("Host", host).verify_for(&configured).unwrap();
            assert_eq!(request.authority().as_str(), text);
        }
        let request = sign(text).verify_for(&configured).unwrap();
        assert_eq!(request.authority().as_str(), text);
        assert_eq!(sign(text).verify_for(&[]).unwrap_err(), RequestRefusal::Signature);
    }
    for text in ["evil.example", "localhost", "localhost:8081", "in-process"] {
        let forged = sign(text).with("host", text).with("x-forwarded-host", text);
        assert_eq!(forged.verify_for(&configured).unwrap_err(), RequestRefusal::Signature);
    }
}

#[test]
fn request_within_a_process_verifies() {
    let parts = RequestParts::new(Method::Get, "/v1", "").unwrap();
    let request = SignedRequest::sign(Authority::in_process(), parts.clone(), params(), |base| key().sign(base));
    let verify = |request: SignedRequest, authority: Authority| {
        request.into_unverified().verify(&key().public_key(), &[authority.into()], b"")
    };
    assert_eq!(verify(request.clone(), Authority::in_process()).unwrap().into_request(), request);
    assert_eq!(verify(request, authority("vault.example")).unwrap_err(), RequestRefusal::Signature);
    let remote = SignedRequest::sign(authority("vault.example"), parts, params(), |base| key().sign(base));
    assert_eq!(verify(remote, Authority::in_process()).unwrap_err(), RequestRefusal::Signature);
}

#[test]
fn several_signatures_are_refused() {
    let wire = full();
    let (input, signature) = (wire.text(SIGNATURE_INPUT), wire.text(SIGNATURE));
    let other = |text: &str| text.replacen("stronghold", "other", 1);
    let cases = [
        (wire.clone().with(SIGNATURE_INPUT, input.clone()), RequestRefusal::Repeated(SIGNATURE_INPUT)),
        (wire.clone().with(SIGNATURE, signature.clone()), RequestRefusal::Repeated(SIGNATURE)),
        (wire.clone().with("Signature", other(&signature)), RequestRefusal::Repeated(SIGNATURE)),
        (wire.clone().set(SIGNATURE_INPUT, format!("{input}, {}", other(&input))), RequestRefusal::SeveralSignatures),
        (wire.clone().set(SIGNATURE, format!("{}, {signature}", other(&signature))), RequestRefusal::SeveralSignatures),
        // The same label twice: a dictionary keeps the last, whose form is then not the one that was sent.
        (wire.clone().set(SIGNATURE_INPUT, format!("{input}, {input}")), RequestRefusal::Malformed(SIGNATURE_INPUT)),
        (wire.clone().set(SIGNATURE, format!("{signature},{signature}")), RequestRefusal::Malformed(SIGNATURE)),
        (wire.clone().set(SIGNATURE, other(&signature)), RequestRefusal::OtherLabel),
        (wire.clone().set(SIGNATURE_INPUT, other(&input)), RequestRefusal::OtherLabel),
        (wire.clone().without(SIGNATURE), RequestRefusal::Missing(SIGNATURE)),
        (wire.clone().without(SIGNATURE_INPUT), RequestRefusal::Missing(SIGNATURE_INPUT)),
        (wire.clone().set(SIGNATURE, ""), RequestRefusal::Malformed(SIGNATURE)),
        (wire.set(SIGNATURE_INPUT, ""), RequestRefusal::Malformed(SIGNATURE_INPUT)),
    ];
    for (wire, refusal) in cases {
        assert_eq!(wire.verify().unwrap_err(), refusal, "{wire:?}");
    }
}

#[test]
fn only_exactly_the_right_components_are_accepted() {
    let input = SIGNATURE_INPUT;
    let good = full();
    let cases = [
        // Present, but not covered.
        good.clone().replace(input, " \"content-digest\"", ""),
        good.clone().replace(input, " \"if-none-match\"", ""),
        good.clone().replace(input, " \"stronghold-context\"", ""),
        good.clone().replace(input, "\"@method\" ", ""),
        good.clone().replace(input, "\"@authority\" ", ""),
        good.clone().replace(input, "\"@path\" ", ""),
        good.clone().replace(input, "\"@query\" ", ""),
        // More than there should be.
        good.clone().replace(input, "\"@query\"", "\"@query\" \"@scheme\""),
        good.clone().replace(input, "\"@query\"", "\"@query\" \"@query\""),
        // Another order.
        good.clone().replace(input, "\"@method\" \"@authority\"", "\"@authority\" \"@method\""),
        good.clone().replace(
            input,
            "\"if-none-match\" \"stronghold-context\"",
            "\"stronghold-context\" \"if-none-match\"",
        ),
    ];
    for wire in cases {
        let wire = wire.sign_anew();
        assert_eq!(wire.verify().unwrap_err(), RequestRefusal::OtherComponents, "{wire:?}");
    }
    let cases = [
        // Covered, but absent.
        good.clone().without(CONTENT_DIGEST),
        good.clone().without(IF_NONE_MATCH),
        good.clone().without(CONTEXT),
        // Not plain names.
        good.clone().replace(input, "\"@path\"", "\"@path\";req"),
        good.clone().replace(input, "\"@path\"", "\"@path\";sf"),
        good.clone().replace(input, "\"@path\"", "\"@Path\""),
        good.clone().replace(input, "\"@path\"", "path"),
        good.clone().replace(input, "\"@path\"", "1"),
    ];
    for wire in cases {
        assert_eq!(wire.verify().unwrap_err(), RequestRefusal::OtherComponents, "{wire:?}");
    }
    let text = good.text(input);
    for bad in [
        format!(" {text}"),
        format!("{text} "),
        text.replacen("\" \"", "\"  \"", 1),
        text.replacen(";created", "; created", 1),
        text.replacen('(', "", 1),
        text.replacen("stronghold=", "stronghold=1;a=", 1),
        "stronghold".to_owned(),
        "stronghold=\"x\"".to_owned(),
        "stronghold=1".to_owned(),
    ] {
        let refusal = good.clone().set(input, bad.clone()).verify().unwrap_err();
        assert_eq!(refusal, RequestRefusal::Malformed(input), "{bad}");
    }
}

#[test]
fn only_exactly_the_right_parameters_are_accepted() {
    let good = full();
    let (nonce, key_id) = (params().nonce.to_string(), params().key_id.to_string());
    let created = format!(";created={CREATED}");
    let nonce_param = format!(";nonce=\"{nonce}\"");
    let key_param = format!(";keyid=\"{key_id}\"");
    let tag = ";tag=\"stronghold-v1\"";
    let bad = |name| RequestRefusal::Parameter(name);
    let cases = [
        (created.clone(), String::new(), bad("created")),
        (nonce_param.clone(), String::new(), bad("nonce")),
        (key_param.clone(), String::new(), bad("keyid")),
        (tag.to_owned(), String::new(), bad("tag")),
        (created.clone(), format!(";created=\"{CREATED}\""), bad("created")),
        (created.clone(), format!(";created={CREATED}.5"), bad("created")),
        (created.clone(), ";created".to_owned(), bad("created")),
        (nonce_param.clone(), ";nonce=\"\"".to_owned(), bad("nonce")),
        (nonce_param.clone(), format!(";nonce=\"{nonce}AA\""), bad("nonce")),
        (nonce_param.clone(), format!(";nonce=\"{nonce}==\""), bad("nonce")),
        (nonce_param, ";nonce=:AAAA:".to_owned(), bad("nonce")),
        (key_param.clone(), ";keyid=\"k\"".to_owned(), bad("keyid")),
        (key_param, format!(";keyid={}", "a"), bad("keyid")),
        (tag.to_owned(), ";tag=\"stronghold-v2\"".to_owned(), bad("tag")),
        (tag.to_owned(), ";tag=\"Stronghold-v1\"".to_owned(), bad("tag")),
        (tag.to_owned(), ";tag=stronghold-v1".to_owned(), bad("tag")),
        (tag.to_owned(), format!("{tag};alg=\"ed25519\""), RequestRefusal::UnknownParameter),
        (tag.to_owned(), format!("{tag};expires=1"), RequestRefusal::UnknownParameter),
        (tag.to_owned(), format!("{tag};created=1"), RequestRefusal::Malformed(SIGNATURE_INPUT)),
        (created.clone(), format!(";created=0{CREATED}"), RequestRefusal::Malformed(SIGNATURE_INPUT)),
        (created, ";created=9999999999999999".to_owned(), RequestRefusal::Malformed(SIGNATURE_INPUT)),
    ];
    for (from, to, refusal) in cases {
        // Even its rightful signer cannot have it accepted.
        let wire = good.clone().replace(SIGNATURE_INPUT, &from, &to).sign_anew();
        assert_eq!(wire.verify().unwrap_err(), refusal, "{from} -> {to}");
    }
}

#[test]
fn signature_is_64_bytes_without_parameters() {
    let good = full();
    let text = good.text(SIGNATURE);
    let cases = [
        "stronghold=::".to_owned(),
        "stronghold=:AAAA:".to_owned(),
        format!("stronghold=:{}:", data_encoding::BASE64.encode(&[0; 65])),
        text.replacen(":", "\"", 1).replacen(":", "\"", 1),
        format!("{text};a=1"),
        text.replacen("=:", "=(:", 1) + ")",
        text.replace("==:", ":"),
    ];
    for bad in cases {
        let refusal = good.clone().set(SIGNATURE, bad.clone()).verify().unwrap_err();
        assert_eq!(refusal, RequestRefusal::Malformed(SIGNATURE), "{bad}");
    }
    let zero = format!("stronghold=:{}:", data_encoding::BASE64.encode(&[0; 64]));
    assert_eq!(good.set(SIGNATURE, zero).verify().unwrap_err(), RequestRefusal::Signature);
}

#[test]
fn body_must_be_the_signed_one() {
    let full = full();
    for body in [&b""[..], b"{ }", b"{}\n"] {
        let wire = Wire { body: body.to_vec(), ..full.clone() };
        assert!(matches!(wire.verify().unwrap_err(), RequestRefusal::Body(_)), "{body:?}");
    }
    // A body that nobody signed.
    let bare = Wire::of(&signed(RequestParts::new(Method::Post, "/v1", "").unwrap()), b"");
    bare.verify().unwrap();
    let smuggled = Wire { body: b"{}".to_vec(), ..bare };
    assert!(matches!(smuggled.verify().unwrap_err(), RequestRefusal::Body(_)));
    // The digest of nothing has no place.
    let parts = RequestParts::new(Method::Post, "/v1", "a=b").unwrap().with_body(b"x");
    let empty = Wire::of(&signed(parts), b"").set(CONTENT_DIGEST, ContentDigest::of(b"").to_string()).sign_anew();
    assert!(matches!(empty.verify().unwrap_err(), RequestRefusal::Body(_)));
}

#[test]
fn headers_that_cannot_be_signed_are_refused() {
    let full = full();
    for name in [SIGNATURE_INPUT, SIGNATURE, CONTENT_DIGEST, IF_NONE_MATCH, CONTEXT] {
        let refusal = full.clone().set(name, "caf\u{e9}").verify().unwrap_err();
        assert_eq!(refusal, RequestRefusal::Malformed(name));
        assert_eq!(full.clone().set(name, [0xff]).verify().unwrap_err(), RequestRefusal::Malformed(name));
        let again = full.text(name);
        assert_eq!(full.clone().with(name, again).verify().unwrap_err(), RequestRefusal::Repeated(name));
    }
    for name in [IF_NONE_MATCH, CONTEXT] {
        let long = "x".repeat(limits::CONTEXT_BYTES + 1);
        for bad in ["", " x", "x ", "a\tb", "a\nb", "a\r\nb", "a\0b", "\x7f", &long] {
            assert!(matches!(full.clone().set(name, bad).verify().unwrap_err(), RequestRefusal::Header(_)), "{bad:?}");
            let parts = RequestParts::new(Method::Get, "/v1", "").unwrap();
            let refused = if name == CONTEXT { parts.with_context(bad) } else { parts.with_if_none_match(bad) };
            refused.unwrap_err();
        }
    }
}

#[test]
fn every_refusal_looks_the_same_to_the_caller() {
    let full = full();
    let refusals = [
        full.clone().without(SIGNATURE),
        full.clone().replace(SIGNATURE_INPUT, "stronghold-v1", "stronghold-v2"),
        full.clone().replace(SIGNATURE_INPUT, &CREATED.to_string(), "1"),
        Wire { target: "/v1/other".to_owned(), ..full.clone() },
        Wire { body: b"[]".to_vec(), ..full.clone() },
    ]
    .map(|wire| wire.verify().unwrap_err());
    let unknown = RequestRefusal::UnknownKey(params().key_id);
    for refusal in refusals.iter().chain([&unknown]) {
        assert_eq!(refusal.problem(), Problem::unauthenticated());
    }
    // The log tells them apart.
    let mut texts: Vec<String> = refusals.iter().map(ToString::to_string).collect();
    texts.push(unknown.to_string());
    texts.sort();
    texts.dedup();
    // A changed time and a changed target are both just a wrong signature.
    assert_eq!(texts.len(), refusals.len());
}
