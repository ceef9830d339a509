//! The web console: static files that are embedded when the server is compiled, served beside the API.
//!
//! What is served is a table in memory; no request ever reaches a file system. Nothing here knows of the service or its
//! store: the console is public, the same for everyone, and what it shows comes through the API. Why its paths are not in the
//! table of `access/routes.rs` is told in `docs/adr/0022-how-the-console-is-served.md`.

mod headers;
mod negotiate;
mod page;

use bytes::Bytes;
use headers::{NOT_BUILT_POLICY, security_headers};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use negotiate::Coding;
use page::Page;
use std::{collections::HashMap, sync::Arc};
use stronghold_protocol::{
    problem::{Problem, ProblemCode},
    request::BasePath,
};
use warp::{Filter, Rejection, filters::path::FullPath};

/// A built console, as `npm run build` leaves it in `console/dist`.
#[derive(Debug)]
pub struct Bundle {
    /// The content security policy of everything in it.
    pub policy: HeaderValue,
    /// Its files.
    pub files: &'static [File],
}

/// A file of a built console.
#[derive(Clone, Copy, Debug)]
pub struct File {
    /// Its path in the build's folder, with forward slashes.
    pub name: &'static str,
    /// Its bytes.
    pub plain: &'static [u8],
    /// The same, compressed with Brotli (RFC 7932).
    pub brotli: Option<&'static [u8]>,
    /// The same, compressed with gzip (RFC 1952).
    pub gzip: Option<&'static [u8]>,
}

/// Where files of a build are served. `{name}` stands for one segment.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The path of the URL.
    pub path: &'static str,
    /// The path in the build's folder.
    pub file: &'static str,
    /// How long an answer may be kept, as `cache-control` says it.
    pub caching: &'static str,
}

/// Everything that the console may answer, to anyone, with GET and HEAD. What is in a build and has no place here is not
/// served; what is here and in no build is left to the API.
pub const PLACES: [Place; 3] = [
    Place { path: "/", file: "index.html", caching: REVALIDATED },
    Place { path: "/SHA256SUMS", file: "SHA256SUMS", caching: REVALIDATED },
    // These names hold a hash of the content: another content is another name.
    Place { path: "/assets/{name}", file: "assets/{name}", caching: "public, max-age=31536000, immutable" },
];

/// Kept, and asked for each time whether it is still the same.
const REVALIDATED: &str = "no-cache";
/// Methods of every path.
const METHODS: &str = "GET, HEAD";

/// What the build script found.
static EMBEDDED: Option<Bundle> = include!(concat!(env!("OUT_DIR"), "/console.rs"));

/// A console that can be mounted. The default is none: it answers nothing.
#[derive(Clone, Debug, Default)]
pub struct Console {
    pages: Arc<HashMap<String, Page>>,
    /// Of every answer.
    headers: Arc<HeaderMap>,
    /// Paths under which it is reached too.
    bases: Arc<[BasePath]>,
}

impl Console {
    /// The console that was embedded when this crate was compiled; or, where there was none, a page that says so.
    #[must_use]
    pub fn embedded() -> Self {
        EMBEDDED.as_ref().map_or_else(Self::not_built, Self::new)
    }

    /// A console of these files.
    #[must_use]
    pub fn new(bundle: &'static Bundle) -> Self {
        let placed = bundle.files.iter().filter_map(|file| Some((file, placed(file.name)?)));
        let pages = placed.map(|(file, (path, caching))| (path, Page::of_file(file, caching))).collect();
        Self { pages: Arc::new(pages), headers: Arc::new(security_headers(bundle.policy.clone())), ..Self::default() }
    }

    /// One page that says that there is no console, and how to build it.
    #[must_use]
    pub fn not_built() -> Self {
        let pages = HashMap::from([("/".to_owned(), Page::not_built())]);
        Self { pages: Arc::new(pages), headers: Arc::new(security_headers(NOT_BUILT_POLICY)), ..Self::default() }
    }

    /// Whether a console was embedded when this crate was compiled.
    #[must_use]
    pub fn is_embedded() -> bool {
        EMBEDDED.is_some()
    }

    /// Answers below these paths too, for proxies that leave them in requests. The console finds the API beside itself.
    #[must_use]
    pub fn under(mut self, bases: Vec<BasePath>) -> Self {
        self.bases = bases.into();
        self
    }

