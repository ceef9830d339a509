//! A profile as one segment of a path, in a form that no proxy rewrites.

use crate::{encoding::base64url, evidence::ProfileSelector, name::Name};
use data_encoding::BASE64URL_NOPAD;

/// What stands before a name. No id starts with it.
const NAMED: &str = "name-";

/// The segment: the id, or `name-` and the name's bytes in base64url. So a caller who knows only the name needs no
/// request to find the id first.
#[must_use]
pub fn profile_segment(profile: &ProfileSelector) -> String {
    match profile {
        ProfileSelector::Id(id) => id.to_string(),
        ProfileSelector::Name(name) => format!("{NAMED}{}", base64url(name.as_str().as_bytes())),
    }
}

/// Reads a segment; none where it is not in its one form.
#[must_use]
pub fn parse_profile_segment(segment: &str) -> Option<ProfileSelector> {
    let Some(encoded) = segment.strip_prefix(NAMED) else {
        return segment.parse().ok().map(ProfileSelector::Id);
    };
    let bytes = BASE64URL_NOPAD.decode(encoded.as_bytes()).ok()?;
    let text = std::str::from_utf8(&bytes).ok()?;
    let name = Name::new(text).ok().filter(|name| name.as_str() == text)?;
    Some(ProfileSelector::Name(name))
}
