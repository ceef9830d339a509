//! Lies about the secrets of a profile, under an honest manifest.

use super::Question;
use crate::{
    Lie,
    bytes::flip_text,
    operator::{Kept, Operator},
    route::Route,
};
use serde_json::Value;

pub(super) fn tell(operator: &Operator, lie: Lie, question: &Question<'_>, json: &mut Value) -> Option<()> {
    if question.route == Route::Part {
        return in_part(lie, json);
    }
    if question.route != Route::Read {
        return None;
    }
    let other = || kept(operator, question, |kept| path(&kept.target) != path(question.asked.target));
    let old = || kept(operator, question, |kept| path(&kept.target) == path(question.asked.target));
    let secrets = json.get_mut("secrets")?.as_array_mut()?;
    if secrets.len() < 2 {
        return None;
    }
    match lie {
        Lie::SwappedValues => exchange(secrets, "value"),
        Lie::SwappedNames => exchange(secrets, "meta"),
        Lie::SwappedIds => exchange(secrets, "id"),
        Lie::SwappedParts => {
            let secret = secrets[0].as_object_mut()?;
            let (meta, value) = (secret["meta"].take(), secret["value"].take());
            (secret["meta"], secret["value"]) = (value, meta);
        }
        Lie::DroppedSecret => drop(secrets.pop()),
        Lie::DoubledSecret => secrets.insert(0, secrets[0].clone()),
        Lie::AddedSecret => {
            let mut more = secrets[0].clone();
            ["index", "id", "meta", "value"]
                .iter()
                .filter(|part| **part != "id")
                .for_each(|part| flip_text(&mut more[*part]));
            secrets.push(more);
            secrets.sort_by_key(|secret| secret["index"].as_str().unwrap().to_owned());
        }
        Lie::ReorderedSecrets => secrets.reverse(),
        Lie::SecretOfAnotherProfile => secrets[0] = other()?.body.pointer("/secrets/0")?.clone(),
        Lie::OldVersion => {
            let before = old()?.body["secrets"].as_array()?;
            let older = |secret: &Value| {
                before.iter().find(|old| old["id"] == secret["id"] && old["version"] != secret["version"])
            };
            let (at, older) = secrets.iter().enumerate().find_map(|(at, secret)| Some((at, older(secret)?.clone())))?;
            secrets[at] = older;
        }
        _ => return None,
    }
    Some(())
}

fn in_part(lie: Lie, json: &mut Value) -> Option<()> {
    let present = json.pointer_mut("/part/present")?.as_array_mut()?;
    match lie {
        Lie::DroppedSecret => drop(present.pop()?),
        Lie::DoubledSecret => present.push(present.first()?.clone()),
        Lie::SwappedParts => {
            let secret = present.first_mut()?["secret"].as_object_mut()?;
            let (meta, value) = (secret["meta"].take(), secret["value"].take());
            (secret["meta"], secret["value"]) = (value, meta);
        }
        _ => return None,
    }
    Some(())
}

fn exchange(secrets: &mut [Value], part: &str) {
    let first = secrets[0][part].take();
    secrets[0][part] = secrets[1][part].take();
    secrets[1][part] = first;
}

fn path(target: &str) -> &str {
    target.split('?').next().unwrap_or(target)
}

/// The first answer to a read of the same caller that was kept, of those that are wanted.
pub(super) fn kept<'o>(
    operator: &'o Operator,
    question: &Question<'_>,
    wanted: impl Fn(&Kept) -> bool,
) -> Option<&'o Kept> {
    let holds_some = |kept: &Kept| kept.body["secrets"].as_array().is_some_and(|secrets| secrets.len() > 1);
    let of_caller = |kept: &&Kept| {
        kept.route == Route::Read && kept.caller == question.asked.caller && holds_some(kept) && wanted(kept)
    };
    operator.kept.iter().find(of_caller)
}

/// The first answer to a read of this path by this caller.
pub(super) fn first_of_path<'o>(operator: &'o Operator, question: &Question<'_>) -> Option<&'o Kept> {
    kept(operator, question, |kept| path(&kept.target) == path(question.asked.target))
}

/// An answer to a read of the same caller about another profile.
pub(super) fn of_another_profile<'o>(operator: &'o Operator, question: &Question<'_>) -> Option<&'o Kept> {
    kept(operator, question, |kept| path(&kept.target) != path(question.asked.target))
}

/// An answer to a read in another organization.
pub(super) fn of_another_org<'o>(operator: &'o Operator, question: &Question<'_>) -> Option<&'o Kept> {
    let org = Route::org(question.asked.target);
    operator.kept.iter().find(|kept| kept.route == Route::Read && Route::org(&kept.target) != org)
}
