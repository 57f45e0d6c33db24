//! Reading query strings: each parameter once, every wrong one named.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{CargoId, Etag, Filters, Lang, dictionary::LONGEST_NAME};

/// What is wrong with one field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FieldError {
    /// The name of the parameter or of the body's member.
    pub field: String,
    /// What was expected, in English, without repeating the input.
    pub message: String,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

/// The parameters of a query string, and what was found wrong with them so far.
///
/// An empty value counts as absent, as an HTML form sends it; an unknown parameter is ignored; a known one that
/// stands twice is an error, because no one can say which was meant.
pub(crate) struct Parameters<'a> {
    pairs: Vec<(std::borrow::Cow<'a, str>, std::borrow::Cow<'a, str>)>,
    errors: Vec<FieldError>,
}

impl<'a> Parameters<'a> {
    pub(crate) fn new(query: &'a str) -> Self {
        Self {
            pairs: form_urlencoded::parse(query.as_bytes()).collect(),
            errors: Vec::new(),
        }
    }

    pub(crate) fn error(&mut self, field: &str, message: impl Into<String>) {
        self.errors.push(FieldError {
            field: field.to_owned(),
            message: message.into(),
        });
    }

    /// The parameter as `parse` reads it; `None` if it is absent, empty or wrong (then an error is kept).
    pub(crate) fn take<T, E: fmt::Display>(
        &mut self,
        field: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let mut values = self.pairs.iter().filter(|(name, _)| name == field);
        let first = values.next()?.1.clone();
        if values.next().is_some() {
            self.error(field, "given more than once");
            return None;
        }
        if first.is_empty() {
            return None;
        }
        match parse(&first) {
            Ok(value) => Some(value),
            Err(error) => {
                self.error(field, error.to_string());
                None
            }
        }
    }

    /// Says that the parameter is needed, unless something else was wrong with it.
    pub(crate) fn require(&mut self, field: &str) {
        if self.errors.iter().all(|error| error.field != field) {
            self.error(field, "missing");
        }
    }

    /// A whole number within `range`.
    pub(crate) fn number(
        &mut self,
        field: &str,
        range: std::ops::RangeInclusive<u32>,
    ) -> Option<u32> {
        self.take(field, |text| whole_number(text, &range))
    }

    /// `value` if nothing was wrong, else everything that was.
    pub(crate) fn finish<T>(self, value: T) -> Result<T, Vec<FieldError>> {
        if self.errors.is_empty() {
            Ok(value)
        } else {
            Err(self.errors)
        }
    }
}

/// ASCII digits only: no sign, no space.
pub(crate) fn whole_number(
    text: &str,
    range: &std::ops::RangeInclusive<u32>,
) -> Result<u32, String> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
        .filter(|number| range.contains(number))
        .ok_or_else(|| {
            if *range.end() == u32::MAX {
                format!("expected a whole number of {} or more", range.start())
            } else {
                format!(
                    "expected a whole number from {} to {}",
                    range.start(),
                    range.end()
                )
            }
        })
}

/// Which rows of a list are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first row, from 0.
    pub offset: u32,
    /// How many rows.
    pub limit: u32,
}

impl Window {
    /// The pages of [`crate::PAGE_ROWS`] rows that hold this window, from the first to the last.
    pub fn pages(self) -> std::ops::RangeInclusive<u32> {
        let last_row = self.offset.saturating_add(self.limit.max(1) - 1);
        self.offset / crate::PAGE_ROWS..=last_row / crate::PAGE_ROWS
    }
}

/// How many rows are answered if nobody says.
pub const USUAL_LIMIT: u32 = 20;

/// The most cargos that can be asked for by their ids.
pub const MOST_IDS: usize = 50;

