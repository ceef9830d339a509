//! `stronghold-server audit archive`.

use crate::audit::archive::ArchiveRequest;
use clap::{Args, Subcommand};
use std::path::PathBuf;
use stronghold_protocol::{
    id::OrgId,
    time::{InvalidTime, Timestamp},
};

/// The audit log.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Move an organization's oldest records into a file that `audit verify --archive` verifies; works while the server runs
    Archive(ArchiveArguments),
}

/// What to archive.
#[derive(Debug, Args)]
pub struct ArchiveArguments {
    /// Directory of the server's data
    #[arg(long, env = "STRONGHOLD_SERVER_DATA_DIR", value_name = "DIR")]
    pub data_dir: PathBuf,
    /// Id of the organization
    #[arg(long, value_name = "ORG")]
    pub org: OrgId,
    /// Only records older than this: 2027-01-31 or 2027-01-31T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub before: Timestamp,
    /// File to write; it must not be there yet
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// Leave the records in the database as well
    #[arg(long)]
    pub keep: bool,
    /// Archive also what a receiver of the stream has not accepted yet, and will never get
    #[arg(long)]
    pub despite_streams: bool,
}

impl ArchiveArguments {
    /// What is asked for.
    #[must_use]
    pub fn request(&self) -> ArchiveRequest {
        ArchiveRequest {
            org: self.org,
            before: self.before,
            output: self.output.clone(),
            keep: self.keep,
            despite_streams: self.despite_streams,
        }
    }
}

/// The protocol has one text for an instant; people may leave out milliseconds, or the time of day.
fn parse_time(text: &str) -> Result<Timestamp, InvalidTime> {
    match text.strip_suffix('Z') {
        Some(_) if text.contains('.') => text.parse(),
        Some(rest) => format!("{rest}.000Z").parse(),
        None => format!("{text}T00:00:00.000Z").parse(),
    }
}
