//! What a request says about codings and about what its sender has already (RFC 9110, sections 12.5.3 and 13.1.2).

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// How a body is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Brotli,
    Gzip,
    Identity,
}

impl Coding {
    /// By size, smallest first: what is taken where a request likes two alike.
    const ALL: [Self; 3] = [Self::Brotli, Self::Gzip, Self::Identity];

    /// The name in headers.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        }
    }

    fn is_named(self, name: &str) -> bool {
        name.eq_ignore_ascii_case(self.name()) || (self == Self::Gzip && name.eq_ignore_ascii_case("x-gzip"))
    }
}

/// The coding that the request likes most among those that are there. A request that says nothing, or accepts none of them, gets the
/// identity: an answer that can be read is worth more than a 406.
pub(super) fn choose(request: &HeaderMap, is_there: impl Fn(Coding) -> bool) -> Coding {
    let wanted: Vec<(&str, u16)> = elements(request, &header::ACCEPT_ENCODING).filter_map(weighted).collect();
    let weight = |coding: Coding| {
        let named = wanted.iter().find(|(name, _)| coding.is_named(name));
        let any = || wanted.iter().find(|(name, _)| *name == "*");
        // The identity is acceptable unless it is refused, but whoever lists a coding prefers that one.
        let unsaid = if coding == Coding::Identity { Some(1) } else { None };
        named.or_else(any).map(|(_, weight)| *weight).or(unsaid).filter(|weight| *weight > 0)
    };
    let mut chosen = (Coding::Identity, 0);
    for coding in Coding::ALL.into_iter().filter(|coding| is_there(*coding)) {
        if let Some(weight) = weight(coding).filter(|weight| *weight > chosen.1) {
            chosen = (coding, weight);
        }
    }
    chosen.0
}

/// Whether `if-none-match` names this tag. Weak tags count, as they must for this header.
pub(super) fn is_known(request: &HeaderMap, tag: &HeaderValue) -> bool {
    // No tag of ours has a comma, so a foreign one that has is cut into pieces that are none of ours.
    elements(request, &header::IF_NONE_MATCH)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known).as_bytes() == tag.as_bytes())
}

/// The elements of a list header, over all its lines.
fn elements<'r>(request: &'r HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'r str> {
    let lines = request.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|element| !element.is_empty())
}

/// A coding's name with its weight in thousandths. What is no such element is none.
fn weighted(element: &str) -> Option<(&str, u16)> {
    let Some((name, parameter)) = element.split_once(';') else { return Some((element, 1000)) };
    let (q, weight) = parameter.split_once('=')?;
    let weight = thousandths(weight.trim())?;
    q.trim().eq_ignore_ascii_case("q").then_some((name.trim_end(), weight))
}

/// `0`, `1`, and both with at most three digits after the point, as thousandths.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, digits) = weight.split_once('.').unwrap_or((weight, ""));
    if digits.len() > 3 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let fraction: u16 = format!("{digits:0<3}").parse().ok()?;
    match whole {
        "0" => Some(fraction),
        "1" if fraction == 0 => Some(1000),
        _ => None,
    }
}
