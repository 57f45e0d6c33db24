//! `GET /v1/dictionaries/...`: points, truck types, load types.

use super::answer::{Answer, FieldErrors};
use super::cargo_json::freight_type;
use super::query::{Query, whole};
use crate::world::cities::{CITIES, City};
use crate::world::freight_types::FreightType;
use serde_json::{Value, json};

/// Points whose name contains `filter[name]`, those that begin with it first. Short and empty texts are accepted.
pub fn points(query: &Query) -> Answer {
    let mut errors = FieldErrors::default();
    let limit = query.read("limit", "between 1 and 100", &mut errors, |text| {
        whole(text).filter(|limit| (1..=100).contains(limit))
    });
    let offset = query.read("offset", "at least 0", &mut errors, whole);
    if let Err(answer) = errors.into_result() {
        return answer;
    }
    let (limit, offset) = (limit.unwrap_or(10), offset.unwrap_or(0));
    let wanted = query.get("filter[name]").unwrap_or_default().to_lowercase();
    let mut found: Vec<(bool, &City)> = CITIES
        .iter()
        .filter_map(|city| {
            city.name
                .to_lowercase()
                .find(&wanted)
                .map(|at| (at > 0, city))
        })
        .collect();
    found.sort_by_key(|(inside, city)| (*inside, city.name));
    let data: Vec<Value> = found
        .iter()
        .skip(usize::try_from(offset).unwrap_or(usize::MAX))
        .take(usize::try_from(limit).unwrap_or(usize::MAX))
        // The documented sample says 1 where the list filter says 2; the list takes both.
        .map(|(_, city)| json!({"id": city.id, "name": city.name, "type": 1}))
        .collect();
    Answer::ok(
        json!({"data": data, "meta": {"limit": limit, "offset": offset, "size": found.len()}}),
    )
}

/// A whole dictionary of types.
pub fn freight_types(dictionary: &[FreightType]) -> Answer {
    let data: Vec<Value> = dictionary.iter().map(freight_type).collect();
    Answer::ok(json!({"data": data}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::answer::Body;

    fn names(query: &str) -> Vec<String> {
        let Body::Json(body) = points(&Query::parse(query)).body else {
            panic!("no JSON")
        };
        body["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|point| point["name"].as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn names_that_begin_with_the_text_come_before_those_that_contain_it() {
        assert_eq!(
            names("filter[name]=новгород"),
            ["Великий Новгород", "Нижний Новгород"]
        );
        let found = names("filter[name]=вО");
        assert_eq!(
            found
                .iter()
                .take_while(|name| name.starts_with("Во"))
                .count(),
            3,
            "{found:?}"
        );
        assert!(found.len() > 3);
    }

    #[test]
    fn an_empty_text_finds_the_first_page_of_all() {
        assert_eq!(names("").len(), 10);
        assert_eq!(names("filter[name]=&limit=100").len(), CITIES.len());
        assert_eq!(points(&Query::parse("limit=101")).status, 422);
    }
}
