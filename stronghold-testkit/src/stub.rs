//! A server that answers what no server should.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

/// Answers every request with the same bytes, whatever it asked.
#[derive(Debug)]
pub struct Stub {
    url: String,
}

impl Stub {
    /// Answers with these bytes and closes the connection.
    #[must_use]
    pub fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::serving(move |mut client| {
            let mut bytes = [0; 16 * 1024];
            // One read is enough of the request; the client may hang up at any time.
            let _ = client.read(&mut bytes);
            let _ = client.write_all(&answer);
        })
    }

    /// Answers with a status and a body of a media type.
    #[must_use]
    pub fn http(status: &str, media_type: &str, body: &[u8]) -> Self {
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        Self::answering([head.as_bytes(), body].concat())
    }

    /// Takes connections and never says anything.
    #[must_use]
    pub fn silent() -> Self {
        Self::serving(|mut client| {
            // Until the client hangs up.
            let _ = std::io::copy(&mut client, &mut std::io::sink());
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    fn serving(serve: impl Fn(TcpStream) + Send + Clone + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it listens"));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let serve = serve.clone();
                thread::spawn(move || serve(client));
            }
        });
        Self { url }
    }
}
