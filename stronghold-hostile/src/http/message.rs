//! Requests and answers of HTTP/1.1 as they are needed here: whole, with a length.

use std::io::Read;

/// A first line, headers, and a body.
#[derive(Clone, Debug)]
pub(super) struct Message {
    first: String,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Message {
    /// Reads one; nothing where the other side ends before it begins. Without a body, where its length only tells of one.
    pub(super) fn read(from: &mut impl Read, with_body: bool) -> std::io::Result<Option<Self>> {
        let mut seen = Vec::new();
        let mut chunk = [0; 16 * 1024];
        let head = loop {
            if let Some(end) = seen.windows(4).position(|window| window == b"\r\n\r\n") {
                break end;
            }
            let count = from.read(&mut chunk)?;
            if count == 0 {
                return Ok(None);
            }
            seen.extend_from_slice(&chunk[..count]);
        };
        let text = String::from_utf8_lossy(&seen[..head]).into_owned();
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default().to_owned();
        let header = |line: &str| line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
        let headers = lines.filter_map(header).collect();
        let mut message = Self { first, headers, body: seen.split_off(head + 4) };
        assert!(message.header("transfer-encoding").is_none(), "chunked messages are not understood here");
        let length = message.header("content-length").map_or(0, |length| length.parse().expect("a length"));
        while with_body && message.body.len() < length {
            let count = from.read(&mut chunk)?;
            if count == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            message.body.extend_from_slice(&chunk[..count]);
        }
        Ok(Some(message))
    }

    /// The bytes to send: with the length of its body, and a connection that ends.
    pub(super) fn bytes(&self, with_body: bool) -> Vec<u8> {
        let mut head = format!("{}\r\n", self.first);
        let own = |name: &str| ["connection", "keep-alive"].iter().any(|own| name.eq_ignore_ascii_case(own));
        for (name, value) in self.headers.iter().filter(|(name, _)| !own(name)) {
            let length = name.eq_ignore_ascii_case("content-length") && with_body;
            let value = if length { self.body.len().to_string() } else { value.clone() };
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("connection: close\r\n\r\n");
        [head.as_bytes(), if with_body { &self.body[..] } else { &[] }].concat()
    }

    /// Method and target of a request.
    pub(super) fn asked(&self) -> (String, String) {
        let mut words = self.first.split(' ').map(str::to_owned);
        (words.next().unwrap_or_default(), words.next().unwrap_or_default())
    }

    /// The status of an answer.
    pub(super) fn status(&self) -> u16 {
        self.first.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    /// The id of the key that signed a request.
    pub(super) fn key_id(&self) -> String {
        let input = self.header("signature-input").unwrap_or_default();
        let id = input.split("keyid=\"").nth(1).and_then(|rest| rest.split('"').next());
        id.unwrap_or_default().to_owned()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}
