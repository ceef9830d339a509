//! `org create`: an organization with its first owner, who is signed in.

use super::{
    auth_login::{keep_new, keep_unproven},
    recovery_sheet::{self, Sheet},
};
use crate::{args::OrgCreateArgs, failure::Failure, input, output::Output, settings::Settings, shown::lines};
use secrecy::ExposeSecret;
use serde::Serialize;
use std::{
    io::{self, IsTerminal},
    path::Path,
};
use stronghold_sdk::{
    admin::{Account, NewOrganization},
    protocol::{
        id::{OrgId, UserId},
        name::{Email, Name},
    },
};
use zeroize::Zeroizing;

/// What `org create` prints: the only time that key and kit can be seen.
#[derive(Serialize)]
pub(crate) struct Created {
    pub(crate) org_id: OrgId,
    pub(crate) user_id: UserId,
    pub(crate) account_key: String,
    pub(crate) recovery_kit: String,
}

/// Runs the command.
pub(crate) async fn run(settings: &Settings, output: &Output, args: &OrgCreateArgs) -> Result<(), Failure> {
    recovery_sheet::check(&args.sheet)?;
    let code = match &args.setup_code_file {
        Some(file) => read_code(file)?,
        None if io::stdin().is_terminal() => input::ask_word("setup code")?,
        None => {
            return Err(Failure::usage(
                "the server's setup code is needed: say --setup-code-file FILE, or - for standard input",
            )
            .with_hint("The server wrote it to setup-code in its data directory when it was started first."));
        }
    };
    let email = input::given(args.email.as_ref())
        .ok_or_else(|| Failure::usage("the owner's address is needed: say --email or set API_STRONGHOLD_EMAIL"))?;
    let password = input::password(&args.password, true)?;
    let url = settings.url(None)?;
    let created = output.working("making keys", create(settings, &url, &args.name, email, password, code)).await?;
    let (email, at) = (Email::new(email).map_err(|error| Failure::usage(error.to_string()))?, settings.clock.now());
    let sheet = Sheet { org: created.org_id, email: &email, url: &url, kit: &created.recovery_kit, at };
    let sheet = recovery_sheet::write(&args.sheet, &sheet, output);
    output.result(&created, || {
        lines![
            format!("Organization {} was created, and you are signed in as its owner.", created.org_id),
            "",
            "Account key (you need it, with your password, on every new device):",
            format!("  {}", created.account_key),
            "",
            "Recovery kit (print it and lock it away; it replaces a forgotten password):",
            format!("  {}", created.recovery_kit),
            "",
        ]
        .then(sheet)
        .then("Nobody, this server included, can show you these again.")
    })
}

/// Creates the organization and signs its owner in.
pub(crate) async fn create(
    settings: &Settings,
    url: &str,
    name: &str,
    email: &str,
    password: Zeroizing<String>,
    setup_code: Zeroizing<String>,
) -> Result<Created, Failure> {
    let name = Name::new(name).map_err(|error| Failure::usage(format!("{name:?}: {error}")))?;
    let email = Email::new(email).map_err(|error| Failure::usage(format!("{email:?}: {error}")))?;
    let client = settings.client(url)?;
    let new = NewOrganization { name, email, password, setup_code };
    let owner = Account::create_organization(&client, new, &settings.clock).await;
    let owner = owner.map_err(|error| keep_unproven(settings, url, error))?;
    keep_new(settings, &owner.account, url, &owner.account_key, &owner.recovery_kit)?;
    Ok(Created {
        org_id: owner.account.org,
        user_id: owner.account.user,
        account_key: owner.account_key.to_secret_string().expose_secret().to_owned(),
        recovery_kit: owner.recovery_kit.to_secret_string().expose_secret().to_owned(),
    })
}

/// Reads a setup code from the file that a server wrote.
pub(crate) fn read_code(file: &Path) -> Result<Zeroizing<String>, Failure> {
    input::word(&input::file(file, 4096)?, "the setup code")
}
