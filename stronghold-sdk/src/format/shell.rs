//! POSIX shell: `export NAME='value'`, safe to `eval` or source.

use super::{Format, FormatError, names::is_variable};

/// Appends the entries to `out`. Within single quotes a shell gives every byte but NUL no meaning.
pub(super) fn write(entries: &[(&str, &[u8])], out: &mut Vec<u8>) -> Result<(), FormatError> {
    for (name, value) in entries {
        let refused_name = |why| FormatError::Name { name: (*name).to_owned(), format: Format::Shell, why };
        if !is_variable(name) {
            return Err(refused_name(
                "variables are letters, digits and '_', and start with no digit; use --format json",
            ));
        }
        if value.contains(&0) {
            return Err(FormatError::Value {
                name: (*name).to_owned(),
                format: Format::Shell,
                why: "it holds a NUL byte, which no shell can; use --format json",
            });
        }
        out.extend_from_slice(b"export ");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"='");
        for byte in *value {
            if *byte == b'\'' {
                out.extend_from_slice(b"'\\''");
            } else {
                out.push(*byte);
            }
        }
        out.extend_from_slice(b"'\n");
    }
    Ok(())
}
