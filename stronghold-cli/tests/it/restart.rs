//! A server that ends and comes back, cleanly or not.

use serde_json::json;
use stronghold_testkit::{Cli, Org, Server};

#[test]
fn everything_is_there_after_a_restart() {
    let mut org = Org::start();
    let profile = org.profile(&[("KEY", b"1")]);
    let group = org.group(&[&profile]);
    let agent = org.agent(&[&group]);
    // One that remembers: a server that comes back must not look older to it.
    let cli = org.as_agent(&agent);
    let pull = ["env", "pull", "--profile", &profile, "--format", "json"];
    cli.ok(&pull);
    org.server.stop();
    cli.run(&pull).fails(6);
    org.server.start_again();
    assert_eq!(cli.ok(&pull).json(), json!({"KEY": "1"}));
    org.push(&profile, &[("KEY", b"2")]);
    let second = org.agent(&[&group]);

    // As in a power cut: what was acknowledged is there.
    for round in 3..6 {
        let value = round.to_string();
        org.push(&profile, &[("KEY", value.as_bytes())]);
        org.server.kill();
        org.server.start_again();
        assert_eq!(cli.ok(&pull).json(), json!({"KEY": value}));
        assert_eq!(org.pull(&second, &profile), json!({"KEY": value}));
    }
    org.owner.json(&["agent", "delete", &agent.name, "--yes"]);
    org.server.kill();
    org.server.start_again();
    cli.run(&pull).fails(3);
    assert_eq!(org.pull(&second, &profile), json!({"KEY": "5"}));
    assert_eq!(org.owner.json(&["org", "verify"])["verified"], json!(true));
    org.server.stop();
}

/// The setup code survives a restart until it is used.
#[test]
fn a_server_without_an_organization_keeps_its_code() {
    let mut server = Server::start();
    server.stop();
    server.start_again();
    let code = server.setup_code_file();
    let owner = Cli::new(&server.folder().join("owner"))
        .var("API_STRONGHOLD_URL", server.url())
        .var("API_STRONGHOLD_PASSWORD", "a password of some length");
    let create = ["org", "create", "Acme", "--setup-code-file", code.to_str().unwrap(), "--email", "o@acme.example"];
    owner.json(&create);
    server.stop();
}