/// Ids as `ids=` names them: each once, in the order given.
fn ids(parameters: &mut Parameters<'_>) -> Vec<CargoId> {
    let ids = parameters.take("ids", |text| {
        let mut ids: Vec<CargoId> = Vec::new();
        for (named, id) in text.split(',').enumerate() {
            // Counted before repeated ones are left out: how many may be named needs no other explanation.
            if named == MOST_IDS {
                return Err(EXPECTED_IDS);
            }
            let id = id.parse().map_err(|_| EXPECTED_IDS)?;
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(ids)
    });
    ids.unwrap_or_default()
}

const EXPECTED_IDS: &str = "expected up to 50 cargo ids separated by commas";

/// The query of `GET /api/cargos/`.
#[derive(Clone, Debug, PartialEq)]
pub struct ListQuery {
    /// These cargos, whatever filters and window say; those, if empty.
    pub ids: Vec<CargoId>,
    /// Which cargos.
    pub filters: Filters,
    /// Which rows: `limit` 1..=[`ListQuery::MAX_LIMIT`], [`USUAL_LIMIT`] if not given; `offset` 0 if not given.
    pub window: Window,
    /// The last row that somebody has: his next ones are those below it, if it is still near the first row of the window.
    pub after: Option<CargoId>,
    /// Nothing from before so many invalidations may be served: what an invalidation answered, 0 if not given.
    pub min_epoch: u32,
    /// Cards in this language, in place of cargos.
    pub html: Option<Lang>,
}

impl ListQuery {
    /// The most rows that can be asked for at once.
    pub const MAX_LIMIT: u32 = 100;

    /// Reads a query string (without `?`).
    ///
    /// # Errors
    /// One entry for each wrong parameter.
    pub fn parse(query: &str) -> Result<Self, Vec<FieldError>> {
        let mut parameters = Parameters::new(query);
        let ids = ids(&mut parameters);
        let filters = Filters::take(&mut parameters);
        let window = Window {
            limit: parameters
                .number("limit", 1..=Self::MAX_LIMIT)
                .unwrap_or(USUAL_LIMIT),
            offset: parameters.number("offset", 0..=u32::MAX).unwrap_or(0),
        };
        let after = parameters.take("after", |text| {
            text.parse().map_err(|_| "expected the id of a cargo")
        });
        let min_epoch = min_epoch(&mut parameters);
        let html = parameters.take("html", str::parse);
        parameters.finish(Self {
            ids,
            filters,
            window,
            after,
            min_epoch,
            html,
        })
    }
}

/// The query of `GET /api/cargos/prices/`.
#[derive(Clone, Debug, PartialEq)]
pub struct PricesQuery {
    /// These cargos, whatever filters and limit say; those, if empty.
    pub ids: Vec<CargoId>,
    /// Which cargos.
    pub filters: Filters,
    /// How many rows: the cards loaded, `1..=`[`PricesQuery::MAX_LIMIT`], [`USUAL_LIMIT`] if not given.
    pub limit: u32,
    /// The first row, from 0, which it is if not given: more than 500 cards are asked for in parts.
    pub offset: u32,
    /// The cards on a page that htmx keeps up to date, each once, in their order; the first [`Self::MAX_LIMIT`] of them.
    pub seen_ids: Vec<CargoId>,
    /// The state that the client knows: only what has changed since need be told.
    pub since: Option<Etag>,
    /// Nothing from before so many invalidations may be served: what an invalidation answered, 0 if not given.
    pub min_epoch: u32,
}

impl PricesQuery {
    /// The most cards whose prices can be asked for at once.
    pub const MAX_LIMIT: u32 = 500;

    /// Reads a query string (without `?`).
    ///
    /// # Errors
    /// One entry for each wrong parameter.
    pub fn parse(query: &str) -> Result<Self, Vec<FieldError>> {
        let mut parameters = Parameters::new(query);
        let ids = ids(&mut parameters);
        let filters = Filters::take(&mut parameters);
        let limit = parameters
            .number("limit", 1..=Self::MAX_LIMIT)
            .unwrap_or(USUAL_LIMIT);
        let offset = parameters.number("offset", 0..=u32::MAX).unwrap_or(0);
        let seen_ids = parameters.take("seen_ids", seen_ids).unwrap_or_default();
        let since = parameters.take("since", |text| Ok::<_, String>(Etag::of_query(text)));
        let min_epoch = min_epoch(&mut parameters);
        parameters.finish(Self {
            ids,
            filters,
            limit,
            offset,
            seen_ids,
            since,
            min_epoch,
        })
    }

    /// The rows.
    pub fn window(&self) -> Window {
        Window {
            offset: self.offset,
            limit: self.limit,
        }
    }
}

/// Digits and commas. What can't be the id of a cargo names no card that there could be, so it is passed over.
fn seen_ids(text: &str) -> Result<Vec<CargoId>, &'static str> {
    let mut ids = Vec::new();
    for id in text.split(',') {
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("expected cargo ids separated by commas");
        }
        if ids.len() < PricesQuery::MAX_LIMIT as usize
            && let Ok(id) = id.parse()
            && !ids.contains(&id)
        {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// The query of `GET /api/cargos/{id}/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CargoQuery {
    /// Nothing from before so many invalidations may be served: what an invalidation answered, 0 if not given.
    pub min_epoch: u32,
    /// What its screen shows in this language, in place of its fields.
    pub html: Option<Lang>,
}

impl CargoQuery {
    /// Reads a query string (without `?`).
    ///
    /// # Errors
    /// One entry for each wrong parameter.
    pub fn parse(query: &str) -> Result<Self, Vec<FieldError>> {
        let mut parameters = Parameters::new(query);
        let min_epoch = min_epoch(&mut parameters);
        let html = parameters.take("html", str::parse);
        parameters.finish(Self { min_epoch, html })
    }
}

/// The query of `GET /api/dictionaries/points`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointsQuery {
    /// Part of the name; empty if not given, which finds the first of all.
    pub name: String,
}

