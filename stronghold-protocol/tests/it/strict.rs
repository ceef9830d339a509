//! What is decoded from outside has one form: every type, changed in every way, at every depth.

use crate::strict_samples::{Case, audit_record, cases};
use serde_json::{Value, json};
use stronghold_protocol::{
    audit::AuditRecord,
    directory::Change,
    json::{self, EXCEPTIONS, Pairs},
};

/// JSON whose objects can repeat a member.
#[derive(Clone)]
enum Text {
    Object(Vec<(String, Self)>),
    List(Vec<Self>),
    Other(Value),
}

impl From<&Value> for Text {
    fn from(value: &Value) -> Self {
        match value {
            Value::Object(members) => {
                Self::Object(members.iter().map(|(name, value)| (name.clone(), value.into())).collect())
            }
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            other => Self::Other(other.clone()),
        }
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let joined = |texts: Vec<String>| texts.join(",");
        match self {
            Self::Object(members) => {
                let member = |(name, value): &(String, Self)| format!("{}:{value}", json!(name));
                write!(f, "{{{}}}", joined(members.iter().map(member).collect()))
            }
            Self::List(items) => write!(f, "[{}]", joined(items.iter().map(Self::to_string).collect())),
            Self::Other(value) => write!(f, "{value}"),
        }
    }
}

/// The members that may be left out where an object stands, and whether unknown ones may be there.
fn leeway(case: &str, path: &str) -> (&'static [&'static str], bool) {
    let name = match (case, path) {
        ("RequestContext", "/ci") => "CiRun",
        ("AuditRecord", "/request") => "SignedRequest",
        (case, "") => case,
        _ => "",
    };
    let found = EXCEPTIONS.iter().find(|exception| exception.name == name);
    found.map_or((&[][..], false), |exception| (exception.optional, exception.open))
}

/// Every text with one thing changed, with what was changed.
fn changed(case: &str, path: &str, text: &Text) -> Vec<(String, Text)> {
    let mut all = Vec::new();
    let mut say = |what: &str, text: Text| all.push((format!("{path}: {what}"), text));
    match text {
        Text::Object(members) => {
            let (optional, open) = leeway(case, path);
            say("an array of its values", Text::List(members.iter().map(|(_, value)| value.clone()).collect()));
            let mut more = members.clone();
            more.push(("zz".to_owned(), Text::Other(json!(0))));
            if !open {
                say("an unknown member", Text::Object(more));
            }
            for (index, (name, value)) in members.iter().enumerate() {
                let mut twice = members.clone();
                twice.push((name.clone(), value.clone()));
                say(&format!("{name} twice"), Text::Object(twice));
                let mut fewer = members.clone();
                fewer.remove(index);
                let mut null = members.clone();
                null[index].1 = Text::Other(Value::Null);
                match optional.contains(&name.as_str()) {
                    true => say(&format!("{name} null"), Text::Object(null)),
                    false => say(&format!("without {name}"), Text::Object(fewer)),
                }
            }
            for (index, (name, value)) in members.iter().enumerate() {
                for (what, inner) in changed(case, &format!("{path}/{name}"), value) {
                    let mut other = members.clone();
                    other[index].1 = inner;
                    all.push((what, Text::Object(other)));
                }
            }
        }
        Text::List(items) => {
            say("an object", Text::Object(vec![("0".to_owned(), text.clone())]));
            for (index, item) in items.iter().enumerate() {
                for (what, inner) in changed(case, &format!("{path}/{index}"), item) {
                    let mut other = items.clone();
                    other[index] = inner;
                    all.push((what, Text::List(other)));
                }
            }
        }
        Text::Other(value) => {
            if value.is_number() {
                for number in ["9007199254740992", "1.5", "1e0", "18446744073709551616"] {
                    say(number, Text::Other(serde_json::from_str(number).unwrap()));
                }
                say("a text", Text::Other(json!(value.to_string())));
            }
            if !value.is_null() {
                say("an array", Text::List(vec![text.clone()]));
                say("an object", Text::Object(vec![("0".to_owned(), text.clone())]));
            }
            if let Some(name) = value.as_str() {
                say("an object of null", Text::Object(vec![(name.to_owned(), Text::Other(Value::Null))]));
            }
        }
    }
    all
}

#[test]
fn every_type_is_read_in_one_form() {
    let mut refused = 0;
    for Case { name, sample, read } in cases() {
        let text = Text::from(&sample);
        assert_eq!(
            read(text.to_string().as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}")),
            sample,
            "{name}"
        );
        for after in ["0", "{}", "\0", ","] {
            assert!(read(format!("{text}{after}").as_bytes()).is_err(), "{name}: {after} after it");
        }
        assert!(read(format!(" {text}\n").as_bytes()).is_ok(), "{name}");
        for (what, text) in changed(name, "", &text) {
            // A writer with `1e0` in place of 1 is told apart by the text alone.
            assert!(read(text.to_string().as_bytes()).is_err(), "{name} is read with {what}");
            refused += 1;
        }
    }
    assert!(refused > 3000, "{refused}");
}

