//! The filters of the list: read, refused when wrong, and applied.

use super::answer::FieldErrors;
use super::query::{Query, field, whole};
use crate::account::ACCOUNT_ID;
use crate::world::Mode;
use crate::world::cargo::{Cargo, Stop};
use crate::world::cities::City;
use crate::world::freight_types::FreightType;
use chrono::NaiveDate;
use std::ops::RangeInclusive;

/// What a list call asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Filters {
    /// Which list.
    pub mode: Mode,
    start: Option<Place>,
    finish: Option<Place>,
    start_date: Option<NaiveDate>,
    wv: Option<UpperBounds>,
    load_types: Option<Vec<u64>>,
    truck_types: Option<Vec<u64>>,
    distance_km: Option<RangeInclusive<i64>>,
    kopecks: Option<RangeInclusive<i64>>,
    kopecks_per_km: Option<RangeInclusive<i64>>,
    owner_inn: Option<String>,
}

/// A point and what lies around it.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    /// `None` for an id or type that the dictionary doesn't have: valid, and no cargo is there.
    city: Option<&'static City>,
    radius_km: f64,
}

/// `filter[wv]`: what the truck takes.
#[derive(Clone, Debug, PartialEq)]
struct UpperBounds {
    tonnes: f64,
    volume: f64,
}

impl Filters {
    /// Reads the filters of a query; what is wrong goes to `errors`. `None` when there is no valid mode.
    pub fn read(query: &Query, errors: &mut FieldErrors) -> Option<Self> {
        let mode = query.require("filter[mode]", "my or all", errors, |text| match text {
            "my" => Some(Mode::My),
            "all" => Some(Mode::All),
            _ => None,
        });
        query.require(
            "filter[user_id]",
            "0 or the id of the account",
            errors,
            |text| whole(text).filter(|id| [0, ACCOUNT_ID].contains(id)),
        );
        let range = "two whole numbers, the lower first";
        let ids = "ids separated by commas";
        let filters = Self {
            mode: mode.unwrap_or(Mode::My),
            start: place(query, "start", errors),
            finish: place(query, "finish", errors),
            start_date: query.read("filter[start_date]", "a date like 2026-01-15", errors, date),
            wv: query.read(
                "filter[wv]",
                "tonnes and cubic metres like 1.5-9",
                errors,
                upper_bounds,
            ),
            load_types: query.read("filter[load_types]", ids, errors, id_list),
            truck_types: query.read("filter[truck_types]", ids, errors, id_list),
            distance_km: query.read("filter[distance]", range, errors, min_and_max),
            kopecks: query.read("filter[price]", range, errors, min_and_max),
            kopecks_per_km: query.read("filter[price_per_km]", range, errors, min_and_max),
            owner_inn: query.read("filter[owner_company]", "an INN", errors, |inn| {
                inn.bytes()
                    .all(|byte| byte.is_ascii_digit())
                    .then(|| inn.to_owned())
            }),
        };
        mode.map(|_| filters)
    }

    /// Whether a cargo is asked for, its mode aside.
    pub fn matches(&self, cargo: &Cargo) -> bool {
        self.start
            .as_ref()
            .is_none_or(|place| place.holds(&cargo.start))
            && self
                .finish
                .as_ref()
                .is_none_or(|place| place.holds(&cargo.finish))
            && self
                .start_date
                .is_none_or(|date| cargo.start.first_date >= date)
            && self.wv.as_ref().is_none_or(|truck| truck.takes(cargo))
            && self
                .load_types
                .as_ref()
                .is_none_or(|ids| any(&cargo.load_types, ids))
            && self
                .truck_types
                .as_ref()
                .is_none_or(|ids| any(&cargo.truck_types, ids))
            && within(self.distance_km.as_ref(), Some(cargo.distance_km))
            && within(self.kopecks.as_ref(), cargo.quote.kopecks())
            && within(
                self.kopecks_per_km.as_ref(),
                cargo.quote.kopecks_per_km(cargo.distance_km),
            )
            && self
                .owner_inn
                .as_ref()
                .is_none_or(|inn| cargo.company.inn == inn)
    }
}

impl Place {
    fn holds(&self, stop: &Stop) -> bool {
        self.city
            .is_some_and(|city| city.id == stop.city.id || city.air_km(stop.city) <= self.radius_km)
    }
}

impl UpperBounds {
    fn takes(&self, cargo: &Cargo) -> bool {
        cargo.weight_kg as f64 <= self.tonnes * 1_000.0
            && cargo.volume_tenths as f64 <= self.volume * 10.0
    }
}

fn any(types: &[&FreightType], ids: &[u64]) -> bool {
    types.iter().any(|of_cargo| ids.contains(&of_cargo.id))
}

