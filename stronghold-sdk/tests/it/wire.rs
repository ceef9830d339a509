//! What an answer's media type and form say of where it came from.

use crate::world::World;
use stronghold_sdk::{
    ErrorKind,
    protocol::{
        problem::{Problem, ProblemCode},
        transport::Reply,
    },
};

fn json() -> Option<String> {
    Some(Reply::MEDIA_TYPE.to_owned())
}

fn problem() -> Option<String> {
    Some(Problem::MEDIA_TYPE.to_owned())
}

#[tokio::test]
async fn who_answered_is_told_by_media_type_and_form() {
    let mut world = World::new().await;
    let production = world.profile("production", &[("A", "one")]).await;
    let group = world.group("deploy", &[production]).await;
    let token = world.token("pipeline", &[group]).await;
    let (agent, wire) = world.agent(&token);
    let refused = serde_json::to_vec(&Problem::new(ProblemCode::Forbidden, "no")).unwrap();
    let strange = br#"["x","t",403,"forbidden","no"]"#.to_vec();
    let text = || Some("text/html".to_owned());
    /// What it is, status, media type, body, and what comes of it.
    type Case = (&'static str, u16, Option<String>, Option<Vec<u8>>, ErrorKind);
    let answers: [Case; 11] = [
        ("a reply called HTML", 200, text(), None, ErrorKind::Unreachable),
        ("a reply called nothing", 200, None, None, ErrorKind::Unreachable),
        ("a reply called a problem", 200, problem(), None, ErrorKind::Unreachable),
        ("a reply with an odd status", 302, json(), None, ErrorKind::Unreachable),
        ("a problem called JSON", 403, json(), Some(refused.clone()), ErrorKind::Unreachable),
        ("a problem called nothing", 403, None, Some(refused.clone()), ErrorKind::Unreachable),
        ("a problem of another form", 403, problem(), Some(strange), ErrorKind::Unreachable),
        ("a problem", 403, problem(), Some(refused.clone()), ErrorKind::Refused),
        ("a problem that is no error", 200, json(), Some(refused), ErrorKind::Integrity),
        ("an empty object", 200, json(), Some(b"{}".to_vec()), ErrorKind::Integrity),
        ("no JSON", 200, Some("application/json; charset=utf-8".to_owned()), Some(b"<".to_vec()), ErrorKind::Integrity),
    ];
    for (what, status, content_type, body, expected) in answers {
        wire.lies(move |_, reply| Reply {
            status,
            content_type: content_type.clone(),
            body: body.clone().unwrap_or(reply.body),
        });
        let error = agent.pull("production").await.unwrap_err();
        assert_eq!(error.kind(), expected, "{what}: {error}");
    }
    wire.is_honest_again();
    agent.pull("production").await.unwrap();
}