impl PointsQuery {
    /// Reads a query string (without `?`).
    ///
    /// # Errors
    /// One entry for each wrong parameter.
    pub fn parse(query: &str) -> Result<Self, Vec<FieldError>> {
        let mut parameters = Parameters::new(query);
        let name = parameters.take("filter[name]", |text| {
            if text.chars().count() > LONGEST_NAME {
                return Err(format!("expected at most {LONGEST_NAME} characters"));
            }
            Ok(text.to_owned())
        });
        let name = name.unwrap_or_default();
        parameters.finish(Self { name })
    }
}

fn min_epoch(parameters: &mut Parameters<'_>) -> u32 {
    parameters.number("min_epoch", 0..=u32::MAX).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields<T: fmt::Debug>(result: Result<T, Vec<FieldError>>) -> Vec<String> {
        result
            .unwrap_err()
            .into_iter()
            .map(|error| error.field)
            .collect()
    }

    #[test]
    fn nothing_given_means_the_first_twenty_of_ones_own() {
        let query = ListQuery::parse("").unwrap();
        assert_eq!(query.filters, Filters::default());
        assert_eq!(
            query.window,
            Window {
                offset: 0,
                limit: 20
            }
        );
        assert_eq!(PricesQuery::parse("").unwrap().limit, 20);
    }

    #[test]
    fn limits_have_bounds() {
        for (query, limit) in [("limit=1", 1), ("limit=100", 100), ("limit=", 20)] {
            assert_eq!(ListQuery::parse(query).unwrap().window.limit, limit);
        }
        assert_eq!(PricesQuery::parse("limit=500").unwrap().limit, 500);
        for query in [
            "limit=0",
            "limit=101",
            "limit=-1",
            "limit=1.5",
            "limit=a",
            "limit=%2B5",
            "limit=99999999999",
        ] {
            assert_eq!(fields(ListQuery::parse(query)), ["limit"], "{query}");
        }
        assert_eq!(fields(PricesQuery::parse("limit=501")), ["limit"]);
        assert_eq!(PricesQuery::parse("offset=600").unwrap().offset, 600);
        assert_eq!(fields(PricesQuery::parse("offset=-1")), ["offset"]);
        for query in ["offset=-1", "offset=x", "offset=4294967296"] {
            assert_eq!(fields(ListQuery::parse(query)), ["offset"], "{query}");
        }
    }

    #[test]
    fn an_unknown_parameter_is_ignored_and_a_repeated_one_refused() {
        assert!(ListQuery::parse("_rid=5&_rid=6&utm=x&limit=5").is_ok());
        let errors = ListQuery::parse("limit=5&limit=5&mode=my&mode=all").unwrap_err();
        assert_eq!(errors.len(), 2);
        assert!(
            errors
                .iter()
                .all(|error| error.message == "given more than once")
        );
    }

    #[test]
    fn every_wrong_parameter_is_named_at_once() {
        let errors = fields(ListQuery::parse(
            "limit=0&offset=-1&mode=theirs&start_date=tomorrow",
        ));
        assert_eq!(errors, ["mode", "start_date", "limit", "offset"]);
    }

    #[test]
    fn an_epoch_is_a_number() {
        assert_eq!(PricesQuery::parse("min_epoch=7").unwrap().min_epoch, 7);
        assert_eq!(ListQuery::parse("after=7").unwrap().after, CargoId::new(7));
        assert_eq!(ListQuery::parse("").unwrap().after, None);
        for query in ["after=0", "after=x", "after=-5"] {
            assert_eq!(fields(ListQuery::parse(query)), ["after"], "{query}");
        }
        assert_eq!(ListQuery::parse("min_epoch=7").unwrap().min_epoch, 7);
        assert_eq!(ListQuery::parse("").unwrap().min_epoch, 0);
        assert_eq!(fields(ListQuery::parse("min_epoch=-1")), ["min_epoch"]);
    }

    #[test]
    fn cargos_are_asked_for_by_their_ids_each_once() {
        let ids = |query: &str| ListQuery::parse(query).map(|query| query.ids);
        let id = |id| CargoId::new(id).unwrap();
        assert_eq!(ids("ids=7,5,7"), Ok(vec![id(7), id(5)]));
        assert_eq!(ids("ids="), Ok(vec![]));
        assert_eq!(PricesQuery::parse("ids=7").unwrap().ids, [id(7)]);
        let many = |count: u32| {
            (1..=count)
                .map(|id| id.to_string())
                .collect::<Vec<_>>()
                .join(",")
        };
        assert_eq!(ids(&format!("ids={}", many(50))).unwrap().len(), 50);
        let repeated = vec!["7"; 51].join(",");
        for wrong in ["0", "a", "1,", "1,,2", "-5", "007", &many(51), &repeated] {
            assert_eq!(fields(ids(&format!("ids={wrong}"))), ["ids"], "{wrong}");
        }
    }

    #[test]
    fn a_place_is_looked_up_by_part_of_its_name() {
        let name = |query| PointsQuery::parse(query).map(|query| query.name);
        let moscow = "filter%5Bname%5D=%D0%9C%D0%BE%D1%81%D0%BA";
        assert_eq!(name(moscow), Ok("Моск".into()));
        assert_eq!(name("filter[name]=a+b"), Ok("a b".into()));
        assert_eq!(name(""), Ok(String::new()));
        let long = format!("filter[name]={}", "a".repeat(51));
        assert_eq!(fields(name(&long)), ["filter[name]"]);
        assert_eq!(fields(CargoQuery::parse("min_epoch=x")), ["min_epoch"]);
    }

    #[test]
    fn a_state_that_nobody_knows_is_no_mistake() {
        let since = |query| PricesQuery::parse(query).unwrap().since;
        assert_eq!(since(""), None);
        assert_eq!(since("since="), None);
        let tag = since("since=%220123456789abcdef%22").unwrap();
        assert_eq!(tag.as_str(), "\"0123456789abcdef\"");
        assert!(since("since=x").is_some());
        assert_eq!(fields(PricesQuery::parse("since=a&since=a")), ["since"]);
    }

    #[test]
    fn seen_ids_are_digits() {
        let seen = |query: &str| PricesQuery::parse(query).unwrap().seen_ids;
        assert_eq!(
            seen("seen_ids=6236980507,5,0,007,5"),
            [6_236_980_507, 5].map(|id| CargoId::new(id).unwrap())
        );
        assert!(seen("seen_ids=").is_empty());
        let many: Vec<String> = (1..=700).map(|id| id.to_string()).collect();
        assert_eq!(seen(&format!("seen_ids={}", many.join(","))).len(), 500);
        for query in ["seen_ids=a", "seen_ids=1,,2", "seen_ids=1%202"] {
            assert_eq!(fields(PricesQuery::parse(query)), ["seen_ids"], "{query}");
        }
    }

    #[test]
    fn a_window_lies_on_the_pages_that_hold_its_rows() {
        let pages = |offset, limit| Window { offset, limit }.pages();
        assert_eq!(pages(0, 20), 0..=0);
        assert_eq!(pages(0, 100), 0..=0);
        assert_eq!(pages(0, 101), 0..=1);
        assert_eq!(pages(90, 20), 0..=1);
        assert_eq!(pages(100, 100), 1..=1);
        assert_eq!(pages(u32::MAX, 100), u32::MAX / 100..=u32::MAX / 100);
    }
}
