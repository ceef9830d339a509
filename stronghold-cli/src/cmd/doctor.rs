//! `doctor`: explains what is wrong, one check after another.

use crate::{acting::Acting, failure::Failure, input, output::Output, settings::Settings, shown::Lines};
use serde::Serialize;
use std::process::ExitCode;

#[derive(Serialize)]
struct Check {
    check: &'static str,
    ok: bool,
    detail: String,
}

#[derive(Default)]
struct Report {
    checks: Vec<Check>,
    exit: u8,
}

impl Report {
    fn good(&mut self, check: &'static str, detail: impl Into<String>) {
        self.checks.push(Check { check, ok: true, detail: detail.into() });
    }

    fn bad(&mut self, check: &'static str, failure: &Failure) {
        let hint = failure.hint().map(|hint| format!(" {hint}")).unwrap_or_default();
        self.checks.push(Check {
            check,
            ok: false,
            detail: format!("{}.{hint}", failure.message().trim_end_matches('.')),
        });
        if self.exit == 0 {
            self.exit = failure.exit_code();
        }
    }
}

/// Runs the command. Its exit code is that of the first check that failed.
pub(crate) async fn run(settings: &Settings, output: &Output) -> Result<ExitCode, Failure> {
    let mut report = Report::default();
    let source =
        if settings.global.config_dir.is_some() { "--config-dir or API_STRONGHOLD_CONFIG_DIR" } else { "default" };
    report.good("configuration folder", format!("{} ({source})", settings.folder.display()));
    match settings.acting() {
        Ok(Acting::Agent { token, source, url }) => {
            report.good("identity", format!("agent {} by the token in {source}", token.agent));
            let own = url.or_else(|| token.url.as_ref().map(|url| url.as_str().to_owned()));
            if let Some(url) = check_url(settings, &mut report, own.as_deref()) {
                check_agent(settings, &mut report, token, &url).await;
            }
        }
        Ok(Acting::User { account, url }) => {
            report.good("identity", format!("{}, signed in as a person", account.email));
            if check_url(settings, &mut report, url.as_deref()).is_some() {
                match settings.session().await {
                    Ok(session) => {
                        let statements = session.directory().head().seq.get() + 1;
                        report.good("server", "reached, and it knows you");
                        report.good("directory", format!("{statements} statements verified"));
                    }
                    Err(failure) => report.bad("server", &failure),
                }
            }
        }
        Err(failure) => {
            report.bad("identity", &failure);
            check_url(settings, &mut report, None);
        }
    }
    check_floors(settings, &mut report);
    output.result(&report.checks, || {
        let lines = report
            .checks
            .iter()
            .map(|check| format!("{} {}: {}", if check.ok { "ok  " } else { "FAIL" }, check.check, check.detail));
        lines.collect::<Lines>()
    })?;
    Ok(ExitCode::from(report.exit))
}

fn check_url(settings: &Settings, report: &mut Report, own: Option<&str>) -> Option<String> {
    let flagged = input::given(settings.global.url.as_ref()).is_some();
    match settings.url(own) {
        Ok(url) => {
            let source = if flagged { "--url or API_STRONGHOLD_URL" } else { "the identity's own" };
            report.good("address", format!("{url} ({source})"));
            Some(url)
        }
        Err(failure) => {
            report.bad("address", &failure);
            None
        }
    }
}

async fn check_agent(
    settings: &Settings,
    report: &mut Report,
    token: stronghold_sdk::protocol::token::AgentToken,
    url: &str,
) {
    let agent = match settings.agent(token, Some(url)) {
        Ok(agent) => agent,
        Err(failure) => return report.bad("connection", &failure),
    };
    match agent.who_am_i().await {
        Ok(me) => {
            report.good("server", format!("reached, and it knows agent {:?} of {:?}", me.name, me.org_name.as_str()));
            let apart = me.server_time.as_millis().abs_diff(settings.clock.now().as_millis()) / 1000;
            report.good("clock", format!("{apart} s apart from the server's"));
        }
        Err(error) => return report.bad("server", &error.into()),
    }
    match agent.profiles().await {
        Ok(profiles) if profiles.is_empty() => report.bad(
            "permissions",
            &Failure::refused("this agent can read no profile")
                .with_hint("An admin adds it to a group (`group add`) that is granted a profile (`group grant`)."),
        ),
        Ok(profiles) => {
            let names: Vec<&str> = profiles.iter().map(|profile| profile.name.as_str()).collect();
            report.good("permissions", format!("can read {}", names.join(", ")));
        }
        Err(error) => report.bad("permissions", &error.into()),
    }
}

fn check_floors(settings: &Settings, report: &mut Report) {
    let folder = settings.state_folder();
    match crate::credentials::create_private_folder(&folder) {
        Ok(()) => report.good("memory", format!("{} can be written", folder.display())),
        Err(failure) => report.bad("memory", &failure),
    }
}
