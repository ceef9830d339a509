//! The audit log.

use crate::{
    convert::{Listener, from_js, parse_time, to_js},
    error::Outcome,
    session::{Open, Session},
};
use js_sys::Function;
use serde::{Deserialize, Serialize};
use stronghold_sdk::{
    admin::{AuditEntry, AuditFilter, AuditPart, AuditQuery, AuditReader, LogCounts, LogRecord},
    protocol::{audit::Outcome as Decided, crypto::hash::Hash, time::Timestamp},
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// After how many verified records the listener is told.
const TOLD_EVERY: u64 = 256;

/// A question about the log, with what was looked up for it: asking on costs no further reads.
pub(crate) struct Asked {
    wanted: Wanted,
    filter: AuditFilter,
    reader: AuditReader,
}

#[derive(Clone, Deserialize, PartialEq)]
struct Wanted {
    agent_id: Option<String>,
    user_id: Option<String>,
    profile_id: Option<String>,
    secret: Option<String>,
    action: Option<String>,
    outcome: Option<Decided>,
    since: Option<String>,
    until: Option<String>,
}

impl Wanted {
    fn query(self) -> Outcome<AuditQuery> {
        Ok(AuditQuery {
            since: parse_time(self.since.as_deref())?,
            until: parse_time(self.until.as_deref())?,
            agent: self.agent_id,
            user: self.user_id,
            profile: self.profile_id,
            secret: self.secret,
            action: self.action,
            outcome: self.outcome,
            context: Vec::new(),
        })
    }
}

#[derive(Serialize)]
struct Listed {
    entries: Vec<AuditEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

#[derive(Serialize)]
struct Followed {
    entries: Vec<AuditEntry>,
    next: u64,
}

#[derive(Serialize)]
struct Verified {
    records: u64,
    allowed: u64,
    denied: u64,
    unsigned: u64,
    root: Hash,
    #[serde(skip_serializing_if = "Option::is_none")]
    continues: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    newest: Option<Timestamp>,
}

#[wasm_bindgen]
impl Session {
    /// Records before `before` that match, newest first, at most `limit` of one page of the log; from its end without it.
    #[wasm_bindgen(js_name = auditList)]
    pub async fn audit_list(&self, filter: JsValue, limit: u32, before: Option<f64>) -> Outcome {
        let wanted: Wanted = from_js(filter, "filter")?;
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let mut asked = open.ask(wanted, before.is_some()).await?;
        let (end, size) = match before {
            Some(before) => (position(before), None),
            None => {
                let size = asked.reader.len(&open.session).await?;
                (size, Some(size))
            }
        };
        // One page: whoever looks for something rare must not have everybody else wait.
        let AuditPart { mut entries, next } = asked.reader.before(&mut open.session, &asked.filter, end).await?;
        let surplus = entries.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
        entries.drain(..surplus);
        let next = entries.first().filter(|_| surplus > 0).map_or(next, |oldest| oldest.position);
        entries.reverse();
        open.asked = Some(asked);
        to_js(&Listed { entries, size, next: (next > 0).then_some(next) })
    }

    /// The records from a position on that match, oldest first.
    #[wasm_bindgen(js_name = auditSince)]
    pub async fn audit_since(&self, filter: JsValue, from: f64) -> Outcome {
        let wanted: Wanted = from_js(filter, "filter")?;
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let mut asked = open.ask(wanted, true).await?;
        let read = asked.reader.since(&mut open.session, &mut asked.filter, position(from)).await;
        open.asked = Some(asked);
        let AuditPart { entries, next } = read?;
        to_js(&Followed { entries, next })
    }

    /// Verifies every record, from raw bytes, against the directory and what this device remembers, and remembers the
    /// checkpoint. `each` is told how many are verified.
    #[wasm_bindgen(js_name = auditVerify)]
    pub async fn audit_verify(&self, each: Option<Function>) -> Outcome {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let listener = Listener::new(each);
        let mut count = 0_u64;
        let mut tell = |_: &LogRecord| {
            count += 1;
            if count.is_multiple_of(TOLD_EVERY) {
                listener.tell(&number(count));
            }
        };
        let verified = open.session.verify_audit(&mut tell).await?;
        let checkpoint = verified.log.checkpoint;
        let LogCounts { allowed, denied, unsigned, newest } = verified.counts;
        to_js(&Verified {
            records: checkpoint.size,
            allowed,
            denied,
            unsigned,
            root: checkpoint.root,
            continues: verified.known,
            newest,
        })
    }
}

impl Open<'_> {
    /// A question: the last one again where it is the same and goes `on`, else looked up anew.
    async fn ask(&mut self, wanted: Wanted, on: bool) -> Outcome<Asked> {
        if let Some(asked) = self.asked.take().filter(|asked| on && asked.wanted == wanted) {
            return Ok(asked);
        }
        // Names may be newer than what was replayed.
        self.session.sync().await?;
        let filter = AuditFilter::new(wanted.clone().query()?, &mut self.session).await?;
        Ok(Asked { wanted, filter, reader: AuditReader::default() })
    }
}

/// A position in the log: JavaScript's numbers are exact below 2^53, as positions are.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped to what fits")]
fn position(number: f64) -> u64 {
    number.clamp(0.0, 9_007_199_254_740_991.0) as u64
}

#[allow(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
fn number(count: u64) -> JsValue {
    JsValue::from_f64(count as f64)
}
