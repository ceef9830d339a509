//! Where a check can be removed, and how.
//!
//! | what stands there | mutants |
//! |---|---|
//! | a condition of `if`, a match guard, a comparison, a predicate's closure | never holds; always holds |
//! | `a && b` | each operand holds; the whole never does |
//! | `a \|\| b` | each operand does not hold; the whole does |
//! | `<`, `<=`, `>`, `>=` | the boundary on the other side |
//! | an integer | one more; one less |
//! | `check(..)?;` | what it says is ignored |
//! | a function that returns `Result<(), _>` or `bool` | it returns `Ok(())`; `true`; `false` |
//!
//! Each is made of what compiles whatever the types are. Constants, `const fn`, macros, patterns, types, and what only
//! formats are left alone. What is implied is left out: a test that tells `a` from `true` in `a && b` tells `&&` from
//! `||`, and one that tells a condition from both constants tells it from its negation.

mod walk;

use crate::{
    edit::Edits,
    shape::{holds_let, is_logic, is_test, operands_of, returns, shortened},
};
use proc_macro2::Span;
use std::{collections::BTreeSet, ops::Range};
use syn::{
    Attribute, BinOp, Block, Expr,
    spanned::Spanned,
    visit::{self, Visit},
};

/// One way in which a file differs from what was written.
pub(crate) struct Mutant {
    /// Its number, from 1.
    pub(crate) number: u32,
    /// Line of what is replaced, from 1.
    pub(crate) line: usize,
    /// The function, with its type if it has one.
    pub(crate) function: String,
    /// What stands there.
    pub(crate) before: String,
    /// What the mutant has in its place.
    pub(crate) after: String,
}

/// What was found in a file.
pub(crate) struct Found {
    /// The mutants, but for those that are left out.
    pub(crate) mutants: Vec<Mutant>,
    /// How the text changes so that each can be switched on.
    pub(crate) edits: Edits,
    /// The next number that is free.
    pub(crate) next: u32,
}

/// Finds the mutants of a file and numbers them from `first`; what holds a number in `dropped` is left as it is.
pub(crate) fn find(source: &str, first: u32, dropped: &BTreeSet<u32>) -> syn::Result<Found> {
    let file = syn::parse_file(source)?;
    let mut walk = Walk {
        source,
        dropped,
        found: Found { mutants: Vec::new(), edits: Edits::default(), next: first },
        names: Vec::new(),
        done: BTreeSet::new(),
    };
    walk.visit_file(&file);
    Ok(walk.found)
}

/// Methods whose closure says yes or no.
const PREDICATES: &[&str] = &[
    "all",
    "any",
    "filter",
    "find",
    "is_none_or",
    "is_some_and",
    "is_ok_and",
    "is_err_and",
    "position",
    "retain",
    "take_while",
    "skip_while",
    "partition",
];

/// Methods that only say what a value looks like.
const WORDS: &[&str] = &["fmt"];

struct Walk<'a> {
    source: &'a str,
    dropped: &'a BTreeSet<u32>,
    found: Found,
    names: Vec<String>,
    /// Where conditions start and end that have their mutants already.
    done: BTreeSet<(usize, usize)>,
}

