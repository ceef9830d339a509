//! Which agent read which version of a secret when, and from which CI run.

use serde_json::{Value, json};
use stronghold_sdk::{Agent, Secret, protocol::token::AgentToken};
use stronghold_testkit::{Cli, Org, Token};

fn list(cli: &Cli, more: &[&str]) -> Vec<Value> {
    cli.json(&[&["audit", "list"], more].concat()).as_array().unwrap().clone()
}

/// What a program does that holds on to its agent: the first `get` pulls the profile, later ones ask for one secret each.
fn get_twice(token: &Token, profile: &str, names: [&str; 2]) -> [Option<Secret>; 2] {
    let token = AgentToken::parse(&token.token).unwrap();
    let agent = Agent::builder().token(token).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    names.map(|name| runtime.block_on(agent.get(profile, name)).unwrap())
}

#[test]
fn each_way_of_reading_a_secret_says_who_read_which_version_when() {
    let org = Org::start();
    let profile = org.profile(&[("API_KEY", b"1"), ("OTHER", b"o")]);
    let group = org.group(&[&profile]);
    let [full, partial, single] = [0; 3].map(|_| org.agent(&[&group]));
    let stranger = org.agent(&[]);
    // Version 2, at revision 4: another secret's change lies between.
    org.push(&profile, &[("OTHER", b"p")]);
    org.push(&profile, &[("API_KEY", b"2")]);

    let pulled = org.pull(&full, &profile);
    assert_eq!(pulled["API_KEY"], "2");
    assert!(get_twice(&partial, &profile, ["OTHER", "API_KEY"])[1].is_some());
    org.as_agent(&single).ok(&["secret", "get", "API_KEY", "--profile", &profile]);
    org.as_agent(&stranger).run(&["secret", "get", "API_KEY", "--profile", &profile]).fails(3);

    let about = ["--profile", profile.as_str(), "--secret", "API_KEY"];
    let of = |agent: &Token| list(&org.owner, &[&about[..], &["--agent", &agent.name]].concat());
    for (agent, action, count) in
        [(&full, "profile.read", 1), (&partial, "secret.read", 2), (&single, "profile.read", 1)]
    {
        let records = of(agent);
        assert_eq!(records.len(), count, "{records:?}");
        let read = records.last().unwrap();
        assert_eq!(read["action"], action);
        assert_eq!(read["outcome"], "allowed");
        assert_eq!(read["principal"]["name"], agent.name.as_str());
        assert_eq!(read["principal"]["id"], agent.id.as_str());
        assert_eq!((&read["profile"]["name"], &read["profile"]["revision"]), (&json!(profile), &json!(4)));
        let secrets = read["secrets"].as_array().unwrap();
        assert_eq!(secrets.len(), 1, "the one that is asked about: {read}");
        assert_eq!((&secrets[0]["name"], &secrets[0]["version"]), (&json!("API_KEY"), &json!(2)));
        let time = read["time"].as_str().unwrap();
        assert!(time.len() == 24 && time.ends_with('Z'), "{time}");
    }
    let denied = of(&stranger);
    assert_eq!(denied.len(), 1);
    assert_eq!((&denied[0]["outcome"], &denied[0]["reason"]), (&json!("denied"), &json!("not_found")));
    assert_eq!(denied[0]["principal"]["name"], stranger.name.as_str());
    assert_eq!(denied[0]["profile"]["name"], profile.as_str());
    assert!(denied[0]["secrets"].is_null(), "nothing was released: {}", denied[0]);

    // All of them in one list, in order; a person sees the same in the table.
    let all = list(&org.owner, &[&about[..], &["--since", "1h"]].concat());
    let agents: Vec<&Value> = all.iter().filter(|record| record["principal"]["kind"] == "agent").collect();
    let names: Vec<&str> = agents.iter().map(|record| record["principal"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, [&full.name, &partial.name, &partial.name, &single.name, &stranger.name]);
    let table = org.owner.ok(&[&["audit", "list"], &about[..]].concat()).text();
    for agent in [&full, &partial, &single] {
        let row = table.lines().find(|line| line.contains(&agent.name)).unwrap();
        assert!(row.contains("API_KEY v2, revision 4"), "{row}");
    }
    let row = table.lines().find(|line| line.contains(&stranger.name)).unwrap();
    assert!(row.contains("denied: not_found") && row.contains(&profile), "{row}");
}

/// A whole profile is read at three revisions, before, while and after it holds the secret.
#[test]
fn a_pull_of_an_older_revision_says_the_version_of_then() {
    let org = Org::start();
    let profile = org.profile(&[("OTHER", b"o")]);
    let group = org.group(&[&profile]);
    let agent = org.agent(&[&group]);
    assert_eq!(org.pull(&agent, &profile)["OTHER"], "o");
    for value in ["1", "2"] {
        org.push(&profile, &[("KEY", value.as_bytes())]);
        assert_eq!(org.pull(&agent, &profile)["OTHER"], "o");
    }
    // A new key generation, and then a version 3 that nobody read.
    org.owner.json(&["profile", "rotate", &profile]);
    assert_eq!(org.pull(&agent, &profile)["OTHER"], "o");
    org.push(&profile, &[("KEY", b"3")]);
    let versions = || -> Vec<Value> {
        let about = ["--profile", profile.as_str(), "--secret", "KEY", "--agent", &agent.name];
        let records = list(&org.owner, &about);
        records.iter().map(|record| record["secrets"][0]["version"].clone()).collect()
    };
    assert_eq!(versions(), [json!(1), json!(2), json!(2)], "and not the pull before it was there");
    org.owner.json(&["secret", "delete", "KEY", "--profile", &profile, "--yes"]);
    assert_eq!(versions(), [json!(1), json!(2), json!(2)], "a deleted one's name is known");
}

#[test]
fn a_read_of_other_secrets_is_not_of_this_one() {
    let org = crate::org();
    let profile = org.profile(&[("A", b"1"), ("B", b"2")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    assert!(get_twice(&agent, &profile, ["A", "B"])[1].is_some());
    // Proven absent: the question for it is in the log all the same, but concerns neither.
    assert!(get_twice(&agent, &profile, ["A", "NOT_THERE"])[1].is_none());
    let of = |secret: &str| {
        let found = list(&org.owner, &["--profile", &profile, "--secret", secret, "--agent", &agent.name]);
        found.iter().map(|record| record["action"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of("A"), ["profile.read", "profile.read"]);
    assert_eq!(of("B"), ["profile.read", "secret.read", "profile.read"]);
}

#[test]
fn the_ci_run_is_signed_into_each_record_and_found_by_it() {
    let org = crate::org();
    let profile = org.profile(&[("KEY", b"1")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    let pull = ["env", "pull", "--profile", profile.as_str()];
    let in_github = |run: &str| {
        let cli = org.as_agent(&agent).var("CI", "true").var("GITHUB_ACTIONS", "true");
        cli.var("GITHUB_REPOSITORY", "acme/shop").var("GITHUB_RUN_ID", run).var("GITHUB_TOKEN", "ghs_hidden")
    };
    in_github("101").var("API_STRONGHOLD_REASON", "deploy of Friday").ok(&pull);
    in_github("102").ok(&pull);
    let gitlab = org.as_agent(&agent).var("GITLAB_CI", "true").var("CI_PROJECT_PATH", "acme/shop");
    gitlab.var("CI_PIPELINE_ID", "7").ok(&pull);
    org.as_agent(&agent).ok(&pull);

    let about = ["--agent", agent.name.as_str()];
    let found = |contexts: &[&str]| {
        let flags = contexts.iter().flat_map(|context| ["--context", context]);
        list(&org.owner, &about.iter().copied().chain(flags).collect::<Vec<_>>())
    };
    assert_eq!(found(&[]).len(), 4);
    let github = found(&["ci.provider=github-actions"]);
    assert_eq!(github.len(), 2);
    let ci = json!({"provider": "github-actions", "repository": "acme/shop", "run_id": "101"});
    assert_eq!(github[0]["context"], json!({"reason": "deploy of Friday", "ci": ci}));
    assert_eq!(found(&["ci.repository=acme/shop"]).len(), 3);
    assert_eq!(found(&["ci.repository=acme"]).len(), 0, "exactly");
    assert_eq!(found(&["ACME/"]).len(), 3, "a part, in any case");
    assert_eq!(found(&["friday"]).len(), 1);
    assert_eq!(found(&["acme/shop", "ci.run_id=102"]).len(), 1, "all that is asked for");
    assert_eq!(found(&["reason=deploy of Friday"]).len(), 1);
    let refused = org.owner.run(&["audit", "list", "--context", "ci.branch=main"]).fails(2);
    assert!(refused.contains("ci.repository"), "{refused}");

    let table = org.owner.ok(&["audit", "list", "--agent", &agent.name]).text();
    assert!(table.contains("github-actions acme/shop 101: deploy of Friday"), "{table}");
    let csv = org.owner.ok(&["audit", "export", "--format", "csv", "--agent", &agent.name]).text();
    assert!(csv.lines().next().unwrap().ends_with("context_reason,ci_provider,ci_repository,ci_run_id,signed"));
    assert!(csv.contains(",deploy of Friday,github-actions,acme/shop,101,true\n"), "{csv}");
    assert!(!csv.contains("ghs_hidden"));
}

#[test]
fn what_a_caller_says_of_itself_steers_no_terminal() {
    let org = crate::org();
    let profile = org.profile(&[("KEY", b"1")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    let reason = "a\u{1b}[2Jb\r\nforged row";
    org.as_agent(&agent).var("API_STRONGHOLD_REASON", reason).ok(&["env", "pull", "--profile", &profile]);
    let table = org.owner.ok(&["audit", "list", "--agent", &agent.name]).text();
    assert_eq!(table.lines().count(), 2, "{table:?}");
    assert!(!table.contains(['\u{1b}', '\r']) && table.contains("a\\u{1b}[2Jb\\r\\nforged row"), "{table:?}");
    assert_eq!(list(&org.owner, &["--agent", &agent.name])[0]["context"]["reason"], reason);
}
