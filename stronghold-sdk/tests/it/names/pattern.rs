//! Patterns of names.

use proptest::prelude::*;
use std::time::{Duration, Instant};
use stronghold_sdk::format::NamePattern;

/// What a pattern means, said as simply as it can be: too slow for use.
fn plainly(pattern: &[u8], name: &[u8]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => (0..=name.len()).any(|taken| plainly(rest, &name[taken..])),
        Some((first, rest)) => name.split_first().is_some_and(|(byte, name)| byte == first && plainly(rest, name)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, ..ProptestConfig::default() })]

    #[test]
    fn a_pattern_means_what_it_says(pattern in "[ab*é]{0,9}", name in "[abé]{0,9}") {
        let (said, meant) = (NamePattern::new(&pattern).matches(&name), plainly(pattern.as_bytes(), name.as_bytes()));
        prop_assert_eq!(said, meant, "{:?} and {:?}", pattern, name);
    }

    /// Made to match: a name with any stretches of it replaced by `*`.
    #[test]
    fn what_a_pattern_was_made_of_matches(pieces in prop::collection::vec(("[ab]{0,3}", "[ab]{0,3}"), 0..6)) {
        let name: String = pieces.iter().flat_map(|(kept, gone)| [kept.as_str(), gone.as_str()]).collect();
        let pattern: String = pieces.iter().flat_map(|(kept, _)| [kept.as_str(), "*"]).collect();
        prop_assert!(NamePattern::new(&pattern).matches(&name));
    }
}

#[test]
fn everything_but_the_star_stands_for_itself() {
    let matches = |pattern: &str, name: &str| NamePattern::new(pattern).matches(name);
    assert!(matches("A?[B]{C}\\", "A?[B]{C}\\") && !matches("A?", "AB"));
    assert!(matches("*", "") && matches("**", "") && matches("", "") && !matches("", "A"));
    assert!(matches("A*A", "AA") && !matches("A*A", "A"), "what one piece took is gone for the next");
}

/// The patterns that took the old way time beyond any measure: each doubling of both doubles the work, and no more. Told by a
/// ratio, of the fastest of several tries each.
#[test]
fn matching_takes_time_in_proportion() {
    for (piece, letter, end) in [("*a", "a", "b"), ("*aab", "a", "aab*c"), ("*ab", "ab", "*c"), ("*", "a", "b")] {
        let work = |size: usize| {
            let pattern = NamePattern::new(&format!("{}{end}", piece.repeat(size)));
            let name = letter.repeat(4 * size);
            let once = || {
                let start = Instant::now();
                assert!(!pattern.matches(&name));
                start.elapsed()
            };
            (0..5).map(|_| once()).min().unwrap_or(Duration::MAX)
        };
        let (small, large) = (work(250), work(4_000));
        // In proportion it is 16, in proportion to the square 256.
        assert!(large < small * 64, "{piece}: {small:?} becomes {large:?} for 16 times as much");
    }
}
