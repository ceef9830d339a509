//! Which CI run this process belongs to, for the audit record: a provider's name, a repository, a run, and nothing else.
//!
//! The names of the variables are those that each provider documents. What they hold is taken for a text that somebody
//! else wrote: it is cut, only its printable ASCII is kept, and an address loses whatever could be a password in it.

use stronghold_protocol::request::CiRun;

/// Names this provider, whatever was detected.
pub const PROVIDER_VARIABLE: &str = "API_STRONGHOLD_CI_PROVIDER";
/// Names this repository, whatever was detected.
pub const REPOSITORY_VARIABLE: &str = "API_STRONGHOLD_CI_REPOSITORY";
/// Names this run, whatever was detected.
pub const RUN_ID_VARIABLE: &str = "API_STRONGHOLD_CI_RUN_ID";

/// How long a provider's name is at most, in bytes.
const PROVIDER_BYTES: usize = 64;
/// How long a repository's and a run's name is at most, in bytes. However they are escaped, all three leave most of a
/// context for the caller's reason.
const NAME_BYTES: usize = 256;

/// The CI run that the environment tells of; none outside of CI. `variable` gives a variable's value by its name.
///
/// GitHub Actions, GitLab CI, Jenkins, CircleCI and Buildkite are told by their own variables, others by `CI`.
/// [`PROVIDER_VARIABLE`], [`REPOSITORY_VARIABLE`] and [`RUN_ID_VARIABLE`] replace what was detected, and are enough by
/// themselves. A blank variable counts as unset.
#[must_use]
pub fn detect(variable: impl Fn(&str) -> Option<String>) -> Option<CiRun> {
    let environment = Environment(&variable);
    let found = PROVIDERS.iter().find(|provider| (provider.is_it)(&environment)).map(|provider| CiRun {
        provider: Some(provider.name.to_owned()),
        repository: (provider.repository)(&environment),
        run_id: (provider.run_id)(&environment),
    });
    let said = |name: &str| environment.text(name);
    let run = CiRun {
        provider: said(PROVIDER_VARIABLE).or_else(|| found.as_ref()?.provider.clone()),
        repository: said(REPOSITORY_VARIABLE).or_else(|| found.as_ref()?.repository.clone()),
        run_id: said(RUN_ID_VARIABLE).or_else(|| found.as_ref()?.run_id.clone()),
    };
    let run = CiRun {
        provider: run.provider.and_then(|name| clean(&name, PROVIDER_BYTES)),
        repository: run.repository.and_then(|name| clean(&without_credentials(&name), NAME_BYTES)),
        run_id: run.run_id.and_then(|name| clean(&name, NAME_BYTES)),
    };
    (run != CiRun::default()).then_some(run)
}

/// The CI run that this process's environment tells of.
#[must_use]
pub fn detect_in_environment() -> Option<CiRun> {
    detect(|name| std::env::var(name).ok())
}

struct Environment<'a>(&'a dyn Fn(&str) -> Option<String>);

impl Environment<'_> {
    fn text(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.trim().is_empty())
    }

    fn says_yes(&self, name: &str) -> bool {
        self.text(name).is_some_and(|value| !matches!(value.trim().to_ascii_lowercase().as_str(), "false" | "0" | "no"))
    }

    /// The first of several variables that is set.
    fn first(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.text(name))
    }

    /// `owner/name`, or the name alone where the provider knows of no owner.
    fn pair(&self, owner: &str, name: &str) -> Option<String> {
        let name = self.text(name)?;
        Some(match self.text(owner) {
            Some(owner) => format!("{owner}/{name}"),
            None => name,
        })
    }
}

type Read = fn(&Environment<'_>) -> Option<String>;

struct Provider {
    name: &'static str,
    is_it: fn(&Environment<'_>) -> bool,
    repository: Read,
    run_id: Read,
}

/// In this order: every one of them sets `CI` too, some of them not always.
const PROVIDERS: [Provider; 6] = [
    Provider {
        name: "github-actions",
        is_it: |environment| environment.says_yes("GITHUB_ACTIONS"),
        repository: |environment| environment.text("GITHUB_REPOSITORY"),
        run_id: |environment| environment.text("GITHUB_RUN_ID"),
    },
    Provider {
        name: "gitlab-ci",
        is_it: |environment| environment.says_yes("GITLAB_CI"),
        repository: |environment| environment.text("CI_PROJECT_PATH"),
        run_id: |environment| environment.first(&["CI_PIPELINE_ID", "CI_JOB_ID"]),
    },
    Provider {
        name: "circleci",
        is_it: |environment| environment.says_yes("CIRCLECI"),
        repository: |environment| environment.pair("CIRCLE_PROJECT_USERNAME", "CIRCLE_PROJECT_REPONAME"),
        run_id: |environment| environment.first(&["CIRCLE_WORKFLOW_ID", "CIRCLE_BUILD_NUM"]),
    },
    Provider {
        name: "buildkite",
        is_it: |environment| environment.says_yes("BUILDKITE"),
        repository: |environment| {
            let pipeline = || environment.pair("BUILDKITE_ORGANIZATION_SLUG", "BUILDKITE_PIPELINE_SLUG");
            environment.text("BUILDKITE_REPO").or_else(pipeline)
        },
        run_id: |environment| environment.first(&["BUILDKITE_BUILD_ID", "BUILDKITE_BUILD_NUMBER"]),
    },
    Provider {
        name: "jenkins",
        // No variable of Jenkins says just that; where its address is not configured, only those of the build are set.
        is_it: |environment| {
            environment.text("JENKINS_URL").is_some()
                || (environment.text("BUILD_TAG").is_some_and(|tag| tag.starts_with("jenkins-"))
                    && environment.text("JOB_NAME").is_some())
        },
        // The first is set by its Git plug-in.
        repository: |environment| environment.first(&["GIT_URL", "JOB_NAME"]),
        // A build's number means nothing without its job's name, which the tag holds.
        run_id: |environment| environment.first(&["BUILD_TAG", "BUILD_NUMBER"]),
    },
    Provider {
        name: "generic",
        is_it: |environment| environment.says_yes("CI"),
        repository: |_| None,
        run_id: |_| None,
    },
];

/// A repository's address as `host/path`: what stands before `@` or after `?` and `#` may be a password. Other names stay.
fn without_credentials(name: &str) -> String {
    let name = name.trim();
    if let Some((_, rest)) = name.split_once("://") {
        let rest = rest.split(['?', '#']).next().unwrap_or(rest);
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        // A password may hold a slash that nobody escaped: nothing before the last `@` is kept.
        let kept = match path.rsplit_once('@') {
            Some((_, path)) => path.to_owned(),
            None => format!("{}/{path}", host.rsplit('@').next().unwrap_or(host)),
        };
        return kept.trim_end_matches('/').trim_end_matches(".git").to_owned();
    }
    // As `git` takes it too: `user@host:path`.
    match name.rsplit_once('@') {
        Some((_, place)) => place.replacen(':', "/", 1).trim_end_matches(".git").to_owned(),
        None => name.to_owned(),
    }
}

/// The printable ASCII of a text, at most `limit` bytes; none when nothing is left. Others than these are in no provider's
/// names, and would be escaped to six times their size in the header.
fn clean(text: &str, limit: usize) -> Option<String> {
    let printable = text.chars().filter(|character| character.is_ascii_graphic() || *character == ' ');
    let kept: String = printable.take(limit).collect();
    let kept = kept.trim();
    (!kept.is_empty()).then(|| kept.to_owned())
}
