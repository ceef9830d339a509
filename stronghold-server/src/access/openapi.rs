//! The HTTP API as an `OpenAPI` 3.1 document, made from the route table.

use super::{CallerKind, Callers, Route, routes};
use serde_json::{Map, Value, json};
use stronghold_protocol::problem::{Problem, ProblemCode};

/// The document. `docs/openapi.json` is its golden copy.
#[must_use]
pub fn openapi_document() -> Value {
    let mut paths = Map::new();
    for route in routes() {
        let entry = paths.entry(route.pattern).or_insert_with(|| json!({}));
        if let Value::Object(methods) = entry {
            methods.insert(route.method.as_str().to_ascii_lowercase(), operation(route));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Stronghold",
            "version": "1",
            "description": "Bodies are the JSON types of `stronghold_protocol::api`, specified in docs/protocol.md. \
                Every reply is evidence or ciphertext that the client verifies.",
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
            "schemas": {"Problem": problem_schema()},
            "responses": {
                "Problem": {
                    "description": "RFC 9457 problem details",
                    "content": {(Problem::MEDIA_TYPE): {"schema": {"$ref": "#/components/schemas/Problem"}}},
                },
            },
        },
    })
}

fn operation(route: &Route) -> Value {
    let (request, reply) = route.bodies;
    let mut operation = json!({
        "operationId": route.action.name(),
        "summary": route.summary,
        "parameters": parameters(route),
        "responses": {
            "200": {"description": "Answered", "content": body(reply)},
            "default": {"$ref": "#/components/responses/Problem"},
        },
    });
    if let Value::Object(fields) = &mut operation {
        if !request.is_empty() {
            let limit = route.body_limit;
            fields.insert(
                "requestBody".to_owned(),
                json!({"required": true, "content": body(request), "x-max-bytes": limit}),
            );
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
        let meaning = if name == "org" {
            "the organization's id"
        } else {
            "the profile's id, or name- and its name in base64url"
        };
        json!({"name": name, "in": "path", "required": true, "description": meaning, "schema": {"type": "string"}})
    });
    let in_query = route.query.iter().map(|parameter| {
        let schema = match (parameter.name, parameter.repeated) {
            (_, true) => json!({"type": "array", "items": {"type": "string"}}),
            _ => json!({"type": "integer", "minimum": 0}),
        };
        json!({
            "name": parameter.name,
            "in": "query",
            "required": parameter.required,
            "description": parameter.meaning,
            "schema": schema,
        })
    });
    in_path.chain(in_query).collect()
}

fn body(type_name: &str) -> Value {
    let described = match type_name {
        "" => json!({"type": "object"}),
        name => json!({"title": name}),
    };
    json!({"application/json": {"schema": described}})
}

fn problem_schema() -> Value {
    let codes: Vec<&str> = ProblemCode::ALL.iter().map(ProblemCode::as_str).collect();
    json!({
        "type": "object",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "code": {"type": "string", "examples": codes},
            "detail": {"type": "string"},
            "server_time": {"type": "string", "format": "date-time"},
            "head_seq": {"type": "integer"},
            "retry_after_seconds": {"type": "integer"},
        },
    })
}

fn kind_name(kind: &CallerKind) -> Value {
    json!(kind)
}
