//! What the fields of the form mean, and how a view is written into them.

use cards::text::words;
use domain::{
    Filters,
    filters::{Ids, Mode, Range, WeightVolume},
};

use super::city_field::City;
use crate::view::{CityNames, View};

/// Trucks that most drivers have: tonnes and cubic metres.
pub const PRESETS: [&str; 7] = ["20-83", "15-65", "10-54", "7.5-45", "5-36", "3-16", "1.5-9"];
/// A truck of which tonnes and cubic metres are typed.
pub const OTHER: &str = "other";

/// The fields, as the form has them.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    pub mode: String,
    pub start_date: String,
    /// Empty, one of [`PRESETS`], or [`OTHER`].
    pub truck: String,
    pub other_truck: [String; 2],
    /// None if they could not be chosen.
    pub load_types: Option<Vec<u32>>,
    /// None if they could not be chosen.
    pub truck_types: Option<Vec<u32>>,
    /// In roubles.
    pub price: [String; 2],
    /// In roubles.
    pub price_per_km: [String; 2],
    /// In kilometres.
    pub distance: [String; 2],
}

/// A field that makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    Truck,
    Price,
    PricePerKm,
    Distance,
}

impl Problem {
    /// The name of the field.
    pub fn field(self) -> &'static str {
        match self {
            Self::Truck => "other",
            Self::Price => "price",
            Self::PricePerKm => "price_per_km",
            Self::Distance => "distance",
        }
    }

    /// What is expected in it.
    pub fn said(self) -> &'static str {
        match self {
            Self::Truck => words().wrong_truck,
            _ => words().wrong_number,
        }
    }
}

impl Fields {
    /// The view that they make, where `before` has what they leave open.
    ///
    /// # Errors
    /// The fields that make no sense.
    pub fn view(
        self,
        before: View,
        [start, finish]: [Option<City>; 2],
    ) -> Result<View, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut range = |problem: Problem, texts: &[String; 2], times: u32| {
            parse_range(texts, times).unwrap_or_else(|Wrong| {
                problems.push(problem);
                None
            })
        };
        let price = range(Problem::Price, &self.price, 100);
        let price_per_km = range(Problem::PricePerKm, &self.price_per_km, 100);
        let distance = range(Problem::Distance, &self.distance, 1);
        let weight_volume = truck(&self.truck, &self.other_truck).unwrap_or_else(|Wrong| {
            problems.push(Problem::Truck);
            None
        });
        if !problems.is_empty() {
            return Err(problems);
        }
        let ids = |chosen: Option<Vec<u32>>, before: Ids| match chosen {
            Some(chosen) => {
                let mut ids = Ids::default();
                chosen.into_iter().for_each(|id| ids.toggle(id));
                ids
            }
            None => before,
        };
        let filters = Filters {
            mode: if self.mode == Mode::All.as_str() {
                Mode::All
            } else {
                Mode::My
            },
            start_point: start.as_ref().map(|city| city.point),
            finish_point: finish.as_ref().map(|city| city.point),
            // A browser gives a date or nothing.
            start_date: self.start_date.parse().ok(),
            weight_volume,
            load_types: ids(self.load_types, before.filters.load_types),
            truck_types: ids(self.truck_types, before.filters.truck_types),
            price,
            price_per_km,
            distance,
        };
        let name = |city: Option<City>| city.map_or_else(String::new, |city| city.name);
        Ok(View {
            filters,
            names: CityNames {
                start: name(start),
                finish: name(finish),
            },
            sort: before.sort,
        })
    }
}

/// Something that was typed makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wrong;

/// The range between two texts, in units of which `times` make one of what is typed.
fn parse_range(texts: &[String; 2], times: u32) -> Result<Option<Range>, Wrong> {
    let bound = |text: &String| -> Result<Option<u32>, Wrong> {
        let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        if digits.is_empty() {
            return Ok(None);
        }
        let number: u32 = digits.parse().map_err(|_| Wrong)?;
        number.checked_mul(times).map(Some).ok_or(Wrong)
    };
    let [min, max] = texts;
    let (min, max) = (bound(min)?, bound(max)?);
    let keeps_all = min.unwrap_or(0) == 0 && max.is_none();
    match Range::new(min, max) {
        None if !keeps_all => Err(Wrong),
        range => Ok(range),
    }
}

/// What is typed for a range.
pub fn range_texts(range: Option<Range>, times: u32) -> [String; 2] {
    let text =
        |bound: Option<u32>| bound.map_or_else(String::new, |bound| (bound / times).to_string());
    match range {
        Some(range) => [text(range.min()), text(range.max())],
        None => Default::default(),
    }
}

fn truck(truck: &str, [tonnes, cubic_metres]: &[String; 2]) -> Result<Option<WeightVolume>, Wrong> {
    let parsed = |text: &str| WeightVolume::parse(text).map(Some).ok_or(Wrong);
    match truck {
        "" => Ok(None),
        OTHER => {
            let number = |text: &str| text.trim().replace(',', ".");
            parsed(&format!("{}-{}", number(tonnes), number(cubic_metres)))
        }
        preset => parsed(preset),
    }
}

