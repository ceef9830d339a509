//! Reading a body: not beyond what its route takes, not beyond 64 KiB before its headers were judged, and of what is refused
//! only so much that whoever sends it reads why.

use super::share::{Bodies, BodyShare};
use crate::{
    access::Source,
    service::{Incoming, Outgoing, Service},
    store::Store,
};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use http::{HeaderMap, header};
use std::{pin::Pin, sync::Arc, time::Duration};
use stronghold_protocol::{
    limits::UNJUDGED_BODY_BYTES,
    problem::{Problem, ProblemCode},
};

/// How much of a refused body is read and thrown away, so that its sender reads the refusal.
const DRAINED_BYTES: usize = 1024 * 1024;
/// How long that may take.
const DRAINED_FOR: Duration = Duration::from_secs(2);
/// How much room a body gets before anything of it arrived.
const FIRST_BYTES: usize = 4096;

/// A body on its way in.
pub(super) struct Arriving<B> {
    body: Pin<Box<B>>,
    announced: Option<usize>,
    /// Whether the sender waits for a word before it sends: then nothing has to be thrown away.
    expects: bool,
}

impl<B, C, E> Arriving<B>
where
    B: Stream<Item = Result<C, E>> + Send + 'static,
    C: Buf + Send,
    E: Send,
{
    /// Nothing is read yet.
    pub(super) fn new(headers: &HeaderMap, body: B) -> Self {
        let announced = headers.get(header::CONTENT_LENGTH);
        let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        Self { body: Box::pin(body), announced, expects: headers.contains_key(header::EXPECT) }
    }

    /// Reads the body of a request with this head. The share is to be kept for as long as the body is.
    ///
    /// # Errors
    /// The answer to a request whose body is not read to its end: too large, refused by its headers, no room, or broken off.
    pub(super) async fn read<S: Store>(
        &mut self,
        service: &Service<S>,
        head: &Incoming,
        bodies: &Arc<Bodies>,
    ) -> Result<(Bytes, BodyShare), Outgoing> {
        let path = head.split_target().0;
        let limit = service.body_limit(&head.method, path);
        let too_large = || {
            let detail = format!("this route takes at most {limit} bytes");
            Outgoing::problem(&Problem::new(ProblemCode::TooLarge, detail))
        };
        let announced = self.announced.unwrap_or(0);
        if announced > limit {
            return Err(too_large());
        }
        let mut share = bodies.begin(head.address.map(Source::from));
        if announced > UNJUDGED_BODY_BYTES {
            share.judged(service.judge_head(head).await?);
        }
        let mut collected = BytesMut::with_capacity(announced.min(FIRST_BYTES));
        while let Some(chunk) = self.body.next().await {
            let chunk = chunk.map_err(|_| broken_off())?;
            let length = collected.len() + chunk.remaining();
            if length > limit {
                return Err(too_large());
            }
            if length > UNJUDGED_BODY_BYTES && !share.is_judged() {
                share.judged(service.judge_head(head).await?);
            }
            share.take(chunk.remaining()).map_err(|problem| Outgoing::problem(&problem))?;
            collected.put(chunk);
        }
        Ok((collected.freeze(), share))
    }

    /// Throws the rest of a refused body away while the refusal is sent: a connection that is closed over what was not read
    /// takes the refusal with it. Up to 1 MiB and two seconds; what is not read by then is the sender's loss.
    pub(super) fn drain(self) {
        let Self { mut body, expects, .. } = self;
        if expects {
            return;
        }
        tokio::spawn(tokio::time::timeout(DRAINED_FOR, async move {
            let mut left = DRAINED_BYTES;
            while let Some(Ok(chunk)) = body.next().await {
                let Some(rest) = left.checked_sub(chunk.remaining()) else { break };
                left = rest;
            }
        }));
    }
}

fn broken_off() -> Outgoing {
    Outgoing::problem(&Problem::new(ProblemCode::Malformed, "the body broke off"))
}
