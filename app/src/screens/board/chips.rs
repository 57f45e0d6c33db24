//! The filters that are on, each with a way to take it off.

use cards::{
    html::Escaped,
    text::{self, words},
};
use domain::{
    Filters, Kopecks,
    filters::{Point, Range},
};

use crate::view::{CityNames, View};

/// A filter that can be on. Whose cargos are shown is a choice, not a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Filter {
    Start,
    Finish,
    StartDate,
    Truck,
    LoadTypes,
    TruckTypes,
    Price,
    PricePerKm,
    Distance,
}

impl Filter {
    /// In the order in which they are shown.
    pub const ALL: [Self; 9] = [
        Self::Start,
        Self::Finish,
        Self::StartDate,
        Self::Truck,
        Self::LoadTypes,
        Self::TruckTypes,
        Self::Price,
        Self::PricePerKm,
        Self::Distance,
    ];

    /// The one of this number.
    pub fn of_number(number: &str) -> Option<Self> {
        Self::ALL.get(number.parse::<usize>().ok()?).copied()
    }

    /// What its chip says, if it is on.
    fn said(self, filters: &Filters, names: &CityNames) -> Option<String> {
        let words = words();
        let point = |name: &str, point: Option<Point>, arrow: &str| {
            point.map(|point| {
                let radius = text::distance(point.radius_km);
                let name = if name.is_empty() { words.no_city } else { name };
                format!("{arrow}{name} +{radius}")
            })
        };
        let roubles = |range: Range| {
            let rouble = |bound: Option<u32>| {
                bound.and_then(|kopecks| Some(Kopecks::new(kopecks.into())?.to_string()))
            };
            between(rouble(range.min()), rouble(range.max()))
        };
        match self {
            Self::Start => point(&names.start, filters.start_point, ""),
            Self::Finish => point(&names.finish, filters.finish_point, "→ "),
            Self::StartDate => filters
                .start_date
                .map(|date| format!("{} {}", words.since, text::date(date))),
            Self::Truck => filters.weight_volume.map(|truck| {
                let (tonnes, cubic_metres) = truck.parts();
                let point = |number: String| number.replace('.', &words.decimal_point.to_string());
                format!(
                    "≤ {} {}, {} {}",
                    point(tonnes),
                    words.tonnes,
                    point(cubic_metres),
                    words.cubic_metres
                )
            }),
            Self::LoadTypes => counted(words.load_types, filters.load_types.iter().count()),
            Self::TruckTypes => counted(words.truck_types, filters.truck_types.iter().count()),
            Self::Price => filters.price.map(roubles),
            Self::PricePerKm => filters
                .price_per_km
                .map(|range| format!("{}/{}", roubles(range), words.km)),
            Self::Distance => filters.distance.map(|range| {
                between(
                    range.min().map(text::distance),
                    range.max().map(text::distance),
                )
            }),
        }
    }

    /// Takes it off.
    pub fn reset(self, view: &mut View) {
        let filters = &mut view.filters;
        let default = Filters::default();
        match self {
            Self::Start => filters.start_point = None,
            Self::Finish => filters.finish_point = None,
            Self::StartDate => filters.start_date = None,
            Self::Truck => filters.weight_volume = None,
            Self::LoadTypes => filters.load_types = default.load_types,
            Self::TruckTypes => filters.truck_types = default.truck_types,
            Self::Price => filters.price = None,
            Self::PricePerKm => filters.price_per_km = None,
            Self::Distance => filters.distance = None,
        }
        view.forget_unused_names();
    }
}

fn counted(name: &str, count: usize) -> Option<String> {
    (count > 0).then(|| format!("{name}: {count}"))
}

/// `от 5 до 9`, `от 5`, `до 9`.
fn between(min: Option<String>, max: Option<String>) -> String {
    let words = words();
    let bounds = [(words.from, min), (words.to, max)];
    let said: Vec<String> = bounds
        .into_iter()
        .filter_map(|(word, bound)| Some(format!("{word} {}", bound?)))
        .collect();
    said.join(" ")
}

/// How many filters are on.
pub fn count(view: &View) -> usize {
    on(view).len()
}

fn on(view: &View) -> Vec<(Filter, String)> {
    Filter::ALL
        .into_iter()
        .filter_map(|filter| Some((filter, filter.said(&view.filters, &view.names)?)))
        .collect()
}

/// The chips: each is a button that takes its filter off.
pub fn html(view: &View) -> String {
    let remove = words().remove;
    let chip = |(filter, said): (Filter, String)| {
        let said = Escaped(&said);
        let number = filter as usize;
        format!(
            "<button type=\"button\" class=\"chip on\" data-filter=\"{number}\" aria-label=\"{remove}: {said}\">{said}</button>"
        )
    };
    on(view).into_iter().map(chip).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chip_is_known_by_its_number_and_says_no_more_than_it_says() {
        for filter in Filter::ALL {
            assert_eq!(
                Filter::of_number(&(filter as usize).to_string()),
                Some(filter)
            );
        }
        assert_eq!(Filter::of_number("9"), None);
        let html = html(&View::parse("start_point_id=1&from=<i>"));
        assert!(
            html.contains("&lt;i&gt;") && !html.contains("<i>"),
            "{html}"
        );
    }

    #[test]
    fn each_filter_says_what_it_is_and_comes_off_alone() {
        let query = "start_point_id=1&finish_point_id=2&finish_point_radius=100&start_date=2026-11-20&weight_volume=7.5-45\
                     &load_types=1,2&truck_types=6&price=1000000,&price_per_km=,9000&distance=300,800&from=Москва&to=Казань";
        let view = View::parse(query);
        let said: Vec<String> = on(&view)
            .into_iter()
            .map(|(_, said)| said.replace('\u{a0}', "_"))
            .collect();
        assert_eq!(
            said,
            [
                "Москва +50_км",
                "→ Казань +100_км",
                "с 20_ноя",
                "≤ 7,5 т, 45 м³",
                "Загрузка: 2",
                "Кузов: 1",
                "от 10_000_₽",
                "до 90_₽/км",
                "от 300_км до 800_км",
            ]
        );
        for filter in Filter::ALL {
            let mut without = view.clone();
            filter.reset(&mut without);
            assert_eq!(count(&without), 8, "{filter:?}");
            assert!(on(&without).iter().all(|(other, _)| *other != filter));
        }
    }
}