    /// Tells browsers to come back over TLS only, for a year. For servers that serve TLS themselves.
    #[must_use]
    pub fn over_tls(mut self) -> Self {
        let lasting = HeaderValue::from_static("max-age=31536000");
        Arc::make_mut(&mut self.headers).insert(header::STRICT_TRANSPORT_SECURITY, lasting);
        self
    }

    /// The paths that it answers, sorted.
    #[must_use]
    pub fn paths(&self) -> Vec<&str> {
        let mut paths: Vec<&str> = self.pages.keys().map(String::as_str).collect();
        paths.sort_unstable();
        paths
    }

    /// The console as a warp filter, to be mounted at the root, before [`crate::http::routes`].
    ///
    /// It rejects only what is none of its paths, so that a sibling may answer that. Whatever it has to say about its own
    /// paths, a refused method too, is an answer.
    pub fn filter(
        self,
    ) -> impl Filter<Extract = (Response<Bytes>,), Error = Rejection> + Clone + Send + Sync + 'static {
        let Self { pages, headers, bases } = self;
        // The path first, so that requests to the API cost one look into the table.
        warp::path::full()
            .and_then(move |path: FullPath| {
                std::future::ready(find(&pages, &bases, path.as_str()).ok_or_else(warp::reject::not_found))
            })
            .and(warp::method())
            .and(warp::header::headers_cloned())
            .map(move |found: Found, method, request| match found {
                Found::Page(page) => respond(&page, &method, &request, &headers),
                Found::Elsewhere(to) => elsewhere(&to, &headers),
            })
    }
}

/// What a path leads to.
enum Found {
    Page(Page),
    /// The console has a slash at its end: what it names stands below that.
    Elsewhere(BasePath),
}

fn find(pages: &HashMap<String, Page>, bases: &[BasePath], path: &str) -> Option<Found> {
    if let Some(page) = pages.get(path) {
        return Some(Found::Page(page.clone()));
    }
    if let Some(base) = bases.iter().find(|base| base.as_str() == path).filter(|_| !pages.is_empty()) {
        return Some(Found::Elsewhere(base.clone()));
    }
    let below = bases.iter().find_map(|base| pages.get(base.strip(path)?));
    below.cloned().map(Found::Page)
}

fn elsewhere(to: &BasePath, security: &HeaderMap) -> Response<Bytes> {
    let mut headers = security.clone();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(REVALIDATED));
    // Unreserved characters are a header's value always.
    if let Ok(location) = HeaderValue::try_from(to.join("/")) {
        headers.insert(header::LOCATION, location);
    }
    answer(StatusCode::PERMANENT_REDIRECT, headers, Bytes::new())
}

/// Path and caching of a file of a build, if it has a place.
fn placed(name: &str) -> Option<(String, &'static str)> {
    PLACES.iter().find_map(|place| match place.file.strip_suffix("{name}") {
        None => (place.file == name).then(|| (place.path.to_owned(), place.caching)),
        Some(folder) => {
            let segment = name.strip_prefix(folder).filter(|segment| !segment.is_empty() && !segment.contains('/'))?;
            Some((place.path.replace("{name}", segment), place.caching))
        }
    })
}

/// The answer about a page: 405 for other methods; 304 for whoever has it; else the page, as whoever asks can read it.
fn respond(page: &Page, method: &Method, request: &HeaderMap, security: &HeaderMap) -> Response<Bytes> {
    if *method != Method::GET && *method != Method::HEAD {
        return method_not_allowed(security);
    }
    let variant = page.variant(negotiate::choose(request, |coding| page.has(coding)));
    let mut headers = security.clone();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(page.caching));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if page.status == StatusCode::OK {
        headers.insert(header::ETAG, variant.tag.clone());
        if negotiate::is_known(request, &variant.tag) {
            return answer(StatusCode::NOT_MODIFIED, headers, Bytes::new());
        }
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(page.media_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(variant.body.len()));
    if variant.coding != Coding::Identity {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(variant.coding.name()));
    }
    let body = if *method == Method::HEAD { Bytes::new() } else { variant.body.clone() };
    answer(page.status, headers, body)
}

fn method_not_allowed(security: &HeaderMap) -> Response<Bytes> {
    let problem = Problem::new(ProblemCode::MethodNotAllowed, format!("the web console takes {METHODS}"));
    let mut headers = security.clone();
    headers.insert(header::ALLOW, HeaderValue::from_static(METHODS));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(Problem::MEDIA_TYPE));
    // A problem holds only texts and numbers, so it serializes always.
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    answer(StatusCode::METHOD_NOT_ALLOWED, headers, body.into())
}

fn answer(status: StatusCode, headers: HeaderMap, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
