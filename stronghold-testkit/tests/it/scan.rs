use data_encoding::{BASE32_NOPAD, BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use std::{collections::BTreeSet, fs};
use stronghold_testkit::{Finding, Needles, memory, random_bytes, random_word};

fn shapes_found(needle: &[u8], haystack: &[u8]) -> BTreeSet<&'static str> {
    let mut needles = Needles::new();
    needles.add("other", &random_bytes(32));
    needles.add("needle", needle);
    let mut findings = BTreeSet::new();
    needles.scan("here", haystack, &mut findings);
    assert!(findings.iter().all(|finding| finding.label == "needle" && finding.place == "here"), "{findings:?}");
    findings.iter().map(|finding| finding.shape).collect()
}

/// A planted needle is found in every shape, wherever in an encoded text it begins and ends.
#[test]
fn planted_needles_are_found_in_every_shape() {
    // Bytes that the two alphabets of base64 write differently, whatever stands before them.
    let needle = [[0xfb, 0xef, 0xbe].repeat(3), random_bytes(23)].concat();
    for before in 0..16 {
        for after in 0..6 {
            let text = [random_bytes(before), needle.clone(), random_bytes(after)].concat();
            let upper = BASE32_NOPAD.encode(&text);
            assert!(shapes_found(&needle, &text).contains("raw"));
            assert!(shapes_found(&needle, HEXLOWER.encode(&text).as_bytes()).contains("hex"));
            assert!(shapes_found(&needle, HEXUPPER.encode(&text).as_bytes()).contains("upper-case hex"));
            assert!(shapes_found(&needle, BASE64.encode(&text).as_bytes()).contains("base64"));
            // Where both alphabets write the same, it counts as the first.
            let url = shapes_found(&needle, BASE64URL_NOPAD.encode(&text).as_bytes());
            assert!(url.contains("base64url") || url.contains("base64"));
            assert!(shapes_found(&needle, upper.as_bytes()).contains("base32"));
            assert!(shapes_found(&needle, upper.to_lowercase().as_bytes()).contains("lower-case base32"));
        }
    }
    let url = BASE64URL_NOPAD.encode(&needle);
    assert_eq!(shapes_found(&needle, url.as_bytes()), BTreeSet::from(["base64url"]), "the alphabets differ here");
    let word = random_word(20);
    let wide: Vec<u8> = format!("<{word}>").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(shapes_found(word.as_bytes(), &wide), BTreeSet::from(["UTF-16"]));
    assert_eq!(shapes_found(&needle, &random_bytes(100_000)), BTreeSet::new());
}

#[test]
fn planted_needles_are_found_in_files_and_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let (inside, name, skipped) = (random_word(20), random_word(20), random_word(20));
    fs::create_dir(folder.path().join("below")).unwrap();
    fs::write(folder.path().join("below").join(&name), format!("\0\0{inside}\0")).unwrap();
    fs::write(folder.path().join("skipped"), &skipped).unwrap();
    let mut needles = Needles::new();
    for word in [&inside, &name, &skipped] {
        needles.add(word, word.as_bytes());
    }
    let mut findings = BTreeSet::new();
    needles.scan_folder(folder.path(), &["skipped"], &mut findings);
    let found: BTreeSet<String> = findings.into_iter().map(|finding: Finding| finding.label).collect();
    assert_eq!(found, BTreeSet::from([inside, name]));
}

/// Another process holds a word that only its environment and stack know.
#[test]
fn planted_needles_are_found_in_the_memory_of_a_process() {
    let word = random_word(24);
    let mut child = std::process::Command::new("sleep").arg("1000").env("WORD", &word).spawn().unwrap();
    let mut needles = Needles::new();
    needles.add("word", word.as_bytes());
    let mut findings = BTreeSet::new();
    // Right after the start it may still be our own image.
    stronghold_testkit::until("the word is found", std::time::Duration::from_secs(30), || {
        memory::scan(child.id(), &mut needles, &mut findings);
        (!findings.is_empty()).then_some(())
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(findings.iter().all(|finding| finding.shape == "raw"), "{findings:?}");
}
