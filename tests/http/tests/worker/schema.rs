//! `GET /api/schema/`: the document of the API, and that the running Worker has what it tells of.

use reqwest::Method;
use serde_json::Value;
use tests_http::{Loadboard, Reply};

const PREFIXES: [&str; 4] = ["/api", "/api/v1", "/api/v2", "/api/v3"];

async fn document() -> Value {
    Loadboard::from_environment()
        .get("/api/schema/")
        .await
        .json()
}

async fn send(board: &Loadboard, method: &str, path: &str) -> Reply {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    board.send(board.request(method, path)).await
}

/// `path` with an example in the place of each of its parameters.
fn with_examples(path: &str, operation: &Value, document: &Value) -> String {
    let mut filled = path.to_owned();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let pointer = parameter["$ref"].as_str().expect("a reference");
        let parameter = document.pointer(&pointer[1..]).expect("a component");
        if parameter["in"] == "path" {
            let name = parameter["name"].as_str().expect("a name");
            let example = parameter["example"].as_str().expect("an example");
            filled = filled.replace(&format!("{{{name}}}"), example);
        }
    }
    filled
}

#[tokio::test]
async fn anybody_may_read_it_and_keep_it_for_a_while() {
    let anybody = Loadboard::from_environment();
    let first = anybody.get("/api/schema/").await;
    assert_eq!(first.expect_header("content-type"), "application/json");
    assert_eq!(first.expect_header("cache-control"), "public, max-age=300");
    let document: Value = first.json();
    assert_eq!(document["openapi"], "3.1.0");

    let etag = first.expect_header("etag");
    for prefix in PREFIXES {
        for slash in ["", "/"] {
            let path = format!("{prefix}/schema{slash}");
            let again = anybody.get(&path).await;
            assert_eq!(again.json::<Value>(), document, "{path}");
            let same = anybody.get_unless(&path, etag).await;
            same.expect_status(304);
            assert_eq!(same.body, "", "{path}");
            assert_eq!(same.header("content-type"), None, "{path}");
        }
    }
    let another = anybody
        .get_unless("/api/schema/", "\"0123456789abcdef\"")
        .await;
    another.expect_status(200);
}

/// RFC 9110, 9.3.2 and 15.4.5.
#[tokio::test]
async fn without_its_body_it_is_told_of_in_the_same_words() {
    let anybody = Loadboard::from_environment();
    let whole = anybody.get("/api/schema/").await;
    let head = send(&anybody, "HEAD", "/api/schema/").await;
    head.expect_status(200);
    let etag = whole.expect_header("etag");
    let not_modified = anybody.get_unless("/api/schema/", etag).await;
    for reply in [&head, &not_modified] {
        assert_eq!(reply.body, "");
        for name in ["etag", "cache-control", "vary"] {
            assert_eq!(reply.header(name), whole.header(name), "{name}");
        }
    }
    assert_eq!(head.header("content-type"), whole.header("content-type"));
}

#[tokio::test]
async fn everything_that_it_tells_of_is_there_for_whoever_brings_a_proof() {
    let document = document().await;
    let anybody = Loadboard::from_environment();
    let mut operations = 0;
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let path = with_examples(path, operation, &document);
            let reply = send(&anybody, &method.to_uppercase(), &path).await;
            if operation["security"].is_array() {
                reply.expect_problem(401, "unauthorized");
            }
            let documented = &operation["responses"][reply.status.to_string()];
            assert!(documented.is_object(), "not documented: {reply:?}");
            assert_ne!(reply.status, 404, "{reply:?}");
            operations += 1;
        }
    }
    assert_eq!(operations, 19);
}

#[tokio::test]
async fn nothing_that_it_tells_of_knows_another_method() {
    let document = document().await;
    let anybody = Loadboard::from_environment();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        let methods = methods.as_object().expect("methods");
        let operation = methods.values().next().expect("an operation");
        let path = with_examples(path, operation, &document);
        let allow = match methods.contains_key("post") {
            true => "POST",
            false => "GET, HEAD",
        };
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            if allow.split(", ").any(|allowed| allowed == method) {
                continue;
            }
            let reply = send(&anybody, method, &path).await;
            reply.expect_status(405);
            assert_eq!(reply.expect_header("allow"), allow, "{}", reply.request);
        }
    }
}
