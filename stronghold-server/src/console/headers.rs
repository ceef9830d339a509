//! Headers of every answer of the console: what a browser must not do with it, or for it.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// The policy of the page of a server without console: text, and nothing else.
#[allow(clippy::declare_interior_mutable_const, reason = "a static text, copied where it is used")]
pub(super) const NOT_BUILT_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");

/// What browsers know to switch off and the console does not use. It writes to the clipboard, so that is not here. Only names
/// that browsers know: others are a warning in the developer tools of everyone who looks there for real ones.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), clipboard-read=(), display-capture=(), \
    encrypted-media=(), fullscreen=(), gamepad=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), \
    keyboard-map=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), \
    publickey-credentials-get=(), screen-wake-lock=(), serial=(), storage-access=(), usb=(), window-management=(), \
    xr-spatial-tracking=()";

const FIXED: [(HeaderName, &str); 7] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
];

/// The headers, with this content security policy.
pub(super) fn security_headers(policy: HeaderValue) -> HeaderMap {
    let fixed = FIXED.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value)));
    fixed.chain([(header::CONTENT_SECURITY_POLICY, policy)]).collect()
}
