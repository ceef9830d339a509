//! The walk over a file, from the outside to the inside.

use super::{PREDICATES, Walk};
use crate::shape::{is_comparison, is_logic, is_test};
use syn::{
    Attribute, Expr, Stmt, Type,
    spanned::Spanned,
    visit::{self, Visit},
};

impl<'ast> Visit<'ast> for Walk<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig, &item.attrs, &item.block);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig, &item.attrs, &item.block);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.sig, &item.attrs, block);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let name = match &*item.self_ty {
            Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
            _ => None,
        };
        self.names.push(name.unwrap_or_default());
        visit::visit_item_impl(self, item);
        self.names.pop();
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        if let Stmt::Expr(Expr::Try(expr), Some(_)) = statement {
            self.ignored(expr);
            return self.visit_expr(&expr.expr);
        }
        visit::visit_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Binary(binary) if is_logic(&binary.op) => return self.logic(binary),
            Expr::Binary(binary) if is_comparison(&binary.op) => {
                self.condition(expr, true, true);
                self.boundary(binary);
            }
            Expr::If(branch) => self.condition(&branch.cond, true, true),
            Expr::While(repeated) => {
                // It would only never end.
                let range = repeated.cond.span().byte_range();
                self.done.insert((range.start, range.end));
            }
            Expr::Match(choice) => {
                for (_, guard) in choice.arms.iter().filter_map(|arm| arm.guard.as_ref()) {
                    self.condition(guard, true, true);
                }
            }
            Expr::MethodCall(call) if PREDICATES.contains(&call.method.to_string().as_str()) => {
                for argument in &call.args {
                    if let Expr::Closure(closure) = argument {
                        match &*closure.body {
                            Expr::Block(_) | Expr::Match(_) | Expr::If(_) => {}
                            body => self.condition(body, true, true),
                        }
                    }
                }
            }
            Expr::Lit(literal) => {
                if let syn::Lit::Int(integer) = &literal.lit {
                    self.integer(integer);
                }
            }
            Expr::Repeat(repeat) => return self.visit_expr(&repeat.expr),
            Expr::Const(_) | Expr::Macro(_) => return,
            _ => {}
        }
        visit::visit_expr(self, expr);
    }

    fn visit_item_const(&mut self, _: &'ast syn::ItemConst) {}
    fn visit_impl_item_const(&mut self, _: &'ast syn::ImplItemConst) {}
    fn visit_item_static(&mut self, _: &'ast syn::ItemStatic) {}
    fn visit_item_enum(&mut self, _: &'ast syn::ItemEnum) {}
    fn visit_attribute(&mut self, _: &'ast Attribute) {}
    fn visit_pat(&mut self, _: &'ast syn::Pat) {}
    fn visit_type(&mut self, _: &'ast Type) {}
    fn visit_generic_argument(&mut self, _: &'ast syn::GenericArgument) {}
}
