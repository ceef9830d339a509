//! What kind of thing an expression, a signature or an attribute is.

use syn::{Attribute, BinOp, Expr, ReturnType, Type};

/// `&&` or `||`.
pub(crate) fn is_logic(op: &BinOp) -> bool {
    matches!(op, BinOp::And(_) | BinOp::Or(_))
}

/// One of the six comparisons.
pub(crate) fn is_comparison(op: &BinOp) -> bool {
    matches!(op, BinOp::Eq(_) | BinOp::Ne(_) | BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_))
}

/// The operands of a chain of the same operator.
pub(crate) fn operands_of<'e>(expr: &'e Expr, and: bool, operands: &mut Vec<&'e Expr>) {
    match expr {
        Expr::Binary(binary) if is_logic(&binary.op) && matches!(binary.op, BinOp::And(_)) == and => {
            operands_of(&binary.left, and, operands);
            operands_of(&binary.right, and, operands);
        }
        _ => operands.push(expr),
    }
}

/// Whether a pattern is bound in the chain, which no parenthesis may stand around.
pub(crate) fn holds_let(expr: &Expr) -> bool {
    match expr {
        Expr::Let(_) => true,
        Expr::Binary(binary) if is_logic(&binary.op) => holds_let(&binary.left) || holds_let(&binary.right),
        _ => false,
    }
}

/// Whether it is of tests only.
pub(crate) fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || (attribute.path().is_ident("cfg")
                && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test")))
    })
}

/// `bool`, or `()` for `Result<(), _>`.
pub(crate) fn returns(output: &ReturnType) -> Option<&'static str> {
    let ReturnType::Type(_, output) = output else { return None };
    let Type::Path(path) = &**output else { return None };
    let last = path.path.segments.last()?;
    if last.ident == "bool" {
        return Some("bool");
    }
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first() {
        Some(syn::GenericArgument::Type(Type::Tuple(unit))) if last.ident == "Result" && unit.elems.is_empty() => {
            Some("()")
        }
        _ => None,
    }
}

/// One line, without what would end a field of our output or a code span.
pub(crate) fn shortened(text: &str) -> String {
    const MOST: usize = 100;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "'");
    if line.chars().count() <= MOST { line } else { line.chars().take(MOST).chain("...".chars()).collect() }
}