/// A cargo that lacks the value is in no range.
fn within(range: Option<&RangeInclusive<i64>>, value: Option<i64>) -> bool {
    range.is_none_or(|range| value.is_some_and(|value| range.contains(&value)))
}

/// The id of a point and, both required with it and useless without it, its type and radius.
fn place(query: &Query, end: &str, errors: &mut FieldErrors) -> Option<Place> {
    let positive = |text: &str| whole(text).filter(|number| *number > 0);
    let name = |part| format!("filter[{end}_point_{part}]");
    let id = query.read(&name("id"), "a positive integer", errors, positive);
    let kind = query.read(&name("type"), "a positive integer", errors, positive);
    let radius = query.read(
        &name("radius"),
        "a whole number of kilometres",
        errors,
        |text| text.parse::<u16>().ok().filter(|_| whole(text).is_some()),
    );
    if query.get(&name("id")).is_some() && query.get(&name("type")).is_none() {
        let (id, kind) = (field(&name("id")), field(&name("type")));
        errors.add(
            &kind,
            format!("The {kind} field is required when {id} is present."),
        );
    }
    // The list says 2 for a city, the dictionary's documented sample 1; both are passed back by clients.
    let city = City::find(id?).filter(|_| matches!(kind, Some(1 | 2)));
    Some(Place {
        city,
        radius_km: f64::from(radius.unwrap_or(0)),
    })
}

fn date(text: &str) -> Option<NaiveDate> {
    // `parse` alone also takes 2026-1-5.
    (text.len() == "2026-01-15".len())
        .then(|| text.parse().ok())
        .flatten()
}

fn upper_bounds(text: &str) -> Option<UpperBounds> {
    let (tonnes, volume) = text.split_once('-')?;
    Some(UpperBounds {
        tonnes: decimal(tonnes)?,
        volume: decimal(volume)?,
    })
}

