//! The document as a whole: all that it refers to is there, and its examples are what they stand for.

use std::collections::BTreeSet;

use domain::messages::{Problem, ProblemKind};
use serde_json::{Value, json};

use super::{
    super::{collect_references, document},
    DOCUMENT, expect_valid, operations, resolved,
};

/// Every answer, with its operation and status.
fn answers() -> impl Iterator<Item = (String, &'static str, &'static Value)> {
    operations().flat_map(|(operation, definition)| {
        let answers = definition["responses"].as_object().unwrap().iter();
        answers.map(move |(status, answer)| (operation.clone(), status.as_str(), resolved(answer)))
    })
}

/// What stands under a name, if anything does.
fn members(
    value: &'static Value,
    name: &str,
) -> impl Iterator<Item = (&'static str, &'static Value)> {
    let members = value[name].as_object().into_iter().flatten();
    members.map(|(name, member)| (name.as_str(), member))
}

#[test]
fn every_reference_leads_somewhere_and_nothing_is_left_over() {
    let mut references = BTreeSet::new();
    collect_references(&DOCUMENT, &mut references);
    for to in &references {
        assert!(DOCUMENT.pointer(&to[1..]).is_some(), "{to}");
    }
    for (kind, components) in members(&DOCUMENT, "components") {
        assert!(!components.as_object().unwrap().is_empty(), "{kind}");
    }
    let schemes = members(&DOCUMENT["components"], "securitySchemes").map(|(name, _)| name);
    let used = operations().flat_map(|(_, operation)| {
        let requirements = operation["security"].as_array().into_iter().flatten();
        requirements.flat_map(|requirement| requirement.as_object().unwrap().keys())
    });
    assert_eq!(
        used.map(String::as_str).collect::<BTreeSet<_>>(),
        schemes.collect()
    );
}

#[test]
fn every_link_leads_to_an_operation_and_names_its_parameters() {
    let mut links = 0;
    for (operation, status, answer) in answers() {
        for (link, to) in members(answer, "links") {
            let link = format!("{operation} {status}: {link}");
            let target =
                operations().find(|(_, target)| target["operationId"] == to["operationId"]);
            let (_, target) = target.unwrap_or_else(|| panic!("{link} leads nowhere"));
            let known = target["parameters"].as_array().into_iter().flatten();
            let known: Vec<&str> = known
                .filter_map(|parameter| resolved(parameter)["name"].as_str())
                .collect();
            for (parameter, _) in members(to, "parameters") {
                let parameter = parameter.trim_start_matches("query.");
                assert!(known.contains(&parameter), "{link}: {parameter}");
            }
            links += 1;
        }
    }
    assert!(links >= 8, "{links}");
}

#[test]
fn every_example_is_what_its_schema_says() {
    for kind in ["parameters", "headers"] {
        for (_, component) in members(&DOCUMENT["components"], kind) {
            expect_valid(&component["schema"], &component["example"]);
        }
    }
    let requests = operations().map(|(_, operation)| &operation["requestBody"]);
    let bodies = answers().map(|(.., answer)| answer).chain(requests);
    let mut examples = 0;
    for (_, content) in bodies.flat_map(|body| members(body, "content")) {
        for (_, example) in members(content, "examples") {
            expect_valid(&content["schema"], &example["value"]);
            examples += 1;
        }
    }
    assert!(examples > 100, "{examples}");
}

/// A schema viewer shows the examples, a program reads the schema: both name the kind, under its own status.
#[test]
fn every_kind_of_problem_is_told_under_its_own_status() {
    let mut kinds = BTreeSet::new();
    for (name, answer) in members(&DOCUMENT["components"], "responses") {
        let problem = &answer["content"]["application/problem+json"];
        let types = problem["schema"]["properties"]["type"]["enum"].as_array();
        let types: Vec<&Value> = types.unwrap().iter().collect();
        for (_, example) in members(problem, "examples") {
            let example: Problem = serde_json::from_value(example["value"].clone()).unwrap();
            let kind = ProblemKind::ALL
                .into_iter()
                .find(|kind| kind.uri() == example.kind)
                .unwrap_or_else(|| panic!("{name}: {}", example.kind));
            assert_eq!(kind.status(), example.status, "{name}");
            assert!(types.contains(&&json!(example.kind)), "{name}");
            kinds.insert(example.kind);
        }
    }
    assert_eq!(kinds, ProblemKind::ALL.map(ProblemKind::uri).into());

    for (operation, status, answer) in answers() {
        let problem = &answer["content"]["application/problem+json"];
        let is_error = status >= "400";
        assert_eq!(problem.is_object(), is_error, "{operation} {status}");
        for (_, example) in members(problem, "examples") {
            assert_eq!(
                example["value"]["status"].to_string(),
                status,
                "{operation}"
            );
        }
    }
}

/// All but whether it runs has a deadline, behind which stands a 503.
#[test]
fn whatever_may_wait_may_say_that_it_waited_in_vain() {
    for (name, operation) in operations() {
        let is_told = operation["responses"]["503"].is_object();
        assert_eq!(is_told, name != "get /health/live", "{name}");
    }
}

#[test]
fn the_page_about_it_leaves_out_no_problem_and_no_proof() {
    let page = include_str!("../../../../docs/api.md");
    let problems = ProblemKind::ALL.map(ProblemKind::uri).into_iter();
    let schemes = members(&DOCUMENT["components"], "securitySchemes");
    for name in problems.chain(schemes.map(|(name, _)| name.to_owned())) {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn it_is_small_enough_to_be_carried() {
    let bytes = document().len();
    // It is a part of the Worker, which is loaded wherever somebody asks.
    assert!(bytes < 128 * 1024, "{bytes}");
}
