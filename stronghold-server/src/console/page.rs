//! What one path answers, made ready once.

use super::{File, negotiate::Coding};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use http::{HeaderValue, StatusCode};
use std::sync::Arc;
use stronghold_protocol::crypto::hash::sha256;

/// What a server without console says at `/`.
const NOT_BUILT: &[u8] = include_bytes!("not_built.html");

/// What one path answers.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) media_type: &'static str,
    pub(super) caching: &'static str,
    plain: Variant,
    compressed: Arc<[Variant]>,
}

/// A page's bytes in one coding.
#[derive(Clone, Debug)]
pub(super) struct Variant {
    pub(super) coding: Coding,
    pub(super) body: Bytes,
    /// A strong entity tag: the SHA-256 of exactly these bytes, so each coding has its own.
    pub(super) tag: HeaderValue,
}

impl Variant {
    fn new(coding: Coding, body: &'static [u8]) -> Self {
        let tag = format!("\"{}\"", HEXLOWER.encode(&sha256(&[body]).0));
        // Hexadecimal digits in quotes are a header's value always.
        let tag = HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("\"\""));
        Self { coding, body: Bytes::from_static(body), tag }
    }
}

impl Page {
    /// A file of a build.
    pub(super) fn of_file(file: &File, caching: &'static str) -> Self {
        let compressed = [(Coding::Brotli, file.brotli), (Coding::Gzip, file.gzip)];
        let compressed = compressed.into_iter().filter_map(|(coding, body)| Some(Variant::new(coding, body?)));
        Self {
            status: StatusCode::OK,
            media_type: media_type(file.name),
            caching,
            plain: Variant::new(Coding::Identity, file.plain),
            compressed: compressed.collect(),
        }
    }

    /// The page of a server without console. Not found, because that is what programs must take it for.
    pub(super) fn not_built() -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            media_type: HTML,
            caching: "no-store",
            plain: Variant::new(Coding::Identity, NOT_BUILT),
            compressed: Arc::new([]),
        }
    }

    /// Whether it is there in a coding.
    pub(super) fn has(&self, coding: Coding) -> bool {
        coding == Coding::Identity || self.compressed.iter().any(|variant| variant.coding == coding)
    }

    /// The page in a coding; plain where it is not there in that.
    pub(super) fn variant(&self, coding: Coding) -> &Variant {
        self.compressed.iter().find(|variant| variant.coding == coding).unwrap_or(&self.plain)
    }
}

const HTML: &str = "text/html; charset=utf-8";

/// The media type of a file by its name's ending. What is not known here is nothing that a browser would run or show.
fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => HTML,
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("webmanifest") => "application/manifest+json",
        _ if name == "SHA256SUMS" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
