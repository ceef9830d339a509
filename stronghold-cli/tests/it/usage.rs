//! The command line itself, as data: what is typed, what is printed, with which exit code. See `tests/cmd`.
//!
//! `TRYCMD=overwrite cargo test -p stronghold-cli` writes what is printed now; read the difference before you keep it.

use stronghold_testkit::program;

#[test]
fn usage() {
    let cases = trycmd::TestCases::new();
    cases.register_bin("api-stronghold-cli", program("api-stronghold-cli"));
    cases.register_bin("stronghold-server", program("stronghold-server"));
    // A blank variable counts as unset: whatever whoever runs the tests has set.
    for variable in [
        "URL",
        "TOKEN",
        "TOKEN_FILE",
        "CONFIG_DIR",
        "EMAIL",
        "PASSWORD",
        "ACCOUNT_KEY",
        "PROFILE",
        "CA_CERT",
        "REASON",
        "TIMEOUT",
        "MIN_REVISION",
    ] {
        cases.env(format!("API_STRONGHOLD_{variable}"), "");
    }
    cases.env("HOME", "/proc/nowhere");
    cases.case("tests/cmd/*.trycmd");
}
