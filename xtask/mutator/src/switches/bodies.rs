//! The bodies of functions, and which of them differ between two states of a file.

use proc_macro2::TokenStream;
use std::ops::Range;
use syn::{Block, Signature, visit::Visit};

/// A function, method, or default of a trait. What is inside of its body is part of it.
pub(super) struct Function {
    /// The body, with its braces.
    pub(super) body: Range<usize>,
    /// The word `const`, if it stands there.
    pub(super) constant: Option<Range<usize>>,
}

/// All functions, in their order.
pub(super) fn functions(source: &str) -> Result<Vec<Function>, String> {
    let file = syn::parse_file(source).map_err(|error| error.to_string())?;
    let mut found = Functions(Vec::new());
    found.visit_file(&file);
    Ok(found.0)
}

/// The numbers of the bodies that differ, and what each becomes; or why more than bodies of functions differs.
pub(super) fn changed(source: &str, patched: &str) -> Result<Vec<(usize, String)>, String> {
    let (before, after) = (functions(source)?, functions(patched)?);
    if before.len() != after.len() || outside(source, &before)? != outside(patched, &after)? {
        return Err("it changes more than bodies of functions".to_owned());
    }
    let mut found = Vec::new();
    for (number, (old, new)) in before.into_iter().zip(after).enumerate() {
        let (old_text, new_text) = (text(source, &old.body), text(patched, &new.body));
        if tokens(old_text)? != tokens(new_text)? {
            found.push((number, new_text.to_owned()));
        }
    }
    Ok(found)
}

struct Functions(Vec<Function>);

impl Functions {
    fn add(&mut self, signature: &Signature, block: &Block) {
        let braces = &block.brace_token.span;
        let body = braces.open().byte_range().start..braces.close().byte_range().end;
        self.0.push(Function { body, constant: signature.constness.map(|word| word.span.byte_range()) });
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.add(&item.sig, &item.block);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.add(&item.sig, &item.block);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.add(&item.sig, block);
        }
    }

    /// A constant's value is no body of a function, whatever is in it.
    fn visit_expr(&mut self, _: &'ast syn::Expr) {}
}

/// What stands around the bodies.
fn outside(source: &str, functions: &[Function]) -> Result<String, String> {
    let (mut rest, mut at) = (String::new(), 0);
    for function in functions {
        rest.push_str(source.get(at..function.body.start).unwrap_or_default());
        rest.push_str("{}");
        at = function.body.end;
    }
    rest.push_str(source.get(at..).unwrap_or_default());
    tokens(&rest)
}

fn text<'s>(source: &'s str, range: &Range<usize>) -> &'s str {
    source.get(range.clone()).unwrap_or_default()
}

/// The text without what means nothing to the compiler.
fn tokens(text: &str) -> Result<String, String> {
    Ok(text.parse::<TokenStream>().map_err(|error| error.to_string())?.to_string())
}
