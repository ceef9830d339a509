//! Says that a secret's name is more than a label, to whoever gives it.

use crate::output::Output;
use stronghold_sdk::format::names::AllowedNames;

/// Warns of names on which shells or programs act. They may be stored: not everybody reads secrets through either.
pub(super) fn warn<'a>(output: &Output, names: impl IntoIterator<Item = &'a str>) {
    let special = AllowedNames::default().refused_among(names);
    if !special.is_empty() {
        output.warn(format!(
            "{special}: `env run` does not pass it on, and `env pull` writes it as json only, unless told --allow-name"
        ));
    }
}
