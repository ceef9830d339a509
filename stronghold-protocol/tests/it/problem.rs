//! Problem details: stable codes, and clients that are older than their server.

use std::collections::HashSet;
use stronghold_protocol::{
    number::Seq,
    problem::{Problem, ProblemCode},
    time::Timestamp,
};

#[test]
fn codes_are_distinct_and_survive_json() {
    let mut texts = HashSet::new();
    for code in ProblemCode::ALL {
        let text = code.as_str();
        assert!(texts.insert(text), "{text} stands twice");
        assert!(text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{text}");
        assert!((400..600).contains(&code.status()), "{text}");
        assert!(!code.title().is_empty() && !code.title().contains('\n'), "{text}");
        let problem = Problem::new(code.clone(), "what happened");
        let json = serde_json::to_value(&problem).unwrap();
        assert_eq!(json["code"], text);
        assert_eq!(json["type"], format!("urn:stronghold:problem:{text}"));
        assert_eq!(json["status"], code.status());
        assert_eq!(serde_json::from_value::<Problem>(json).unwrap(), problem);
    }
}

#[test]
fn optional_members_are_there_only_where_they_belong() {
    let now = Timestamp::from_millis(1_700_000_000_123).unwrap();
    let json = serde_json::to_value(Problem::clock_skew(now)).unwrap();
    assert_eq!(json["server_time"], "2023-11-14T22:13:20.123Z");
    assert!(json.get("head_seq").is_none() && json.get("retry_after_seconds").is_none());
    let json = serde_json::to_value(Problem::conflict(Seq::new(7).unwrap())).unwrap();
    assert_eq!(json["head_seq"], 7);
    let json = serde_json::to_value(Problem::new(ProblemCode::RateLimited, "").retry_after(3)).unwrap();
    assert_eq!(json["retry_after_seconds"], 3);
    let json = serde_json::to_value(Problem::unauthenticated()).unwrap();
    let members: HashSet<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, HashSet::from(["type", "title", "status", "code", "detail"]));
}

#[test]
fn newer_servers_are_understood() {
    let json = r#"{"status": 451, "code": "invented_later", "later": [1], "detail": "because"}"#;
    let problem: Problem = serde_json::from_str(json).unwrap();
    assert_eq!(problem.code.as_str(), "invented_later");
    assert!(matches!(problem.code, ProblemCode::Other(_)));
    assert_eq!((problem.status, problem.detail.as_str()), (451, "because"));
    assert!(!problem.is_retryable());
    // The code is not lost when a client prints the problem.
    assert_eq!(serde_json::to_value(&problem).unwrap()["code"], "invented_later");
}

#[test]
fn foreign_errors_are_not_problems() {
    for json in ["", "{}", "[]", "null", "<html>", r#"{"status": 404}"#, r#"{"code": "not_found"}"#] {
        assert!(serde_json::from_str::<Problem>(json).is_err(), "{json}");
    }
}

#[test]
fn only_what_passes_by_itself_is_retryable() {
    for code in ProblemCode::ALL {
        let passes = matches!(
            code,
            ProblemCode::RateLimited | ProblemCode::Unavailable | ProblemCode::Timeout | ProblemCode::ProfileHeld
        );
        assert_eq!(Problem::new(code.clone(), "").is_retryable(), passes, "{code}");
    }
}

#[test]
fn display_is_for_people() {
    let text = Problem::new(ProblemCode::Expired, "it ended yesterday").to_string();
    assert_eq!(text, format!("{}: it ended yesterday", ProblemCode::Expired.title()));
}
