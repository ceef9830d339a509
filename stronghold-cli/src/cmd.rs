//! One file a command.

mod agent;
mod agent_change;
pub(crate) mod agent_rotation;
mod audit;
mod audit_follow;
mod audit_rows;
mod audit_verify;
mod auth_api_user;
mod auth_identities;
mod auth_login;
mod auth_password;
mod auth_status;
mod doctor;
mod env_pull;
mod env_push;
mod env_run;
mod exposed;
mod group;
mod org;
mod org_create;
mod org_policy;
mod org_verify;
mod org_verify_report;
mod profile;
mod profile_lock;
mod profile_past;
mod profile_rotate;
mod quickstart;
mod recovery_sheet;
mod secret;
mod secret_past;
pub(crate) mod source;
mod special_names;
mod user;
mod user_accept;
mod user_confirm;
mod user_keys;

use crate::{
    args::{AuthCommand, Cli, Command, EnvCommand, OrgCommand},
    failure::Failure,
    output::Output,
    settings::Settings,
};
use clap::CommandFactory;
use std::process::ExitCode;

/// Runs the command.
pub(crate) async fn run(cli: Cli, output: &Output) -> Result<ExitCode, Failure> {
    let settings = Settings::new(cli.global);
    let settings = &settings;
    match cli.command {
        Command::Quickstart(args) => quickstart::run(settings, output, &args).await?,
        Command::Auth(command) => match command {
            AuthCommand::ApiUser(args) => auth_api_user::run(settings, output, &args).await?,
            AuthCommand::Login(args) => auth_login::run(settings, output, &args).await?,
            AuthCommand::Password(args) => auth_password::change(settings, output, &args).await?,
            AuthCommand::Recover(args) => auth_password::recover(settings, output, &args).await?,
            AuthCommand::Status => auth_status::run(settings, output).await?,
            AuthCommand::List => auth_identities::list(settings, output)?,
            AuthCommand::Switch { identity } => auth_identities::switch(settings, output, &identity)?,
            AuthCommand::Logout { identity, all } => {
                auth_identities::logout(settings, output, identity.as_deref(), all)?;
            }
        },
        Command::Env(command) => match command {
            EnvCommand::Pull(args) => env_pull::run(settings, output, &args).await?,
            EnvCommand::Push(args) => env_push::run(settings, output, &args).await?,
            EnvCommand::Run(args) => return env_run::run(settings, output, args).await,
        },
        Command::Secret(command) => secret::run(settings, output, command).await?,
        Command::Profile(command) => profile::run(settings, output, command).await?,
        Command::Group(command) => group::run(settings, output, command).await?,
        Command::Agent(command) => agent::run(settings, output, command).await?,
        Command::User(command) => user::run(settings, output, command).await?,
        Command::Org(command) => match command {
            OrgCommand::Create(args) => org_create::run(settings, output, &args).await?,
            OrgCommand::Show => org::show(settings, output).await?,
            OrgCommand::Policy(args) => org_policy::policy(settings, output, &args).await?,
            OrgCommand::Approvals => org_policy::approvals(settings, output).await?,
            OrgCommand::Approve { id, yes } => org_policy::approve(settings, output, &id, yes).await?,
            OrgCommand::Withdraw { id } => org_policy::withdraw(settings, output, &id).await?,
            OrgCommand::Verify(args) => org_verify::run(settings, output, &args).await?,
        },
        Command::Audit(command) => audit::run(settings, output, command).await?,
        Command::Doctor => return doctor::run(settings, output).await,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "api-stronghold-cli", &mut script);
            output.value(&script)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