/// Which truck is chosen for a filter, and what is typed if it is another.
pub fn truck_of(filter: Option<WeightVolume>) -> (&'static str, [String; 2]) {
    let Some(filter) = filter else {
        return Default::default();
    };
    let preset = PRESETS
        .iter()
        .find(|preset| WeightVolume::parse(preset) == Some(filter));
    match preset {
        Some(preset) => (preset, Default::default()),
        None => {
            let (tonnes, cubic_metres) = filter.parts();
            (OTHER, [tonnes, cubic_metres])
        }
    }
}

/// A preset in words: `20 т, 83 м³`.
pub fn preset_said(preset: &str) -> String {
    let words = words();
    let (tonnes, cubic_metres) = preset.split_once('-').unwrap_or_default();
    let point = |number: &str| number.replace('.', &words.decimal_point.to_string());
    format!(
        "{}\u{a0}{}, {}\u{a0}{}",
        point(tonnes),
        words.tonnes,
        point(cubic_metres),
        words.cubic_metres
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(min: &str, max: &str) -> [String; 2] {
        [min.to_owned(), max.to_owned()]
    }

    #[test]
    fn a_range_is_what_is_typed_in_the_units_of_the_filter() {
        let bounds =
            |min, max| parse_range(&texts(min, max), 100).map(|range| range.map(Range::bounds));
        assert_eq!(bounds("10 000", ""), Ok(Some((1_000_000, u32::MAX))));
        assert_eq!(bounds("", "90"), Ok(Some((0, 9_000))));
        assert_eq!(bounds(" 1\u{a0}000 ", "2000"), Ok(Some((100_000, 200_000))));
        assert_eq!(bounds("", ""), Ok(None));
        assert_eq!(bounds("0", ""), Ok(None));
        for (min, max) in [
            ("5", "4"),
            ("-5", ""),
            ("a", ""),
            ("1.5", ""),
            ("", "99999999999"),
            ("", "42949673"),
        ] {
            assert_eq!(bounds(min, max), Err(Wrong), "{min} {max}");
        }
    }

    #[test]
    fn a_truck_is_one_of_the_usual_or_what_is_typed() {
        for preset in PRESETS {
            let filter = truck(preset, &texts("", "")).unwrap();
            assert_eq!(filter, WeightVolume::parse(preset), "{preset}");
            assert_eq!(truck_of(filter).0, preset);
        }
        let typed = truck(OTHER, &texts(" 2,5", "16 ")).unwrap();
        assert_eq!(typed.unwrap().to_string(), "2.5-16");
        assert_eq!(truck_of(typed), (OTHER, texts("2.5", "16")));
        for wrong in [
            texts("", ""),
            texts("0", "5"),
            texts("5", ""),
            texts("x", "5"),
        ] {
            assert_eq!(truck(OTHER, &wrong), Err(Wrong));
        }
    }

    /// The fields as the form has them for a view.
    fn fields(view: &View) -> Fields {
        let filters = &view.filters;
        let (truck, other_truck) = truck_of(filters.weight_volume);
        Fields {
            mode: filters.mode.as_str().to_owned(),
            start_date: filters
                .start_date
                .map_or_else(String::new, |date| date.to_string()),
            truck: truck.to_owned(),
            other_truck,
            load_types: None,
            truck_types: Some(filters.truck_types.iter().collect()),
            price: range_texts(filters.price, 100),
            price_per_km: range_texts(filters.price_per_km, 100),
            distance: range_texts(filters.distance, 1),
        }
    }

    #[test]
    fn a_view_that_is_not_touched_stays_what_it_is() {
        let query = "mode=all&start_point_id=1&finish_point_id=2&start_date=2026-11-20&weight_volume=7.5-45&load_types=1,2\
                     &truck_types=6&price=1000000,&price_per_km=,9000&distance=300,800&from=Москва&to=Казань&sort=price";
        let view = View::parse(query);
        let city = |point: Option<_>, name: &String| {
            let name = name.clone();
            point.map(|point| City { point, name })
        };
        let cities = [
            city(view.filters.start_point, &view.names.start),
            city(view.filters.finish_point, &view.names.finish),
        ];
        assert_eq!(fields(&view).view(view.clone(), cities), Ok(view));
    }

    #[test]
    fn every_field_that_makes_no_sense_is_named() {
        let fields = Fields {
            truck: OTHER.to_owned(),
            price: texts("5", "4"),
            distance: texts("x", ""),
            ..Fields::default()
        };
        let problems = fields.view(View::default(), [None, None]).unwrap_err();
        let named: Vec<_> = problems.into_iter().map(Problem::field).collect();
        assert_eq!(named, ["price", "distance", "other"]);
    }
}
