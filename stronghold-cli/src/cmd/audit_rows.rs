//! Audit records as rows of a table, and of CSV.

use stronghold_sdk::{admin::AuditEntry, protocol::request::RequestContext};

/// The columns of [`row`].
pub(crate) const HEADING: [&str; 8] = ["TIME", "WHO", "ACTION", "PROFILE", "WHAT", "OUTCOME", "FROM", "CONTEXT"];

/// For a table.
pub(crate) fn row(entry: &AuditEntry) -> Vec<String> {
    let who = entry.principal.as_ref().map_or_else(|| "?".to_owned(), |who| who.name.clone());
    let profile = entry.profile.as_ref().map_or_else(String::new, |profile| profile.name.clone());
    let outcome = match &entry.reason {
        Some(reason) => format!("denied: {reason}"),
        None => "allowed".to_owned(),
    };
    let from = entry.address.clone().unwrap_or_default();
    let cells = [entry.time.to_string(), who, entry.action.clone(), profile, what(entry), outcome, from];
    cells.into_iter().chain([said(&entry.context)]).collect()
}

fn what(entry: &AuditEntry) -> String {
    if let Some(seq) = entry.statement {
        return format!("statement {seq}");
    }
    let named = entry.secrets.iter().map(|secret| {
        let name = secret.name.clone().unwrap_or_else(|| secret.secret_id.to_string());
        secret.version.map_or_else(|| name.clone(), |version| format!("{name} v{version}"))
    });
    let revision = entry.profile.as_ref().and_then(|profile| profile.revision);
    let revision = revision.map(|revision| format!("revision {revision}"));
    named.chain(revision).collect::<Vec<_>>().join(", ")
}

/// What a caller said of itself, in one line; empty where nothing was said.
fn said(context: &RequestContext) -> String {
    let run = context.ci.iter().flat_map(|run| [&run.provider, &run.repository, &run.run_id]);
    let run = run.flatten().cloned().collect::<Vec<_>>().join(" ");
    let parts = [Some(run).filter(|run| !run.is_empty()), context.reason.clone()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
}

/// The first line of CSV, with its end.
pub(crate) const CSV_HEADING: &str = "position,event_id,time,kind,principal,name,action,outcome,reason,profile,revision,what,address,\
     context_reason,ci_provider,ci_repository,ci_run_id,signed\n";

/// A line of CSV (RFC 4180), without its end. What a spreadsheet would take for a formula is quoted as text.
pub(crate) fn csv(entry: &AuditEntry) -> String {
    let who = entry.principal.as_ref();
    let profile = entry.profile.as_ref();
    let outcome = if entry.reason.is_some() { "denied" } else { "allowed" };
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let run = entry.context.ci.clone().unwrap_or_default();
    let fields = [
        entry.position.to_string(),
        entry.event_id.to_string(),
        entry.time.to_string(),
        text(who.map(|who| who.kind)),
        text(who.map(|who| who.id.as_str())),
        text(who.map(|who| who.name.as_str())),
        entry.action.clone(),
        outcome.to_owned(),
        text(entry.reason.as_deref()),
        text(profile.map(|profile| profile.name.as_str())),
        profile.and_then(|profile| profile.revision).map_or_else(String::new, |revision| revision.to_string()),
        what(entry),
        text(entry.address.as_deref()),
        text(entry.context.reason.as_deref()),
        run.provider.unwrap_or_default(),
        run.repository.unwrap_or_default(),
        run.run_id.unwrap_or_default(),
        entry.signed.to_string(),
    ];
    fields.map(|field| csv_field(&field)).join(",")
}

fn csv_field(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
