//! Holds requests and replies against `docs/openapi.json`, whatever carried them.
//!
//! Every reply must be one that the description has: of a documented status and media type, with a body of its schema. A
//! request that was accepted must have had a body of its schema too. Where `STRONGHOLD_TEST_BODIES` names a folder, each
//! process leaves there a line for each body that was held, for `cargo xtask test` to count.

use jsonschema::Validator;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    env,
    fs::{self, File, OpenOptions},
    io::Write,
    path::Path,
    process,
    sync::{Mutex, OnceLock},
};

/// A request and its reply.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// Path and query.
    pub target: &'a str,
    /// The request's body.
    pub request: &'a [u8],
    /// The reply's status.
    pub status: u16,
    /// The reply's media type.
    pub content_type: Option<&'a str>,
    /// The reply's body.
    pub reply: &'a [u8],
}

impl Exchange<'_> {
    /// Holds it against the description.
    ///
    /// # Panics
    /// When it is not described, with what is not.
    pub fn check(&self) {
        if let Err(wrong) = self.find_wrong() {
            panic!("{} {}, status {}: {wrong}", self.method, self.target, self.status);
        }
    }

    /// What is not described, if anything; a path that the description has not says nothing.
    ///
    /// # Errors
    /// What is not described.
    pub fn find_wrong(&self) -> Result<(), String> {
        let path = self.target.split('?').next().unwrap_or_default();
        let Some(operation) = operations().iter().find(|operation| operation.is_of(self.method, path)) else {
            return Ok(());
        };
        let statuses = operation.replies.keys();
        let (media_type, schema) = operation
            .replies
            .get(&self.status)
            .ok_or_else(|| format!("the status is none of {:?}", statuses.collect::<Vec<_>>()))?;
        if self.content_type != Some(media_type.as_str()) {
            return Err(format!("the media type is {:?}, not {media_type}", self.content_type));
        }
        hold(schema, self.reply).map_err(|wrong| format!("the reply, {wrong}"))?;
        count(&operation.name, "reply");
        if self.status < 400
            && let Some(schema) = &operation.request
        {
            hold(schema, self.request).map_err(|wrong| format!("the request, {wrong}"))?;
            count(&operation.name, "request");
        }
        Ok(())
    }
}

/// What is described of one method and path.
struct Operation {
    name: String,
    method: String,
    segments: Vec<String>,
    request: Option<Validator>,
    /// By status: media type and schema.
    replies: BTreeMap<u16, (String, Validator)>,
}

impl Operation {
    fn is_of(&self, method: &str, path: &str) -> bool {
        let mut given = path.split('/');
        let alike = |segment: &String| given.next().is_some_and(|given| segment.starts_with('{') || segment == given);
        self.method == method && self.segments.iter().all(alike) && given.next().is_none()
    }
}

fn hold(schema: &Validator, body: &[u8]) -> Result<(), String> {
    let value: Value = serde_json::from_slice(body).map_err(|error| format!("which is no JSON ({error})"))?;
    let wrong: Vec<String> =
        schema.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).take(3).collect();
    if wrong.is_empty() { Ok(()) } else { Err(format!("{}\n{value:#}", wrong.join("\n"))) }
}

/// Every operation of the description, with its schemas made ready once.
fn operations() -> &'static [Operation] {
    static OPERATIONS: OnceLock<Vec<Operation>> = OnceLock::new();
    OPERATIONS.get_or_init(|| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
        let document: Value = serde_json::from_slice(&fs::read(file).expect("the description")).expect("JSON");
        let paths = document["paths"].as_object().expect("paths");
        let methods = paths.iter().flat_map(|(path, methods)| {
            methods.as_object().expect("methods").iter().map(move |(method, said)| (path, method, said))
        });
        methods.map(|(path, method, said)| operation(&document, path, method, said)).collect()
    })
}

fn operation(document: &Value, path: &str, method: &str, said: &Value) -> Operation {
    let validator = |schema: &Value| {
        let schema = json!({"components": document["components"], "allOf": [schema]});
        jsonschema::draft202012::new(&schema).expect("a schema")
    };
    let replies = said["responses"].as_object().expect("responses").iter().map(|(status, reply)| {
        let (media_type, content) = reply["content"].as_object().expect("content").iter().next().expect("one type");
        (status.parse().expect("a status"), (media_type.clone(), validator(&content["schema"])))
    });
    let request = said.get("requestBody").map(|body| validator(&body["content"]["application/json"]["schema"]));
    Operation {
        name: said["operationId"].as_str().expect("a name").to_owned(),
        method: method.to_ascii_uppercase(),
        segments: path.split('/').map(str::to_owned).collect(),
        request,
        replies: replies.collect(),
    }
}

fn count(operation: &str, what: &str) {
    static TALLY: OnceLock<Option<Mutex<File>>> = OnceLock::new();
    let tally = TALLY.get_or_init(|| {
        let folder = env::var_os("STRONGHOLD_TEST_BODIES")?;
        let file = Path::new(&folder).join(process::id().to_string());
        Some(Mutex::new(OpenOptions::new().create(true).append(true).open(file).expect("a file")))
    });
    if let Some(file) = tally {
        writeln!(file.lock().expect("no panic"), "{operation} {what}").expect("it is written");
    }
}
