//! The HTTP API as an `OpenAPI` 3.1 document, made from the route table and the types of the protocol.

mod errors;

use super::{Action, CallerKind, Callers, Parameter, Route, routes};
use serde_json::{Map, Value, json};
use std::sync::OnceLock;
use stronghold_protocol::{
    limits,
    number::MAX_SAFE_INTEGER,
    schema::{DEFINITIONS, schemas},
    transport::Reply,
};

/// The document. `docs/openapi.json` is its golden copy, and the server gives it out.
#[must_use]
pub fn openapi_document() -> Value {
    let schemas = schemas();
    let mut paths = Map::new();
    for route in routes() {
        let entry = paths.entry(route.pattern).or_insert_with(|| json!({}));
        if let Value::Object(methods) = entry {
            methods.insert(route.method.as_str().to_ascii_lowercase(), operation(route, &schemas));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Stronghold",
            "version": "1",
            "description": "Every body is described here and in docs/protocol.md. Every reply is evidence or ciphertext \
                that the client verifies.",
            "license": {"name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT"},
        },
        "paths": paths,
        "components": {
            "securitySchemes": {
                "signature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "signature",
                    "description": "HTTP Message Signatures (RFC 9421) with Ed25519, tag stronghold-v1; \
                        docs/protocol.md, section 12.",
                },
            },
            "schemas": schemas,
        },
    })
}

/// The document's text, made once.
pub(crate) fn openapi_text() -> &'static [u8] {
    static TEXT: OnceLock<Vec<u8>> = OnceLock::new();
    // A value of JSON serializes always.
    TEXT.get_or_init(|| serde_json::to_vec(&openapi_document()).unwrap_or_default())
}

fn operation(route: &Route, schemas: &Map<String, Value>) -> Value {
    let (request, reply) = route.bodies;
    let mut responses = errors::responses(route);
    let content = json!({(Reply::MEDIA_TYPE): {"schema": reply_schema(route.action, reply, schemas)}});
    responses.insert("200".to_owned(), json!({"description": "Answered", "content": content}));
    let mut operation = json!({
        "operationId": route.action.name(),
        "summary": route.summary,
        "parameters": parameters(route),
        "responses": responses,
    });
    if let Value::Object(fields) = &mut operation {
        if !request.is_empty() {
            let content = json!({(Reply::MEDIA_TYPE): {"schema": named(request, schemas)}});
            let body = json!({"required": true, "content": content, "x-max-bytes": route.body_limit});
            fields.insert("requestBody".to_owned(), body);
        }
        match route.callers {
            Callers::Public => {
                fields.insert("security".to_owned(), json!([]));
            }
            Callers::Signed(kinds) => {
                fields.insert("security".to_owned(), json!([{"signature": []}]));
                fields.insert("x-callers".to_owned(), kinds.iter().map(kind_name).collect());
            }
        }
    }
    operation
}

fn parameters(route: &Route) -> Vec<Value> {
    let in_path = ["org", "profile"].into_iter().filter(|name| route.pattern.contains(&format!("{{{name}}}")));
    let in_path = in_path.map(|name| {
        let (meaning, schema) = match name {
            "org" => ("the organization's id", reference("OrgId")),
            _ => (
                "the profile's id, or name- and its name in base64url",
                json!({"type": "string", "minLength": 1, "maxLength": 700}),
            ),
        };
        json!({"name": name, "in": "path", "required": true, "description": meaning, "schema": schema})
    });
    let in_query = route.query.iter().map(|parameter| {
        json!({
            "name": parameter.name,
            "in": "query",
            "required": parameter.required,
            "description": parameter.meaning,
            "schema": query_schema(route, parameter),
        })
    });
    in_path.chain(in_query).collect()
}

fn query_schema(route: &Route, parameter: &Parameter) -> Value {
    let list = |items: Value, most: usize| json!({"type": "array", "items": items, "maxItems": most});
    let position = json!({"type": "integer", "minimum": 0, "maximum": MAX_SAFE_INTEGER});
    match (parameter.name, route.action) {
        ("index", _) => list(reference("BlindIndex"), limits::PARTIAL_READ_INDEXES),
        ("position", _) => list(position, limits::INCLUSIONS),
        ("of", _) => {
            let version = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[1-9][0-9]{0,15}$";
            let mut versions = list(json!({"type": "string", "pattern": version}), limits::VERSIONS_READ);
            if let Value::Object(fields) = &mut versions {
                fields.insert("minItems".to_owned(), json!(1));
            }
            versions
        }
        ("before", _) | ("from", Action::IntroducedRead) => reference("Revision"),
        ("anchor" | "remembered", _) | ("from", Action::DirectoryRead) => reference("Seq"),
        _ => position,
    }
}

fn reply_schema(action: Action, reply: &str, schemas: &Map<String, Value>) -> Value {
    match action {
        Action::Health => status("ok"),
        Action::Ready => status("ready"),
        Action::OpenApi => json!({"type": "object", "required": ["openapi", "info", "paths", "components"]}),
        _ => named(reply, schemas),
    }
}

fn status(text: &str) -> Value {
    json!({
        "type": "object",
        "required": ["status"],
        "properties": {"status": {"const": text}},
        "additionalProperties": false,
    })
}

/// The schema of a type by its name; of a list of it where `[]` follows the name.
fn named(name: &str, schemas: &Map<String, Value>) -> Value {
    if let Some(element) = name.strip_suffix("[]") {
        return json!({"type": "array", "items": named(element, schemas)});
    }
    // A name that the protocol does not have would be a hole in the description: nothing is of this schema then.
    if schemas.contains_key(name) { reference(name) } else { json!(false) }
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#{DEFINITIONS}/{name}")})
}

fn kind_name(kind: &CallerKind) -> Value {
    json!(kind)
}
