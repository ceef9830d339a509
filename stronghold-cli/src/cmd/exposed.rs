//! What those who lost access may still know: after a removal, and `secret list --exposed`.

use crate::{
    args::InProfile,
    failure::Failure,
    input,
    output::{Output, table},
    settings::Settings,
    shown::{Lines, lines},
};
use serde::Serialize;
use stronghold_sdk::{
    admin::{ExposedItem, ExposedPrincipal, ExposedSecret, Session},
    protocol::{id::PrincipalId, number::Seq, transport::Transport},
};

/// How many secrets a text names; JSON has all.
const NAMED: usize = 20;

/// What is exposed to those whose access ended after a statement: to one of them, or to all.
pub(super) async fn since<T: Transport>(
    session: &mut Session<T>,
    before: Seq,
    to: Option<PrincipalId>,
) -> Result<Exposed, Failure> {
    let exposed = session.exposed_since(before, to).await.map_err(|error| {
        Failure::from(error).with_hint("The access has ended. What is exposed, `secret list --exposed` tells.")
    })?;
    Ok(Exposed(exposed))
}

/// What a removal exposes, for people and as JSON.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct Exposed(stronghold_sdk::admin::Exposed);

impl Exposed {
    /// For people, to be put behind what was done.
    pub(super) fn text(&self) -> Lines {
        let Self(exposed) = self;
        if exposed.could_read.is_empty() {
            return "Nothing that it could read is in use.".into();
        }
        let named = |items: &[ExposedItem]| -> String {
            let names: Vec<String> =
                items.iter().take(NAMED).map(|item| format!("{}/{}", item.profile, item.name)).collect();
            let more = items.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(", and {more} more") } else { String::new() };
            if names.is_empty() { "nothing".to_owned() } else { format!("{}{more}", names.join(", ")) }
        };
        lines![
            "Rotate where they are issued:",
            format!("  read, as the audit log says:  {}", named(&exposed.read)),
            format!("  could be read:                {}", named(&exposed.could_read)),
            "`secret list --exposed` lists them until each is changed.",
        ]
    }
}

/// Lists the secrets that were not changed since somebody lost access to them.
pub(super) async fn list(settings: &Settings, output: &Output, at: &InProfile) -> Result<(), Failure> {
    let mut session = settings.session().await?;
    let profile = input::given(at.profile.as_ref());
    let profile = profile.map(|profile| session.find_profile(profile).map(|known| known.id)).transpose()?;
    let exposures = session.exposures(profile, None).await?;
    let listed: Vec<ExposedSecret> = exposures.iter().map(ExposedSecret::from).collect();
    output.result(&listed, || {
        if listed.is_empty() {
            return "Every secret that somebody could read who cannot any more was changed since.".into();
        }
        let rows: Vec<Vec<String>> = listed.iter().flat_map(rows).collect();
        table(&["PROFILE", "NAME", "VERSION", "EXPOSED TO", "SINCE", "READ"], &rows)
    })
}

fn rows(listed: &ExposedSecret) -> Vec<Vec<String>> {
    let read = |read: Option<bool>| match read {
        Some(true) => "yes",
        Some(false) => "not that the log says",
        None => "unknown",
    };
    let row = |to: &ExposedPrincipal| {
        vec![
            listed.item.profile.clone(),
            listed.item.name.clone(),
            listed.item.version.to_string(),
            format!("{} ({})", to.name, to.kind),
            to.ended_at.to_string(),
            read(to.read).to_owned(),
        ]
    };
    listed.exposed_to.iter().map(row).collect()
}
