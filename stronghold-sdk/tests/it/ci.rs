//! CI runs, told by the variables that each provider documents.

use proptest::prelude::*;
use stronghold_sdk::{
    ci::detect,
    protocol::{
        limits,
        request::{CiRun, RequestContext},
    },
};

fn found(variables: &[(&str, &str)]) -> Option<CiRun> {
    detect(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
}

fn run(provider: &str, repository: &str, run_id: &str) -> CiRun {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    CiRun { provider: text(provider), repository: text(repository), run_id: text(run_id) }
}

#[test]
fn each_provider_is_told_by_its_documented_variables() {
    // As GitHub documents "Default environment variables".
    let github = [
        ("CI", "true"),
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_REPOSITORY", "acme/shop"),
        ("GITHUB_RUN_ID", "1658821493"),
        ("GITHUB_TOKEN", "ghs_secret"),
    ];
    // As GitLab documents "Predefined CI/CD variables".
    let gitlab = [
        ("CI", "true"),
        ("GITLAB_CI", "true"),
        ("CI_PROJECT_PATH", "acme/backend/shop"),
        ("CI_PIPELINE_ID", "9876"),
        ("CI_JOB_ID", "50"),
        ("CI_JOB_TOKEN", "secret"),
        ("CI_REPOSITORY_URL", "https://gitlab-ci-token:secret@gitlab.example/acme/shop.git"),
    ];
    // As Jenkins documents "Using environment variables", with its Git plug-in.
    let jenkins = [
        ("JENKINS_URL", "https://jenkins.example/"),
        ("JOB_NAME", "acme/shop/main"),
        ("BUILD_NUMBER", "153"),
        ("BUILD_TAG", "jenkins-acme-shop-main-153"),
        ("GIT_URL", "https://bot:secret@git.example/acme/shop.git"),
    ];
    // As CircleCI documents "Built-in environment variables".
    let circle = [
        ("CI", "true"),
        ("CIRCLECI", "true"),
        ("CIRCLE_PROJECT_USERNAME", "acme"),
        ("CIRCLE_PROJECT_REPONAME", "shop"),
        ("CIRCLE_WORKFLOW_ID", "5034460f-c7c4-4c43-9457-de07e2029e7b"),
        ("CIRCLE_BUILD_NUM", "7"),
    ];
    // As Buildkite documents "Environment variables".
    let buildkite = [
        ("CI", "true"),
        ("BUILDKITE", "true"),
        ("BUILDKITE_ORGANIZATION_SLUG", "acme"),
        ("BUILDKITE_PIPELINE_SLUG", "shop-deploy"),
        ("BUILDKITE_REPO", "git@github.com:acme/shop.git"),
        ("BUILDKITE_BUILD_ID", "4735ba57-80d0-46e2-8fa0-b28223a86586"),
        ("BUILDKITE_BUILD_NUMBER", "1514"),
        ("BUILDKITE_AGENT_ACCESS_TOKEN", "secret"),
    ];
    assert_eq!(found(&github), Some(run("github-actions", "acme/shop", "1658821493")));
    assert_eq!(found(&gitlab), Some(run("gitlab-ci", "acme/backend/shop", "9876")));
    assert_eq!(found(&jenkins), Some(run("jenkins", "git.example/acme/shop", "jenkins-acme-shop-main-153")));
    assert_eq!(found(&circle), Some(run("circleci", "acme/shop", "5034460f-c7c4-4c43-9457-de07e2029e7b")));
    assert_eq!(
        found(&buildkite),
        Some(run("buildkite", "github.com/acme/shop", "4735ba57-80d0-46e2-8fa0-b28223a86586"))
    );
    assert_eq!(found(&[("CI", "true")]), Some(run("generic", "", "")));
}

#[test]
fn what_a_provider_leaves_out_is_left_out() {
    assert_eq!(found(&[("GITHUB_ACTIONS", "true")]), Some(run("github-actions", "", "")));
    assert_eq!(found(&[("GITLAB_CI", "true"), ("CI_JOB_ID", "50")]), Some(run("gitlab-ci", "", "50")));
    // A repository that is connected through GitLab or a GitHub app has no owner's name there.
    assert_eq!(found(&[("CIRCLECI", "true"), ("CIRCLE_PROJECT_REPONAME", "shop")]), Some(run("circleci", "shop", "")));
    let slugs = [
        ("BUILDKITE", "true"),
        ("BUILDKITE_ORGANIZATION_SLUG", "acme"),
        ("BUILDKITE_PIPELINE_SLUG", "shop"),
        ("BUILDKITE_BUILD_NUMBER", "3"),
    ];
    assert_eq!(found(&slugs), Some(run("buildkite", "acme/shop", "3")));
    // No address of Jenkins is configured, and it is no Git job.
    let tagged = [("BUILD_TAG", "jenkins-nightly-9"), ("JOB_NAME", "nightly"), ("BUILD_NUMBER", "9")];
    assert_eq!(found(&tagged), Some(run("jenkins", "nightly", "jenkins-nightly-9")));
}

#[test]
fn outside_of_ci_there_is_no_run() {
    assert_eq!(found(&[]), None);
    assert_eq!(found(&[("CI", ""), ("GITHUB_ACTIONS", " "), ("GITLAB_CI", "false")]), None);
    assert_eq!(found(&[("CI", "false")]), None);
    assert_eq!(found(&[("GITHUB_REPOSITORY", "acme/shop"), ("JOB_NAME", "x"), ("BUILD_NUMBER", "1")]), None);
}

#[test]
fn what_is_said_replaces_what_was_detected() {
    let said = [
        ("API_STRONGHOLD_CI_PROVIDER", "woodpecker"),
        ("API_STRONGHOLD_CI_REPOSITORY", "https://u:p@git.example/acme/shop"),
        ("API_STRONGHOLD_CI_RUN_ID", "12"),
    ];
    let expected = run("woodpecker", "git.example/acme/shop", "12");
    assert_eq!(found(&said), Some(expected.clone()));
    assert_eq!(found(&[&said[..], &[("CI", "1")]].concat()), Some(expected));
    let partly = [("GITHUB_ACTIONS", "true"), ("GITHUB_RUN_ID", "1"), ("API_STRONGHOLD_CI_REPOSITORY", "acme/other")];
    assert_eq!(found(&partly), Some(run("github-actions", "acme/other", "1")));
    assert_eq!(found(&[("CI", "true"), ("API_STRONGHOLD_CI_RUN_ID", "7")]), Some(run("generic", "", "7")));
}

#[test]
fn no_address_carries_its_password_along() {
    let repository = |url: &str| found(&[("JENKINS_URL", "x"), ("GIT_URL", url)]).unwrap().repository;
    for (url, kept) in [
        ("https://user:s3cret@git.example:8443/a/b.git", "git.example:8443/a/b"),
        ("https://s3cret@git.example/a/b", "git.example/a/b"),
        ("https://user:s3/cret@git.example/a/b", "git.example/a/b"),
        ("https://git.example/a/b?access_token=s3cret", "git.example/a/b"),
        ("https://git.example/a/b#s3cret", "git.example/a/b"),
        ("ssh://git:s3cret@git.example/a/b.git", "git.example/a/b"),
        ("user:s3cret@git.example:a/b.git", "git.example/a/b"),
        ("git.example/a/b", "git.example/a/b"),
    ] {
        assert_eq!(repository(url).as_deref(), Some(kept), "{url}");
    }
}

#[test]
fn steering_characters_are_dropped() {
    let run = found(&[("GITHUB_ACTIONS", "true"), ("GITHUB_REPOSITORY", "a\u{1b}[31m/\nb\u{202e}\u{0}c")]).unwrap();
    assert_eq!(run.repository.as_deref(), Some("a[31m/bc"));
    assert_eq!(found(&[("CI", "true"), ("API_STRONGHOLD_CI_PROVIDER", "\u{7}")]), None);
}

proptest! {
    /// Whatever the environment holds, a request can be signed, with a reason beside it.
    #[test]
    fn a_run_always_fits_a_request(
        repository in "\\PC{0,600}", run in any::<String>(), provider in "[\"\\\\]{0,600}", reason in "[a-z]{0,2000}",
    ) {
        let found = detect(|name| match name {
            "API_STRONGHOLD_CI_PROVIDER" => Some(provider.clone()),
            "API_STRONGHOLD_CI_REPOSITORY" => Some(repository.clone()),
            "API_STRONGHOLD_CI_RUN_ID" => Some(run.clone()),
            _ => None,
        });
        let context = RequestContext { reason: Some(reason), ci: found, ..RequestContext::default() };
        let header = context.to_header().unwrap().unwrap();
        prop_assert!(header.len() <= limits::CONTEXT_BYTES && header.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
        prop_assert_eq!(RequestContext::from_header(&header).unwrap(), context);
    }
}
