//! `directory.read`: statements, for whoever replays the directory.

use super::gate::{Answer, Decision, Refused};
use crate::store::{Store, StoredStatement, Tx};
use stronghold_protocol::{directory::HeaderRef, limits, number::Seq};

/// How many statements are loaded at once.
const CHUNK: usize = 50;
/// From this size on a page ends with the statement that reached it, in bytes.
const PAGE_BYTES: usize = 8 * 1024 * 1024;

impl<S: Store> Decision<'_, S> {
    /// Releases a page of statements.
    pub(super) fn read_directory(&self, tx: &mut dyn Tx, from: Seq) -> Result<Answer, Refused> {
        let mut page: Vec<StoredStatement> = Vec::new();
        let mut bytes = 0;
        let mut next = from;
        while page.len() < limits::DIRECTORY_PAGE && bytes < PAGE_BYTES {
            let chunk = tx.statements(&self.org(), next, CHUNK.min(limits::DIRECTORY_PAGE - page.len()))?;
            let Some(last) = chunk.last() else { break };
            next = last.at.seq.next();
            for statement in chunk {
                if bytes < PAGE_BYTES {
                    bytes += statement.bytes.len();
                    page.push(statement);
                }
            }
        }
        let head = self.directory().head();
        Ok(Answer { released: None, render: Box::new(move |_| render(&page, &head)) })
    }
}

/// JSON of [`stronghold_protocol::api::DirectoryPage`] around statements that are JSON already.
fn render(page: &[StoredStatement], head: &HeaderRef) -> serde_json::Result<Vec<u8>> {
    let mut json = b"{\"statements\":[".to_vec();
    for (index, statement) in page.iter().enumerate() {
        if index > 0 {
            json.push(b',');
        }
        json.extend_from_slice(&statement.bytes);
    }
    json.extend_from_slice(b"],\"head\":");
    serde_json::to_writer(&mut json, head)?;
    json.push(b'}');
    Ok(json)
}