fn reversed(text: &Text) -> Text {
    match text {
        Text::Object(members) => {
            Text::Object(members.iter().rev().map(|(name, value)| (name.clone(), reversed(value))).collect())
        }
        Text::List(items) => Text::List(items.iter().map(reversed).collect()),
        other => other.clone(),
    }
}

/// The order of members says nothing, wherever `kind` stands.
#[test]
fn members_stand_in_any_order() {
    for Case { name, sample, read } in cases() {
        let text = reversed(&Text::from(&sample));
        assert_eq!(
            read(text.to_string().as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}")),
            sample,
            "{name}"
        );
        for (what, text) in changed(name, "", &Text::from(&sample)) {
            assert!(read(reversed(&text).to_string().as_bytes()).is_err(), "{name} is read backwards with {what}");
        }
    }
}

#[test]
fn optional_members_may_be_left_out_and_unknown_ones_skipped_where_that_is_said() {
    let cases = cases();
    for exception in EXCEPTIONS {
        let Some(case) = cases.iter().find(|case| case.name == exception.name) else { continue };
        for member in exception.optional {
            let mut sample = case.sample.clone();
            if sample.as_object_mut().unwrap().remove(*member).is_some() && exception.name != "SignedRequest" {
                (case.read)(sample.to_string().as_bytes()).unwrap_or_else(|error| panic!("{member}: {error}"));
            }
        }
        let mut more = case.sample.clone();
        more["later"] = json!({"a": [1.5, null]});
        assert_eq!((case.read)(more.to_string().as_bytes()).is_ok(), exception.open, "{}", exception.name);
    }
}

/// What was allowed has no reason; what was denied has one, and released nothing.
#[test]
fn a_record_does_not_contradict_itself() {
    let parse = |change: &dyn Fn(&mut serde_json::Map<String, Value>)| {
        let mut record = audit_record();
        change(record.as_object_mut().unwrap());
        AuditRecord::parse(record.to_string().as_bytes())
    };
    let deny = |record: &mut serde_json::Map<String, Value>| {
        record.insert("outcome".to_owned(), json!("denied"));
        record.insert("reason".to_owned(), json!("forbidden"));
        record.remove("released");
    };
    parse(&|_| {}).unwrap();
    parse(&deny).unwrap();
    parse(&|record| drop(record.remove("released"))).unwrap();
    type Contradiction<'a> = &'a dyn Fn(&mut serde_json::Map<String, Value>);
    let contradictions: [Contradiction<'_>; 3] = [
        &|record| drop(record.insert("reason".to_owned(), json!("forbidden"))),
        &|record| {
            deny(record);
            record.remove("reason");
        },
        &|record| {
            let released = record["released"].clone();
            deny(record);
            record.insert("released".to_owned(), released);
        },
    ];
    for contradiction in contradictions {
        parse(contradiction).unwrap_err();
    }
}

#[test]
fn a_value_has_a_known_kind() {
    for text in [
        r#"{"id":"x"}"#,
        r#"{"kind":"later"}"#,
        r#"{"kind":null}"#,
        r#"{"kind":["group_deleted"]}"#,
        r#""group_deleted""#,
        "{}",
    ] {
        assert!(json::from_slice::<Change>(text.as_bytes()).is_err(), "{text}");
    }
}

/// Where names are not known beforehand a reader sees all of them, and otherwise none may stand there twice.
#[test]
fn names_in_maps_are_told_apart() {
    let twice = br#"{"a":1,"a":2}"#;
    let pairs: Pairs<u8> = json::from_slice(twice).unwrap();
    assert_eq!(pairs.0, [("a".to_owned(), 1), ("a".to_owned(), 2)]);
    assert!(json::from_slice::<std::collections::BTreeMap<String, u8>>(twice).is_err());
    assert!(json::from_slice::<Value>(br#"[{"a":1,"a":2}]"#).is_err());
    assert!(json::from_slice::<Value>(b"1.5").is_err());
    assert_eq!(json::from_slice::<i64>(b"-9007199254740991"), Ok(-9_007_199_254_740_991));
    assert!(json::from_slice::<i64>(b"-9007199254740992").is_err());
    let error = json::from_slice::<Vec<u8>>(b"[1,\n  x]").unwrap_err();
    assert_eq!((error.line(), error.column()), (2, 3));
}
