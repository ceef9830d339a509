//! The files of `docs/vectors`, read like a stranger: from the file alone, and judged by whether a case is accepted.
//!
//! `golden` makes them; `requests.json` and `tokens.json` have modules of their own, and what is about ciphertexts is the SDK's.

mod checks;
pub(crate) mod file;
pub(crate) mod run;

use stronghold_protocol as protocol;

macro_rules! files {
    ($($name:ident),+ $(,)?) => {
        $(#[test]
        fn $name() {
            file::File::read(stringify!($name)).check(stringify!($name), |case| run::run(stringify!($name), case));
        })+
    };
}

files!(
    checkpoints,
    directory,
    evidence,
    history,
    leaves,
    manifest,
    merkle,
    partial,
    people,
    receipts,
    rosters,
    signed,
    texts
);

#[test]
fn every_file_is_run() {
    assert_eq!(run::FILES.len(), 14);
    for name in run::FILES {
        assert!(file::path(name).is_file(), "there is no {name}.json");
    }
}

/// Files whose cases the decoders must refuse.
mod strictness {
    use super::{file, run};

    #[test]
    fn strict() {
        file::File::read("strict").check("strict", |case| run::run("strict", case));
    }
}
