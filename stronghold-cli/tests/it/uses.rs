//! An agent with a number of uses: many processes at once, and exactly so many of them are served.

use crate::org;
use std::thread;

#[test]
fn of_64_processes_at_once_exactly_as_many_pull_as_there_are_uses() {
    const PROCESSES: usize = 64;
    const USES: usize = 10;
    let org = org();
    let profile = org.profile(&[("KEY", b"1")]);
    let agent = org.agent_with(&[&org.group(&[&profile])], &["--max-uses", &USES.to_string()]);
    // Who one is, and what one may read, is no read of a secret.
    org.as_agent(&agent).json(&["auth", "status"]);
    let codes: Vec<i32> = thread::scope(|scope| {
        let pull = || {
            let run = org.as_agent(&agent).run(&["env", "pull", "--profile", &profile]);
            if run.code() != 0 {
                let line = run.fails(3);
                assert!(line.contains("used up") && line.contains("administrator"), "{line}");
            }
            run.code()
        };
        let pulls: Vec<_> = (0..PROCESSES).map(|_| scope.spawn(pull)).collect();
        pulls.into_iter().map(|pull| pull.join().unwrap()).collect()
    });
    let count = |wanted: i32| codes.iter().filter(|code| **code == wanted).count();
    assert_eq!((count(0), count(3)), (USES, PROCESSES - USES));
    let log = org.owner.json(&["audit", "list", "--agent", &agent.name, "--action", "profile.read", "--limit", "1000"]);
    // Beside the denial of each process the rule for repeated denials leaves a record of its own.
    let entries = log.as_array().unwrap().iter().filter(|entry| entry["reason"] != "rate_limited");
    let of = |outcome: &str| entries.clone().filter(|entry| entry["outcome"] == outcome).count();
    assert_eq!((of("allowed"), of("denied")), (USES, PROCESSES - USES));
    org.owner.json(&["agent", "update", &agent.name, "--max-uses", "unlimited"]);
    assert_eq!(org.pull(&agent, &profile), serde_json::json!({"KEY": "1"}));
}