impl Walk<'_> {
    /// Numbers for mutants of one place, or none if one of them is left out.
    fn mutants<const N: usize>(&mut self, span: Span, ways: [(&str, &str); N]) -> Option<[u32; N]> {
        let first = self.found.next;
        self.found.next += u32::try_from(N).unwrap_or(0);
        let mut numbers = [0; N];
        for (number, value) in numbers.iter_mut().zip(first..) {
            *number = value;
        }
        if numbers.iter().any(|number| self.dropped.contains(number)) {
            return None;
        }
        for (number, (before, after)) in numbers.into_iter().zip(ways) {
            let function = self.names.join("::");
            let (line, before, after) = (span.start().line, shortened(before), shortened(after));
            self.found.mutants.push(Mutant { number, line, function, before, after });
        }
        Some(numbers)
    }

    fn text(&self, range: &Range<usize>) -> String {
        self.source.get(range.clone()).unwrap_or_default().to_owned()
    }

    /// Mutants of a condition: of both kinds, or only that it never or always holds.
    fn condition(&mut self, expr: &Expr, never: bool, always: bool) {
        match expr {
            Expr::Paren(inner) => return self.condition(&inner.expr, never, always),
            // Its operands have their own.
            Expr::Binary(binary) if is_logic(&binary.op) => return,
            Expr::Let(_) | Expr::Lit(_) => return,
            _ => {}
        }
        let range = expr.span().byte_range();
        if !self.done.insert((range.start, range.end)) {
            return;
        }
        let text = self.text(&range);
        match (never, always) {
            (true, true) => {
                if let Some([no, yes]) = self.mutants(expr.span(), [(&text, "false"), (&text, "true")]) {
                    self.found.edits.wrap(&range, format!("crate::mutant::condition({no}, {yes}, "), ")".to_owned());
                }
            }
            (true, false) => self.one_way(expr, &range, "false"),
            (false, true) => self.one_way(expr, &range, "true"),
            (false, false) => {}
        }
    }

    fn one_way(&mut self, expr: &Expr, range: &Range<usize>, after: &str) {
        let text = self.text(range);
        if let Some([number]) = self.mutants(expr.span(), [(&text, after)]) {
            let (no, yes) = if after == "false" { (number, 0) } else { (0, number) };
            self.found.edits.wrap(range, format!("crate::mutant::condition({no}, {yes}, "), ")".to_owned());
        }
    }

    /// `a && b`, `a || b`, of however many operands.
    fn logic(&mut self, whole: &syn::ExprBinary) {
        let and = matches!(whole.op, BinOp::And(_));
        let mut operands = Vec::new();
        operands_of(&whole.left, and, &mut operands);
        operands_of(&whole.right, and, &mut operands);
        if !operands.iter().any(|operand| holds_let(operand)) {
            let range = whole.span().byte_range();
            if self.done.insert((range.start, range.end)) {
                self.one_way(&Expr::Binary(whole.clone()), &range, if and { "false" } else { "true" });
            }
        }
        for operand in operands {
            self.condition(operand, !and, and);
            self.visit_expr(operand);
        }
    }

    /// The other side of the boundary.
    fn boundary(&mut self, binary: &syn::ExprBinary) {
        let (op, other) = match binary.op {
            BinOp::Lt(_) => ("<", "<="),
            BinOp::Le(_) => ("<=", "<"),
            BinOp::Gt(_) => (">", ">="),
            BinOp::Ge(_) => (">=", ">"),
            _ => return,
        };
        let range = binary.span().byte_range();
        let (left, right) = (self.text(&binary.left.span().byte_range()), self.text(&binary.right.span().byte_range()));
        let (before, after) = (self.text(&range), format!("{left} {other} {right}"));
        let Some([number]) = self.mutants(binary.span(), [(&before, &after)]) else { return };
        let arm = format!(
            ")) {{ (l_, r_) => if crate::mutant::on({number}) {{ *l_ {other} *r_ }} else {{ *l_ {op} *r_ }} }})"
        );
        self.found.edits.wrap(&range, "(match (&(".to_owned(), arm);
        self.found.edits.replace(binary.op.span().byte_range(), "), &(".to_owned());
    }

    fn integer(&mut self, literal: &syn::LitInt) {
        let (Ok(value), suffix) = (literal.base10_parse::<u64>(), literal.suffix()) else { return };
        let range = literal.span().byte_range();
        let (text, more) = (self.text(&range), format!("{}{suffix}", value.saturating_add(1)));
        let choice = match value.checked_sub(1) {
            None => self
                .mutants(literal.span(), [(&text, &more)])
                .map(|[up]| format!("(if crate::mutant::on({up}) {{ {more} }} else {{ {text} }})")),
            Some(less) => {
                let less = format!("{less}{suffix}");
                self.mutants(literal.span(), [(&text, &more), (&text, &less)]).map(|[up, down]| {
                    format!(
                        "(if crate::mutant::on({up}) {{ {more} }} else if crate::mutant::on({down}) {{ {less} }} else {{ {text} }})"
                    )
                })
            }
        };
        if let Some(choice) = choice {
            self.found.edits.replace(range, choice);
        }
    }

    /// `check(..)?;`
    fn ignored(&mut self, expr: &syn::ExprTry) {
        let (inner, whole) = (expr.expr.span().byte_range(), expr.span().byte_range());
        let text = self.text(&whole);
        let after = format!("let _ = {}", self.text(&inner));
        let Some([number]) = self.mutants(expr.span(), [(&text, &after)]) else { return };
        let arm = format!(") {{ r_ => if crate::mutant::on({number}) {{ let _ = r_; }} else {{ r_?; }} }}");
        self.found.edits.wrap(&inner, "match (".to_owned(), arm);
        self.found.edits.replace(expr.question_token.span().byte_range(), String::new());
    }

    /// A function as a whole.
    fn function(&mut self, signature: &syn::Signature, attributes: &[Attribute], block: &Block) {
        let name = signature.ident.to_string();
        if signature.constness.is_some() || WORDS.contains(&name.as_str()) || is_test(attributes) {
            return;
        }
        self.names.push(name.clone());
        let at = block.brace_token.span.open().byte_range().end;
        let (before, span) = (format!("fn {name}"), signature.ident.span());
        match returns(&signature.output) {
            Some("bool") => {
                if let Some([no, yes]) = self.mutants(span, [(&before, "return false"), (&before, "return true")]) {
                    let text = format!(
                        " if crate::mutant::on({no}) {{ return false; }} if crate::mutant::on({yes}) {{ return true; }}"
                    );
                    self.found.edits.insert(at, text);
                }
            }
            Some(_) => {
                if let Some([number]) = self.mutants(span, [(&before, "return Ok(())")]) {
                    self.found.edits.insert(at, format!(" if crate::mutant::on({number}) {{ return Ok(()); }}"));
                }
            }
            None => {}
        }
        visit::visit_block(self, block);
        self.names.pop();
    }
}
