//! Signed requests of any kind: they survive the wire, nothing in them can be changed, and no parser panics.

use crate::wire::{CREATED, Wire, authority, params, signed};
use proptest::prelude::*;
use stronghold_protocol::{
    api::{parse_profile_segment, profile_segment},
    crypto::sign::SigningKey,
    evidence::ProfileSelector,
    request::{
        Authority, BasePath, CONTENT_DIGEST, CONTEXT, ContentDigest, IF_NONE_MATCH, Method, RequestContext,
        RequestNonce, RequestParts, SIGNATURE, SIGNATURE_INPUT, SignatureParams, SignedRequest, UnverifiedRequest,
        encode_query, parse_query,
    },
};

fn any_method() -> impl Strategy<Value = Method> {
    prop::sample::select(vec![Method::Get, Method::Post, Method::Put, Method::Delete])
}

fn any_value() -> impl Strategy<Value = Option<String>> {
    prop::option::of("[!-~]([ -~]{0,40}[!-~])?")
}

prop_compose! {
    fn any_parts()(
        method in any_method(),
        segments in prop::collection::vec("[A-Za-z0-9._~-]{0,12}", 1..4),
        pairs in prop::collection::vec(("[A-Za-z0-9._~-]{1,8}", "[A-Za-z0-9._~-]{0,8}"), 0..3),
        if_none_match in any_value(),
        context in any_value(),
        body in prop::collection::vec(any::<u8>(), 0..64),
    ) -> (RequestParts, Vec<u8>) {
        let path: String = segments.iter().map(|text| format!("/s{text}")).collect();
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let mut parts = RequestParts::new(method, path, encode_query(&pairs).unwrap()).unwrap().with_body(&body);
        if let Some(value) = if_none_match {
            parts = parts.with_if_none_match(value).unwrap();
        }
        if let Some(value) = context {
            parts = parts.with_context(value).unwrap();
        }
        (parts, body)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn signed_requests_survive_the_wire_and_the_record((parts, body) in any_parts(), seed: [u8; 32], created in 0_i64..1 << 40, nonce: [u8; 16]) {
        let key = SigningKey::from_seed(&seed);
        let params = SignatureParams { created, nonce: RequestNonce(nonce), key_id: key.public_key().key_id() };
        let host = authority("vault.example:8443");
        let request = SignedRequest::sign(host.clone(), parts, params, |base| key.sign(base));
        let wire = Wire::of(&request, &body);
        let arrived = wire.parse().unwrap();
        prop_assert_eq!(arrived.parts(), request.parts());
        let verified = arrived.verify(&key.public_key(), &[authority("other").into(), host.into()], &body).unwrap();
        prop_assert_eq!(verified.request(), &request);
        let record = serde_json::to_vec(&request).unwrap();
        let read: SignedRequest = serde_json::from_slice(&record).unwrap();
        prop_assert_eq!(&read, &request);
        read.verify_signature(&key.public_key()).unwrap();
    }

    #[test]
    fn any_changed_byte_is_refused((parts, body) in any_parts(), place: prop::sample::Index, part: prop::sample::Index, flip in 1_u8..) {
        let good = Wire::of(&signed(parts), &body);
        good.verify().unwrap();
        let mut changed = good.clone();
        let flip_in = |bytes: &mut Vec<u8>| {
            if bytes.is_empty() {
                bytes.push(flip);
            } else {
                let at = place.index(bytes.len());
                bytes[at] ^= flip;
            }
        };
        match part.index(good.headers.len() + 2) {
            0 => flip_in(&mut changed.body),
            1 => {
                let mut bytes = changed.target.into_bytes();
                flip_in(&mut bytes);
                // A transport delivers text.
                changed.target = String::from_utf8_lossy(&bytes).into_owned();
            }
            header => flip_in(&mut changed.headers[header - 2].1),
        }
        prop_assert!(changed.verify().is_err(), "{changed:?}");
    }

    #[test]
    fn any_changed_meaning_is_refused((parts, body) in any_parts(), class in 0_usize..9, other: [u8; 32]) {
        let good = Wire::of(&signed(parts), &body);
        let mut changed = good.clone();
        let (mut hosts, input) = (vec![authority("vault.example")], SIGNATURE_INPUT);
        match class {
            0 => changed.method = if good.method == Method::Get { Method::Put } else { Method::Get },
            1 => hosts = vec![authority("vault.example:8443"), authority("other.example")],
            2 => changed.target = changed.target.replacen('/', "/x", 1),
            3 => changed.target += if good.target.contains('?') { "&a=b" } else { "?a=b" },
            4 => changed.body.push(0),
            5 => changed = changed.replace(input, &CREATED.to_string(), &(CREATED + 1).to_string()),
            6 => {
                let nonce = RequestNonce(other[..16].try_into().unwrap());
                changed = changed.replace(input, &params().nonce.to_string(), &nonce.to_string());
            }
            7 => {
                let id = SigningKey::from_seed(&other).public_key().key_id();
                changed = changed.replace(input, &params().key_id.to_string(), &id.to_string());
            }
            _ => changed = changed.replace(input, "stronghold-v1", "stronghold-v0"),
        }
        prop_assert!(changed.verify_for(&hosts).is_err(), "{changed:?}");
    }

    #[test]
    fn headers_of_any_bytes_never_panic(
        method in any_method(),
        target in "\\PC*",
        headers in prop::collection::vec((0_usize..7, prop::collection::vec(any::<u8>(), 0..200)), 0..8),
    ) {
        let names = [SIGNATURE_INPUT, SIGNATURE, CONTENT_DIGEST, IF_NONE_MATCH, CONTEXT, "host", "x"];
        let headers = headers.iter().map(|(name, value)| (names[*name], value.as_slice()));
        prop_assert!(UnverifiedRequest::from_headers(method, &target, headers).is_err());
    }

    #[test]
    fn headers_almost_right_never_panic(input in "stronghold=\\((\"@?[a-z-]{1,12}\"[; ]?){0,6}\\)(;[a-z]{1,8}=[\"0-9a-z:?@%.-]{0,12}){0,6}", signature in "stronghold=[:\"@%?(]?[a-zA-Z0-9+/=.%-]{0,90}[:\")]?") {
        let get = RequestParts::new(Method::Get, "/v1", "").unwrap();
        let wire = Wire::of(&signed(get), b"").set(SIGNATURE_INPUT, input).set(SIGNATURE, signature);
        prop_assert!(wire.verify().is_err());
    }

    #[test]
    fn texts_of_any_kind_never_panic(text in "\\PC*", bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse_profile_segment(&text);
        let _ = BasePath::new(&text);
        let _ = parse_query(&text);
        let _ = text.parse::<Authority>();
        let _ = text.parse::<ContentDigest>();
        let _ = text.parse::<Method>();
        let _ = RequestContext::from_header(&text);
        let _ = RequestParts::from_target(Method::Get, &text);
        prop_assert!(serde_json::from_slice::<SignedRequest>(&bytes).is_err());
    }

    #[test]
    fn encodings_are_inverse(text in "\\PC{1,130}", pairs in prop::collection::vec(("[A-Za-z0-9._~-]{1,8}", "[A-Za-z0-9._~-]*"), 0..4)) {
        if let Ok(profile) = text.parse::<ProfileSelector>() {
            let segment = profile_segment(&profile);
            let path = format!("/{segment}");
            prop_assert!(RequestParts::new(Method::Get, path, "").is_ok());
            prop_assert_eq!(parse_profile_segment(&segment), Some(profile));
        }
        let borrowed: Vec<(&str, &str)> = pairs.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let query = encode_query(&borrowed).unwrap();
        prop_assert_eq!(parse_query(&query).unwrap(), borrowed);
    }

    #[test]
    fn authorities_that_parse_are_their_own_text(text in "[a-zA-Z0-9:.\\[\\]@/-]{1,20}") {
        if let Ok(found) = text.parse::<Authority>() {
            prop_assert_eq!(found.as_str(), text);
        }
    }
}
