//! Refusals, as callers print them.

use stronghold_sdk::{
    Error,
    protocol::{
        problem::{Problem, ProblemCode},
        visible,
    },
};

#[test]
fn what_a_server_says_steers_nothing() {
    let mut problem = Problem::new(ProblemCode::Forbidden, "\u{1b}[31mred\u{9b}2J\u{202e}txet\nerror: a second line");
    problem.title = "title\u{1b}]0;title\u{7}".to_owned();
    let said = Error::from(problem).to_string();
    assert!(!said.chars().any(visible::acts), "{said:?}");
    assert!(said.contains(r"\u{1b}[31mred") && said.contains(r"\u{202e}txet\nerror"), "{said}");
}
