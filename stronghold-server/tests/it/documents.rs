//! `docs/protocol.md` names every route, every body and every member, as the description of the API has them.

use serde_json::{Map, Value};
use stronghold_protocol::problem::ProblemCode;
use stronghold_server::access::{openapi_document, routes};

fn protocol() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/protocol.md")).unwrap()
}

/// What stands below a type's heading.
fn section<'t>(text: &'t str, name: &str) -> &'t str {
    let (_, rest) = text.split_once(&format!("\n#### `{name}`\n")).unwrap_or_else(|| panic!("{name} is not described"));
    rest.split("\n###").next().unwrap()
}

/// The rows of an object's members; its optional ones are called so.
fn check_members(name: &str, section: &str, schema: &Value) {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for member in schema["properties"].as_object().unwrap().keys() {
        let row = section.lines().find(|line| line.starts_with(&format!("| `{member}` |")));
        let row = row.unwrap_or_else(|| panic!("{name}: {member} is not described"));
        assert_eq!(row.contains("*optional*"), !required.contains(&member.as_str()), "{name}: {row}");
    }
    let rows = section.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, schema["properties"].as_object().unwrap().len(), "{name} is described with members it has not");
}

fn kind(variant: &Value) -> Option<&str> {
    variant["properties"]["kind"]["const"].as_str()
}

#[test]
fn every_body_is_described_with_every_member() {
    let (document, text) = (openapi_document(), protocol());
    let schemas: &Map<String, Value> = document["components"]["schemas"].as_object().unwrap();
    let mut described = 0;
    for (name, schema) in schemas {
        let variants = schema["oneOf"].as_array().filter(|variants| variants.iter().all(|one| kind(one).is_some()));
        if schema.get("properties").is_some() {
            check_members(name, section(&text, name), schema);
        } else if let Some(variants) = variants {
            for variant in variants {
                let start = format!("| `{}` |", kind(variant).unwrap());
                let row = section(&text, name).lines().find(|line| line.starts_with(&start));
                let row = row.unwrap_or_else(|| panic!("{name}: {start} is not described"));
                for member in variant["properties"].as_object().unwrap().keys().filter(|member| *member != "kind") {
                    assert!(row.contains(&format!("`{member}`: ")), "{name}: {member} is not in {row}");
                }
            }
        } else {
            assert!(text.contains(&format!("`{name}`")), "{name} is not described");
        }
        described += 1;
    }
    assert!(described > 100, "{described}");
}

#[test]
fn every_route_and_problem_is_described() {
    let text = protocol();
    for route in routes() {
        let row = format!("| `{} {}` | `{}` |", route.method.as_str(), route.pattern, route.action.name());
        assert!(text.contains(&row), "{row} is missing");
        for parameter in route.query {
            assert!(text.contains(&format!("| `{}` | ", parameter.name)), "{} is missing", parameter.name);
        }
    }
    for code in ProblemCode::ALL {
        let row = format!("| `{code}` | {} | {} |", code.status(), code.title());
        assert!(text.contains(&row), "{row} is missing");
    }
}

/// A name that the protocol does not have would leave a hole in the description.
#[test]
fn every_schema_exists() {
    let document = openapi_document();
    let text = document.to_string();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
    assert!(!text.contains("\"schema\":false"), "a body has no schema");
    for (name, schema) in schemas {
        assert!(schema.get("type").is_some() || schema.get("oneOf").is_some() || name == "RecordSchema", "{name}");
    }
}
