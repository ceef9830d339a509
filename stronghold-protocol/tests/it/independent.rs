//! The vectors, run by a second implementation: `tests/independent`, in Python, written from `docs/protocol.md` alone.

use std::{path::PathBuf, process::Command};

#[test]
fn a_second_implementation_agrees_with_every_vector() {
    let python = std::env::var("STRONGHOLD_TEST_PYTHON").unwrap_or_else(|_| {
        panic!("STRONGHOLD_TEST_PYTHON is not set: run `cargo xtask test`, which installs Python with `cryptography`")
    });
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let script = here.join("tests/independent/verify_vectors.py");
    let output = Command::new(python).arg("-B").arg(script).arg(here.join("../docs/vectors")).output().unwrap();
    let (told, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{told}");
    assert!(output.status.success() && told.lines().count() == 17, "{wrong}");
}
