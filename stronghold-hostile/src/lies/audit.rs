//! Lies about the audit log. The server has the checkpoint key, so it can sign any of them.

use super::{Question, typed};
use crate::{Lie, bytes::flip, database, operator::Operator, route::Route};
use serde_json::Value;
use stronghold_protocol::{
    api::{AuditCheckpoint, AuditPage},
    checkpoint::Checkpoint,
    id::OrgId,
    merkle,
};

pub(super) fn tell(operator: &mut Operator, lie: Lie, question: &Question<'_>, json: &mut Value) -> Option<()> {
    let org = question.org?;
    match question.route {
        Route::Checkpoint => typed(json, |reply| in_checkpoint(operator, lie, question.asked.target, &org, reply)),
        Route::Records(from) => typed(json, |page| in_records(operator, lie, from, page)),
        _ => None,
    }
}

fn in_checkpoint(
    operator: &mut Operator,
    lie: Lie,
    target: &str,
    org: &OrgId,
    reply: &mut AuditCheckpoint,
) -> Option<()> {
    let mut checkpoint = Checkpoint::parse_unverified(&reply.checkpoint, org).unwrap();
    let old = target.split(['?', '&']).find_map(|part| part.strip_prefix("old=")?.parse::<u64>().ok());
    match lie {
        Lie::CheckpointBack => {
            checkpoint.size = old?.checked_sub(1)?;
            checkpoint.root = database::log(&operator.database, org, checkpoint.size).root();
            reply.consistency = None;
        }
        Lie::CheckpointForked => flip(&mut checkpoint.root.0),
        Lie::ReadNotMade => {
            let record = not_made(&operator.database, org)?;
            let mut log = database::log(&operator.database, org, checkpoint.size);
            log.push(merkle::leaf_hash(&record));
            operator.made_up = Some((checkpoint.size, record));
            (checkpoint.size, checkpoint.root) = (checkpoint.size + 1, log.root());
            let sizes = old.map(|old| (usize::try_from(old).unwrap(), log.len()));
            reply.consistency = sizes.and_then(|(old, new)| log.consistency(old, new));
        }
        _ => return None,
    }
    reply.checkpoint = checkpoint.sign(&operator.server);
    Some(())
}

/// What stands before the nonce of a request, in the JSON of a record.
const NONCE: &str = "nonce=\\\"";

/// A genuine record of a read, with a nonce that its agent never signed.
fn not_made(file: &std::path::Path, org: &OrgId) -> Option<Vec<u8>> {
    let text = String::from_utf8(database::record_of(file, org, "profile.read")?).unwrap();
    let (before, after) = text.split_once(NONCE)?;
    let other = if after.starts_with('A') { 'B' } else { 'A' };
    Some(format!("{before}{NONCE}{other}{}", &after[1..]).into_bytes())
}

fn in_records(operator: &Operator, lie: Lie, from: u64, page: &mut AuditPage) -> Option<()> {
    match lie {
        Lie::RecordMissing if page.records.len() > 1 => drop(page.records.remove(page.records.len() / 2)),
        Lie::RecordAltered => {
            let other = |record: &[u8]| {
                let text = String::from_utf8(record.to_vec()).unwrap();
                text.contains("\"127.0.0.1\"").then(|| text.replace("\"127.0.0.1\"", "\"203.0.113.9\"").into_bytes())
            };
            let in_another_way = |record: &[u8]| {
                let text = String::from_utf8(record.to_vec()).unwrap();
                text.contains("\"allowed\"").then(|| text.replacen("{", "{ ", 1).into_bytes())
            };
            let changed = page.records.iter().enumerate().find_map(|(at, record)| Some((at, other(&record.0)?)));
            let changed = changed.or_else(|| {
                page.records.iter().enumerate().find_map(|(at, record)| Some((at, in_another_way(&record.0)?)))
            });
            let (at, record) = changed?;
            page.records[at] = record.into();
        }
        Lie::ReadNotMade => {
            let (position, record) = operator.made_up.clone()?;
            let at = usize::try_from(position.checked_sub(from)?).unwrap();
            if at > page.records.len() {
                return None;
            }
            page.records.truncate(at);
            page.records.push(record.into());
            page.size = page.size.max(position + 1);
        }
        _ => return None,
    }
    Some(())
}
