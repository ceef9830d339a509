//! Lies that are done to a connection.

use super::Message;
use crate::Lie;
use std::{io::Write, net::TcpStream, thread, time::Duration};

/// More than any client may keep; a client that takes all of it is caught by its own memory.
const MUCH: usize = 4 * 1024 * 1024 * 1024;
const CHUNK: usize = 64 * 1024;
/// What an error says that steers a terminal: a colour, a title, a line back, and a text from right to left.
const STEERING: &str = "\u{1b}[31mred\u{1b}]0;title\u{7}\r\u{9b}2J\u{202e}txet\nsecond line";

/// Answers a request so.
pub(crate) fn answer(lie: Lie, mut client: TcpStream, honest: &Message) -> std::io::Result<()> {
    let head =
        |status: &str, more: &str| format!("HTTP/1.1 {status}\r\n{more}\r\nconnection: close\r\n\r\n").into_bytes();
    let json = "content-type: application/json";
    match lie {
        Lie::Endless => {
            client.write_all(&head("200 OK", json))?;
            client.write_all(b"{\"secrets\":\"")?;
            for _ in 0..MUCH / CHUNK {
                client.write_all(&[b'a'; CHUNK])?;
            }
            Ok(())
        }
        Lie::Slow => {
            client.write_all(&head("200 OK", &format!("{json}\r\ncontent-length: 100000")))?;
            for _ in 0..1200 {
                client.write_all(b" ")?;
                thread::sleep(Duration::from_millis(500));
            }
            Ok(())
        }
        Lie::Truncated => {
            client.write_all(&head("200 OK", &format!("{json}\r\ncontent-length: {}", honest.body.len())))?;
            client.write_all(&honest.body[..honest.body.len() / 2])
        }
        Lie::Oversized => {
            client.write_all(&head("200 OK", &format!("{json}\r\ncontent-length: {MUCH}")))?;
            for _ in 0..MUCH / CHUNK {
                client.write_all(&[b' '; CHUNK])?;
            }
            Ok(())
        }
        Lie::Bomb => {
            let packed = gzip_of_blanks(256 * 1024 * 1024);
            client.write_all(&head(
                "200 OK",
                &format!("{json}\r\ncontent-encoding: gzip\r\ncontent-length: {}", packed.len()),
            ))?;
            client.write_all(&packed)
        }
        Lie::Redirection => {
            client.write_all(&head("307 Temporary Redirect", "location: http://127.0.0.1:1/\r\ncontent-length: 0"))
        }
        Lie::EscapesInError => {
            let problem = format!(
                r#"{{"type":"x","title":"t","status":403,"code":"forbidden","detail":{}}}"#,
                serde_json::Value::from(STEERING)
            );
            let more = format!("content-type: application/problem+json\r\ncontent-length: {}", problem.len());
            client.write_all(&head("403 Forbidden", &more))?;
            client.write_all(problem.as_bytes())
        }
        _ => {
            let page = "<html><script>alert(1)</script><h1>Bad gateway</h1></html>";
            client.write_all(&head(
                "502 Bad Gateway",
                &format!("content-type: text/html\r\ncontent-length: {}", page.len()),
            ))?;
            client.write_all(page.as_bytes())
        }
    }
}

/// A gzip member that unpacks to so many blanks: one literal, and that repeated 258 times in 13 bits each (RFC 1951, 3.2.6).
fn gzip_of_blanks(length: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    // The last block, with fixed codes; a blank is the literal 32, code 0x30 + 32 in 8 bits.
    bits.push(0b011, 3, false);
    bits.push(0x30 + 32, 8, true);
    for _ in 0..length / 258 {
        // Length 258 is the symbol 285, code 0b1100_0101; distance 1 is five zeros.
        bits.push(0b1100_0101, 8, true);
        bits.push(0, 5, true);
    }
    bits.push(0, 7, true);
    let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    // Check sum and length are for whoever came to the end.
    [&header[..], &bits.finish(), &[0; 8]].concat()
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u8,
}

impl Bits {
    /// Appends bits: the lowest first, or for codes the highest first.
    fn push(&mut self, value: u16, count: u8, code: bool) {
        for at in 0..count {
            let bit = value >> (if code { count - 1 - at } else { at }) & 1;
            if self.used == 0 {
                self.bytes.push(0);
            }
            let last = self.bytes.len() - 1;
            self.bytes[last] |= u8::from(bit == 1) << self.used;
            self.used = (self.used + 1) % 8;
        }
    }

    fn finish(self) -> Vec<u8> {
        self.bytes
    }
}