/// A positive number in digits with at most one point between them.
fn decimal(text: &str) -> Option<f64> {
    let (whole_part, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let number: f64 = (digits(whole_part) && digits(fraction))
        .then(|| text.parse().ok())
        .flatten()?;
    (number > 0.0).then_some(number)
}

fn id_list(text: &str) -> Option<Vec<u64>> {
    text.split(',')
        .map(|id| if id.is_empty() { None } else { whole(id) })
        .collect()
}

fn min_and_max(text: &str) -> Option<RangeInclusive<i64>> {
    let (min, max) = text.split_once(',')?;
    let bound = |text: &str| {
        if text.is_empty() {
            None
        } else {
            i64::try_from(whole(text)?).ok()
        }
    };
    let (min, max) = (bound(min)?, bound(max)?);
    (min <= max).then_some(min..=max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::world::World;

    fn world() -> World {
        World::new(1, Config::default().start)
    }

    fn read(query: &str) -> (Option<Filters>, FieldErrors) {
        let mut errors = FieldErrors::default();
        let query = Query::parse(&format!("filter[mode]=all&filter[user_id]=0&{query}"));
        (Filters::read(&query, &mut errors), errors)
    }

    /// Which cargos a query lets through, and which it doesn't; each must be some, or the filter filters nothing.
    fn split(query: &str) -> (Vec<Cargo>, Vec<Cargo>) {
        let (filters, errors) = read(query);
        assert_eq!(errors, FieldErrors::default());
        let filters = filters.unwrap();
        let (inside, outside): (Vec<Cargo>, Vec<Cargo>) = world()
            .cargos(Mode::All)
            .cloned()
            .partition(|cargo| filters.matches(cargo));
        assert!(
            !inside.is_empty() && !outside.is_empty(),
            "{query} splits nothing"
        );
        (inside, outside)
    }

    fn assert_splits(query: &str, rule: impl Fn(&Cargo) -> bool) {
        let (inside, outside) = split(query);
        for cargo in inside {
            assert!(rule(&cargo), "{query} let through {cargo:?}");
        }
        for cargo in outside {
            assert!(!rule(&cargo), "{query} held back {cargo:?}");
        }
    }

    #[test]
    fn a_point_without_a_radius_is_that_city_alone() {
        assert_splits(
            "filter[start_point_id]=62&filter[start_point_type]=2",
            |cargo| cargo.start.city.name == "Москва",
        );
        assert_splits(
            "filter[finish_point_id]=62&filter[finish_point_type]=1",
            |cargo| cargo.finish.city.name == "Москва",
        );
    }

    #[test]
    fn a_radius_takes_in_the_towns_around() {
        let (inside, _) = split(
            "filter[start_point_id]=62&filter[start_point_type]=2&filter[start_point_radius]=50",
        );
        let towns = |name| inside.iter().any(|cargo| cargo.start.city.name == name);
        assert!(towns("Москва") && towns("Подольск") && towns("Химки"));
        assert!(!towns("Тверь") && !towns("Санкт-Петербург"));
    }

    #[test]
    fn a_point_that_the_dictionary_lacks_is_valid_and_empty() {
        for query in [
            "filter[start_point_id]=1&filter[start_point_type]=2",
            "filter[start_point_id]=62&filter[start_point_type]=9",
        ] {
            let (filters, errors) = read(query);
            assert_eq!(errors, FieldErrors::default());
            assert!(
                !world()
                    .cargos(Mode::All)
                    .any(|cargo| filters.as_ref().unwrap().matches(cargo))
            );
        }
    }

    #[test]
    fn a_start_date_means_that_day_or_later() {
        let date = NaiveDate::from_ymd_opt(2026, 1, 18).unwrap();
        assert_splits("filter[start_date]=2026-01-18", |cargo| {
            cargo.start.first_date >= date
        });
    }

    #[test]
    fn weight_and_volume_are_upper_bounds_in_tonnes_and_cubic_metres() {
        assert_splits("filter[wv]=1.5-9", |cargo| {
            cargo.weight_kg <= 1_500 && cargo.volume_tenths <= 90
        });
        assert_splits("filter[wv]=100-43.5", |cargo| cargo.volume_tenths <= 435);
    }

    #[test]
    fn of_a_list_of_types_one_is_enough() {
        let has =
            |types: &[&FreightType], ids: &[u64]| types.iter().any(|kind| ids.contains(&kind.id));
        assert_splits("filter[truck_types]=6,9", |cargo| {
            has(&cargo.truck_types, &[6, 9])
        });
        assert_splits("filter[load_types]=3", |cargo| has(&cargo.load_types, &[3]));
    }

    #[test]
    fn ranges_include_both_ends_and_no_cargo_without_a_price() {
        let cargo = world()
            .cargos(Mode::All)
            .find(|cargo| cargo.quote.kopecks().is_some())
            .unwrap()
            .clone();
        let (km, kopecks) = (cargo.distance_km, cargo.quote.kopecks().unwrap());
        assert_splits(&format!("filter[distance]={km},{km}"), |cargo| {
            cargo.distance_km == km
        });
        assert_splits(&format!("filter[price]={kopecks},{kopecks}"), |cargo| {
            cargo.quote.kopecks() == Some(kopecks)
        });
        assert_splits("filter[price]=0,99999999999", |cargo| {
            cargo.quote.kopecks().is_some()
        });
        assert_splits("filter[price_per_km]=5000,7000", |cargo| {
            cargo
                .quote
                .kopecks()
                .is_some_and(|kopecks| (5_000..=7_000).contains(&(kopecks / cargo.distance_km)))
        });
    }

    #[test]
    fn the_owner_is_the_company_of_this_inn() {
        assert_splits("filter[owner_company]=000001006004", |cargo| {
            cargo.company.name == "ИП Ковалёва Н. А."
        });
    }

    #[test]
    fn a_bad_filter_is_a_complaint_about_its_field() {
        for (query, bad_field) in [
            (
                "filter[start_point_id]=0&filter[start_point_type]=2",
                "filter.start_point_id",
            ),
            ("filter[start_point_id]=62", "filter.start_point_type"),
            ("filter[finish_point_id]=62", "filter.finish_point_type"),
            (
                "filter[start_point_id]=62&filter[start_point_type]=city",
                "filter.start_point_type",
            ),
            ("filter[start_point_radius]=-1", "filter.start_point_radius"),
            (
                "filter[start_point_radius]=%2B5",
                "filter.start_point_radius",
            ),
            ("filter[start_date]=18.01.2026", "filter.start_date"),
            ("filter[start_date]=2026-1-8", "filter.start_date"),
            ("filter[start_date]=2026-02-30", "filter.start_date"),
            ("filter[wv]=20", "filter.wv"),
            ("filter[wv]=0-9", "filter.wv"),
            ("filter[wv]=1e3-9", "filter.wv"),
            ("filter[wv]=1,5-9", "filter.wv"),
            ("filter[load_types]=1,,2", "filter.load_types"),
            ("filter[truck_types]=a", "filter.truck_types"),
            ("filter[distance]=100", "filter.distance"),
            ("filter[price]=5,1", "filter.price"),
            ("filter[price_per_km]=-5,1", "filter.price_per_km"),
            ("filter[owner_company]=OOO", "filter.owner_company"),
            ("filter[user_id]=7", "filter.user_id"),
        ] {
            let (_, errors) = read(query);
            let answer = errors.into_result().unwrap_err();
            let super::super::answer::Body::Json(body) = answer.body else {
                panic!("no JSON")
            };
            let fields: Vec<&String> = body["errors"].as_object().unwrap().keys().collect();
            assert_eq!(fields, [bad_field], "{query}");
        }
    }
}
