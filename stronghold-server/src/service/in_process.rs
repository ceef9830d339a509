//! A transport without a network: the same checks, the same audit.

use super::{Incoming, Service, gate::Channel};
use crate::store::Store;
use async_trait::async_trait;
use stronghold_protocol::{
    api::ReplyLimit,
    request::{Endpoint, SignedRequest},
    transport::{Reply, Transport, TransportFailure},
};

/// Carries requests to a [`Service`] in the same process. Requests must be signed for [`Endpoint::in_process`]; one that
/// was signed for a URL is refused here, and one that was signed for this is refused everywhere else.
pub struct InProcess<S> {
    service: Service<S>,
}

impl<S> InProcess<S> {
    pub(super) const fn new(service: Service<S>) -> Self {
        Self { service }
    }
}

impl<S> Clone for InProcess<S> {
    fn clone(&self) -> Self {
        Self { service: self.service.clone() }
    }
}

impl<S> std::fmt::Debug for InProcess<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InProcess")
    }
}

#[async_trait]
impl<S: Store> Transport for InProcess<S> {
    fn endpoint(&self) -> Endpoint {
        Endpoint::in_process()
    }

    async fn send(&self, request: SignedRequest, body: Vec<u8>, _most: ReplyLimit) -> Result<Reply, TransportFailure> {
        let headers = request.headers().into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes()));
        let incoming = Incoming {
            method: request.parts().method().as_str().to_owned(),
            target: request.parts().target(),
            headers: headers.collect(),
            body: body.into(),
            address: None,
        };
        Ok(self.service.inner.answer(incoming, Channel::InProcess).await.into())
    }

    async fn send_unsigned(
        &self,
        path: &str,
        body: Option<Vec<u8>>,
        _most: ReplyLimit,
    ) -> Result<Reply, TransportFailure> {
        let method = if body.is_some() { "POST" } else { "GET" };
        let incoming = Incoming {
            method: method.to_owned(),
            target: path.to_owned(),
            headers: Vec::new(),
            body: body.unwrap_or_default().into(),
            address: None,
        };
        Ok(self.service.inner.answer(incoming, Channel::InProcess).await.into())
    }
}
