//! Events by syslog: RFC 5424 messages over UDP (RFC 5426), TCP (RFC 6587, octet counting) or TLS (RFC 5425).

mod line;

pub use line::Origin;

use super::{CaCertificate, DeliveryError, Event, Sink, tls::client_config};
use async_trait::async_trait;
use rustls_pki_types::ServerName;
use std::{fmt, net::SocketAddr, str::FromStr, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UdpSocket, lookup_host},
    time::timeout,
};
use tokio_rustls::TlsConnector;
use url::Url;

/// How long connecting, and accepting a batch, may take each.
const PATIENCE: Duration = Duration::from_secs(15);

/// Where a syslog receiver is: `udp://HOST:PORT`, `tcp://HOST:PORT` or `tls://HOST:PORT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyslogTarget {
    transport: Transport,
    host: String,
    port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transport {
    Udp,
    Tcp,
    Tls,
}

/// A syslog receiver cannot be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSyslog {
    /// The address is none.
    #[error("write the syslog receiver as udp://HOST:PORT, tcp://HOST:PORT or tls://HOST:PORT")]
    Target,
    /// The certificate could be for nothing of this name.
    #[error("{0} is no name that a certificate can be for")]
    Name(String),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

impl FromStr for SyslogTarget {
    type Err = InvalidSyslog;

    fn from_str(text: &str) -> Result<Self, InvalidSyslog> {
        let url = Url::parse(text).map_err(|_| InvalidSyslog::Target)?;
        let (transport, port) = match url.scheme() {
            "udp" => (Transport::Udp, 514),
            "tcp" => (Transport::Tcp, 601),
            "tls" => (Transport::Tls, 6514),
            _ => return Err(InvalidSyslog::Target),
        };
        let rest = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        let anonymous = url.username().is_empty() && url.password().is_none();
        let host = url.host_str().filter(|host| !host.is_empty() && rest && anonymous);
        let host = host.ok_or(InvalidSyslog::Target)?.trim_matches(['[', ']']).to_owned();
        Ok(Self { transport, host, port: url.port().unwrap_or(port) })
    }
}

impl fmt::Display for SyslogTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.transport {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
            Transport::Tls => "tls",
        };
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

impl SyslogTarget {
    /// Whether what is sent can be read and changed on its way.
    #[must_use]
    pub const fn is_plain(&self) -> bool {
        !matches!(self.transport, Transport::Tls)
    }
}

/// A receiver of events by syslog.
///
/// Syslog itself acknowledges nothing. Over TCP and TLS each batch is a connection of its own, closed for writing at its end;
/// it counts as accepted when the receiver, which so has read to the end, closes it too. Over UDP what was sent counts as
/// accepted, and can be lost.
pub struct SyslogSink {
    target: SyslogTarget,
    name: String,
    origin: Origin,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl fmt::Debug for SyslogSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SyslogSink({})", self.target)
    }
}

impl SyslogSink {
    /// A sink for a receiver; connects to nothing yet.
    ///
    /// # Errors
    /// [`InvalidSyslog`] when TLS cannot be set up.
    pub fn new(target: SyslogTarget, origin: Origin, authority: Option<&CaCertificate>) -> Result<Self, InvalidSyslog> {
        let tls = match target.transport {
            Transport::Tls => {
                let config = client_config(authority).map_err(|error| InvalidSyslog::Tls(error.to_string()))?;
                let name = ServerName::try_from(target.host.clone());
                let name = name.map_err(|_| InvalidSyslog::Name(target.host.clone()))?;
                Some((TlsConnector::from(config), name))
            }
            Transport::Udp | Transport::Tcp => None,
        };
        Ok(Self { name: format!("syslog {target}"), target, origin, tls })
    }

    async fn connect(&self) -> Result<TcpStream, DeliveryError> {
        let connecting = timeout(PATIENCE, TcpStream::connect((self.target.host.as_str(), self.target.port)));
        connecting.await.map_err(|_| late())?.map_err(DeliveryError::unavailable)
    }

    /// Sends each message in a datagram of its own.
    async fn send_datagrams(&self, messages: &[Vec<u8>]) -> Result<(), DeliveryError> {
        let place = (self.target.host.as_str(), self.target.port);
        let to = lookup_host(place).await.map_err(DeliveryError::unavailable)?.next();
        let to = to.ok_or_else(|| DeliveryError::unavailable("the name has no address"))?;
        let unspecified: SocketAddr = if to.is_ipv4() { ([0; 4], 0).into() } else { ([0_u16; 8], 0).into() };
        let socket = UdpSocket::bind(unspecified).await.map_err(DeliveryError::unavailable)?;
        socket.connect(to).await.map_err(DeliveryError::unavailable)?;
        for message in messages {
            socket.send(message).await.map_err(DeliveryError::unavailable)?;
        }
        Ok(())
    }
}

#[async_trait]
impl Sink for SyslogSink {
    fn name(&self) -> &str {
        &self.name
    }

    async fn deliver(&self, events: &[Event]) -> Result<(), DeliveryError> {
        let messages = events.iter().map(|event| self.origin.message(event)).collect::<Result<Vec<_>, _>>();
        let messages = messages.map_err(|error| DeliveryError::Refused(error.to_string()))?;
        match (&self.tls, self.target.transport) {
            (_, Transport::Udp) => self.send_datagrams(&messages).await,
            (Some((connector, name)), _) => {
                let plain = self.connect().await?;
                let securing = timeout(PATIENCE, connector.connect(name.clone(), plain));
                let secured = securing.await.map_err(|_| late())?.map_err(DeliveryError::unavailable)?;
                write_all(secured, &framed(&messages)).await
            }
            (None, _) => write_all(self.connect().await?, &framed(&messages)).await,
        }
    }
}

fn late() -> DeliveryError {
    DeliveryError::unavailable("it did not answer in time")
}

/// Octet counting (RFC 6587, section 3.4.1; RFC 5425, section 4.3): each message's length, a space, the message.
fn framed(messages: &[Vec<u8>]) -> Vec<u8> {
    let parts = messages.iter().map(|message| [format!("{} ", message.len()).as_bytes(), message].concat());
    parts.collect::<Vec<_>>().concat()
}

/// Writes everything and closes for writing; returns when the other side has closed as well.
async fn write_all(mut stream: impl AsyncRead + AsyncWrite + Unpin, bytes: &[u8]) -> Result<(), DeliveryError> {
    let exchange = async {
        stream.write_all(bytes).await?;
        stream.shutdown().await?;
        let mut ignored = [0; 1024];
        loop {
            match stream.read(&mut ignored).await {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                // Many receivers end TLS by closing the connection.
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    };
    match timeout(PATIENCE, exchange).await {
        Ok(done) => done.map_err(DeliveryError::unavailable),
        Err(_) => Err(DeliveryError::unavailable("it did not close the connection after the last message")),
    }
}
