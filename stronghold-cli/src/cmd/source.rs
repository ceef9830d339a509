//! Reading a profile as whoever is acting: an agent by its token, or a person.

use crate::{
    acting::{Acting, Freshness},
    args::{InProfile, ReadArgs, ReferenceArgs},
    failure::Failure,
    input,
    settings::Settings,
};
use stronghold_sdk::{PullOptions, Secrets, format::NamePattern};

impl Freshness {
    /// As the flags say.
    pub(crate) fn new(args: &ReadArgs) -> Result<Self, Failure> {
        let minimum = input::given(args.min_revision.as_ref())
            .map(|text| text.parse().map_err(|_| Failure::usage("--min-revision is a number")))
            .transpose()?;
        Ok(Self { minimum, accept_rollback: args.accept_rollback, ..Self::default() })
    }
}

/// Pulls a profile, verified and opened.
pub(crate) async fn pull(
    settings: &Settings,
    profile: &str,
    freshness: Freshness,
    options: &PullOptions,
) -> Result<Secrets, Failure> {
    match settings.acting()? {
        Acting::Agent { token, url, .. } => {
            let agent = settings.agent_with(token, url.as_deref(), freshness, settings.lock()?)?;
            agent.pull_with(profile, options).await.map_err(as_agent)
        }
        Acting::User { .. } if freshness.accept_rollback => {
            Err(Failure::usage("a person accepts what a server lost for all profiles at once")
                .with_hint("`org verify --accept-rollback` shows what it is, and asks."))
        }
        Acting::User { .. } => {
            let session = settings.session_with(freshness, settings.lock()?).await?;
            let id = session.find_profile(profile)?.id;
            Ok(session.pull(id, options).await?)
        }
    }
}

/// What to make of references, as the flags say.
pub(crate) fn pull_options(args: &ReferenceArgs) -> Result<PullOptions, Failure> {
    let mut options = PullOptions::default().raw(args.raw);
    for profile in args.allow_reference.iter().filter_map(|profile| input::given(Some(profile))) {
        options = options
            .allow_reference(profile)
            .map_err(|error| Failure::usage(format!("--allow-reference {profile:?}: {error}")))?;
    }
    Ok(options)
}

/// The same for the secrets that are wanted.
pub(crate) fn read_options(args: &ReadArgs) -> Result<PullOptions, Failure> {
    let patterns = |texts: &[String]| -> Vec<NamePattern> { texts.iter().map(|text| NamePattern::new(text)).collect() };
    let (only, except) = (patterns(&args.only), patterns(&args.except));
    Ok(pull_options(&args.references)?.only(move |name| {
        let is_among = |patterns: &[NamePattern]| patterns.iter().any(|pattern| pattern.matches(name));
        (only.is_empty() || is_among(&only)) && !is_among(&except)
    }))
}

/// Pulls the profile that a `secret` command names, with its references as they are.
pub(crate) async fn pull_in(settings: &Settings, at: &InProfile) -> Result<Secrets, Failure> {
    pull(settings, settings.profile(at.profile.as_ref())?, Freshness::default(), &PullOptions::default().raw(true))
        .await
}

/// An agent cannot tell a profile that does not exist from one outside its groups, and neither can we.
pub(crate) fn as_agent(error: stronghold_sdk::Error) -> Failure {
    if error.problem_code() == Some("not_found") {
        return Failure::refused("this agent has no such profile")
            .with_hint("Check the name; an admin grants profiles to the agent's groups with `group grant`.");
    }
    error.into()
}
