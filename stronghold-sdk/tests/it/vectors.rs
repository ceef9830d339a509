//! The files of `docs/vectors` that are about ciphertexts, whole replies, references and files that clients keep; read like a
//! stranger, from the file alone, and judged by whether a case is accepted. `golden` makes them.

#[path = "../../../stronghold-protocol/tests/it/vectors/file.rs"]
pub(crate) mod file;
pub(crate) mod run;

macro_rules! files {
    ($($name:ident),+ $(,)?) => {
        $(#[test]
        fn $name() {
            file::File::read(stringify!($name)).check(stringify!($name), |case| run::run(stringify!($name), case));
        })+
    };
}

files!(aead, files, replies, seals);

#[test]
fn references() {
    file::File::read("references").check("references", |case| crate::golden::references::resolved("references", case));
}
