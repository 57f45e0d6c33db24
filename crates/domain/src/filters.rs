//! Which cargos a driver asks for. A [`Filters`] exists only when it is valid.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Date, FieldError, query::Parameters, query::whole_number};

/// Whose cargos: those offered to the account itself, or all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// The account's own.
    #[default]
    My,
    /// Everybody's.
    All,
}

impl Mode {
    /// The word in a query, here and at CargoTech.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::My => "my",
            Self::All => "all",
        }
    }
}

/// A place of the points dictionary and what lies around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Point {
    /// Its id, 1 or more.
    pub id: u32,
    /// Its type, 1 or more; 2 is a city.
    pub kind: u32,
    /// How far from it a cargo may lie, `0..=1000` kilometres.
    pub radius_km: u32,
}

impl Point {
    /// The type of a city, assumed where none is given.
    pub const CITY: u32 = 2;
    /// The radius where none is given.
    pub const RADIUS_KM: u32 = 50;
    /// The largest radius.
    pub const MAX_RADIUS_KM: u32 = 1_000;
}

/// Bounds of a whole number, both of them included; one is there at least.
///
/// `Display` is the form of a query: `100,`, `,500`, `100,500`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Range {
    min: Option<u32>,
    max: Option<u32>,
}

impl Range {
    /// `None` if the bounds keep nothing out, or everything.
    pub fn new(min: Option<u32>, max: Option<u32>) -> Option<Self> {
        let range = Self {
            min: min.filter(|&min| min > 0),
            max,
        };
        let some = range.min.is_some() || range.max.is_some();
        (some && range.bounds().0 <= range.bounds().1).then_some(range)
    }

    /// The lowest number in it, if it has one above 0.
    pub fn min(self) -> Option<u32> {
        self.min
    }

    /// The highest number in it, if it has one.
    pub fn max(self) -> Option<u32> {
        self.max
    }

    /// The lowest and the highest number in it.
    pub fn bounds(self) -> (u32, u32) {
        (self.min.unwrap_or(0), self.max.unwrap_or(u32::MAX))
    }

    /// `None` in the inner place for bounds that keep nothing out.
    fn parse(text: &str) -> Result<Option<Self>, &'static str> {
        const EXPECTED: &str = "expected two whole numbers separated by a comma, the lower first; either may be left out";
        let bound = |text: &str| match text {
            "" => Ok(None),
            digits => whole_number(digits, &(0..=u32::MAX)).map(Some),
        };
        let (min, max) = text.split_once(',').ok_or(EXPECTED)?;
        let (min, max) = (
            bound(min).map_err(|_| EXPECTED)?,
            bound(max).map_err(|_| EXPECTED)?,
        );
        let all = min.unwrap_or(0) == 0 && max.is_none();
        match Self::new(min, max) {
            None if !all => Err(EXPECTED),
            range => Ok(range),
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (before, bound) in [("", self.min), (",", self.max)] {
            f.write_str(before)?;
            if let Some(bound) = bound {
                write!(f, "{bound}")?;
            }
        }
        Ok(())
    }
}

/// A decimal number in thousandths, so that equal numbers are equal however they were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Thousandths(u32);

impl Thousandths {
    /// Digits, and at most three more behind a point.
    fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) || fraction.len() > 3 {
            return None;
        }
        let whole: u32 = whole.parse().ok()?;
        let fraction: u32 = format!("{fraction:0<3}").parse().ok()?;
        whole.checked_mul(1000)?.checked_add(fraction).map(Self)
    }
}

impl fmt::Display for Thousandths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0 / 1000)?;
        match self.0 % 1000 {
            0 => Ok(()),
            rest => write!(f, ".{}", format!("{rest:03}").trim_end_matches('0')),
        }
    }
}

/// The most that the truck takes: 0.1..=1000 tonnes and 0.1..=200 cubic metres, to the third decimal.
///
/// `Display` is the form that CargoTech reads: `7.5-45`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WeightVolume {
    tonnes: Thousandths,
    cubic_metres: Thousandths,
}

impl WeightVolume {
    /// `tonnes-cubic metres`; `None` for anything else, and beyond the bounds.
    pub fn parse(text: &str) -> Option<Self> {
        let (tonnes, cubic_metres) = text.split_once('-')?;
        let (tonnes, cubic_metres) = (
            Thousandths::parse(tonnes)?,
            Thousandths::parse(cubic_metres)?,
        );
        ((100..=1_000_000).contains(&tonnes.0) && (100..=200_000).contains(&cubic_metres.0))
            .then_some(Self {
                tonnes,
                cubic_metres,
            })
    }
}

impl WeightVolume {
    /// Tonnes and cubic metres, with a decimal point.
    pub fn parts(self) -> (String, String) {
        (self.tonnes.to_string(), self.cubic_metres.to_string())
    }
}

impl fmt::Display for WeightVolume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.tonnes, self.cubic_metres)
    }
}

/// A set of ids from a dictionary: ascending, none twice. Empty means no filter.
///
/// `Display` is the form that CargoTech reads: `1,6`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ids(Vec<u32>);

impl Ids {
    /// So many may be named: more than any dictionary of CargoTech holds.
    pub const MOST: usize = 100;

    fn parse(text: &str) -> Result<Self, String> {
        let mut ids = Vec::new();
        for (named, id) in text.split(',').enumerate() {
            if named == Self::MOST {
                return Err(format!("expected at most {} ids", Self::MOST));
            }
            let id = whole_number(id, &(0..=u32::MAX))
                .map_err(|_| "expected ids separated by commas".to_owned())?;
            if let Err(at) = ids.binary_search(&id) {
                ids.insert(at, id);
            }
        }
        Ok(Self(ids))
    }

    /// Whether nothing is filtered.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is one of them.
    pub fn contains(&self, id: u32) -> bool {
        self.0.binary_search(&id).is_ok()
    }

    /// They, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().copied()
    }

    /// Adds an id, or takes it out if it is there.
    pub fn toggle(&mut self, id: u32) {
        match self.0.binary_search(&id) {
            Ok(at) => {
                self.0.remove(at);
            }
            Err(at) if self.0.len() < Self::MOST => self.0.insert(at, id),
            Err(_) => {}
        }
    }
}

impl fmt::Display for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, id) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            write!(f, "{id}")?;
        }
        Ok(())
    }
}

/// A valid set of filters in canonical form: equal queries are equal values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filters {
    /// Whose cargos.
    pub mode: Mode,
    /// Loaded here or near by.
    pub start_point: Option<Point>,
    /// Unloaded here or near by.
    pub finish_point: Option<Point>,
    /// Loaded on this day or later.
    pub start_date: Option<Date>,
    /// Fits the truck.
    pub weight_volume: Option<WeightVolume>,
    /// Any of these ways to load.
    pub load_types: Ids,
    /// Any of these trucks.
    pub truck_types: Ids,
    /// What the carrier gets, in kopecks.
    pub price: Option<Range>,
    /// The same for each kilometre.
    pub price_per_km: Option<Range>,
    /// Kilometres by road.
    pub distance: Option<Range>,
}

impl Filters {
    /// Reads a query string (without `?`), ignoring what is no filter.
    ///
    /// # Errors
    /// One entry for each wrong parameter.
    pub fn parse(query: &str) -> Result<Self, Vec<FieldError>> {
        let mut parameters = Parameters::new(query);
        let filters = Self::take(&mut parameters);
        parameters.finish(filters)
    }

    pub(crate) fn take(parameters: &mut Parameters<'_>) -> Self {
        Self {
            mode: parameters
                .take("mode", |text| match text {
                    "my" => Ok(Mode::My),
                    "all" => Ok(Mode::All),
                    _ => Err("expected my or all"),
                })
                .unwrap_or_default(),
            start_point: point(parameters, START_POINT),
            finish_point: point(parameters, FINISH_POINT),
            start_date: parameters.take("start_date", str::parse::<Date>),
            weight_volume: parameters
                .take("weight_volume", |text| match text {
                    "any" => Ok(None),
                    _ => WeightVolume::parse(text).map(Some).ok_or(
                        "expected tonnes-cubic metres, such as 7.5-45: 0.1 to 1000 t and 0.1 to 200 m3, \
                         at most three decimals; or any",
                    ),
                })
                .flatten(),
            load_types: parameters.take("load_types", Ids::parse).unwrap_or_default(),
            truck_types: parameters.take("truck_types", Ids::parse).unwrap_or_default(),
            price: parameters.take("price", Range::parse).flatten(),
            price_per_km: parameters.take("price_per_km", Range::parse).flatten(),
            distance: parameters.take("distance", Range::parse).flatten(),
        }
    }

    /// The canonical query string: defaults left out, one order, one spelling. Equal filters give equal strings,
    /// different ones never, and [`Filters::parse`] reads it back.
    pub fn to_query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if self.mode != Mode::default() {
            query.append_pair("mode", self.mode.as_str());
        }
        for (point, [id, kind, radius]) in [
            (self.start_point, START_POINT),
            (self.finish_point, FINISH_POINT),
        ] {
            if let Some(point) = point {
                query.append_pair(id, &point.id.to_string());
                if point.kind != Point::CITY {
                    query.append_pair(kind, &point.kind.to_string());
                }
                if point.radius_km != Point::RADIUS_KM {
                    query.append_pair(radius, &point.radius_km.to_string());
                }
            }
        }
        if let Some(date) = self.start_date {
            query.append_pair("start_date", &date.to_string());
        }
        if let Some(weight_volume) = self.weight_volume {
            query.append_pair("weight_volume", &weight_volume.to_string());
        }
        for (name, ids) in [
            ("load_types", &self.load_types),
            ("truck_types", &self.truck_types),
        ] {
            if !ids.is_empty() {
                query.append_pair(name, &ids.to_string());
            }
        }
        for (name, range) in [
            ("price", self.price),
            ("price_per_km", self.price_per_km),
            ("distance", self.distance),
        ] {
            if let Some(range) = range {
                query.append_pair(name, &range.to_string());
            }
        }
        query.finish()
    }
}

/// As the canonical query.
impl Serialize for Filters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_query())
    }
}

impl<'de> Deserialize<'de> for Filters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let query = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&query).map_err(|_| serde::de::Error::custom("no valid filters"))
    }
}

/// The parameters of a point: its id, its type, and how far from it a cargo may lie.
const START_POINT: [&str; 3] = ["start_point_id", "start_point_type", "start_point_radius"];
const FINISH_POINT: [&str; 3] = [
    "finish_point_id",
    "finish_point_type",
    "finish_point_radius",
];

fn point(parameters: &mut Parameters<'_>, [id, kind, radius]: [&str; 3]) -> Option<Point> {
    let kind = parameters.number(kind, 1..=u32::MAX);
    let radius_km = parameters.number(radius, 0..=Point::MAX_RADIUS_KM);
    let id = parameters.number(id, 1..=u32::MAX)?;
    Some(Point {
        id,
        kind: kind.unwrap_or(Point::CITY),
        radius_km: radius_km.unwrap_or(Point::RADIUS_KM),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical(query: &str) -> String {
        Filters::parse(query).unwrap().to_query()
    }

    #[test]
    fn every_filter_is_read() {
        let filters = Filters::parse(
            "mode=all&start_point_id=12&start_point_type=3&finish_point_id=7&start_date=2026-11-20\
             &weight_volume=7.5-45&load_types=3,1&truck_types=6&finish_point_radius=100\
             &price=100000,&price_per_km=,9000&distance=300,800",
        )
        .unwrap();
        assert_eq!(filters.mode, Mode::All);
        let point = |id, kind, radius_km| {
            Some(Point {
                id,
                kind,
                radius_km,
            })
        };
        assert_eq!(filters.start_point, point(12, 3, 50));
        assert_eq!(filters.finish_point, point(7, Point::CITY, 100));
        let bounds = |range: Option<Range>| range.unwrap().bounds();
        assert_eq!(bounds(filters.price), (100_000, u32::MAX));
        assert_eq!(bounds(filters.price_per_km), (0, 9_000));
        assert_eq!(bounds(filters.distance), (300, 800));
        assert_eq!(filters.start_date, Date::new(2026, 11, 20));
        assert_eq!(filters.weight_volume.unwrap().to_string(), "7.5-45");
        assert_eq!(filters.load_types.to_string(), "1,3");
        assert_eq!(filters.truck_types.to_string(), "6");
    }

    #[test]
    fn a_wrong_value_names_its_field() {
        for (field, values) in [
            ("mode", &["MY", "any", "1"][..]),
            (
                "start_point_id",
                &["0", "-1", "1.5", "Moscow", "4294967296"],
            ),
            ("start_point_type", &["0", "x"]),
            ("finish_point_id", &["0"]),
            ("finish_point_type", &["0"]),
            (
                "start_date",
                &["2026-02-30", "20.11.2026", "2026-11-20T00:00"],
            ),
            (
                "weight_volume",
                &[
                    "20",
                    "20-",
                    "-83",
                    "0-83",
                    "0.09-9",
                    "1001-9",
                    "20-201",
                    "20-0",
                    "1e1-9",
                    "1.2345-9",
                    "20–83",
                    "a-b",
                    "1.-2",
                    ".5-2",
                    "4294968-1",
                ],
            ),
            (
                "load_types",
                &["a", "1,", ",1", "1,,2", "1 2", "-1", "4294967296"],
            ),
            ("truck_types", &["1;2"]),
            ("start_point_radius", &["-1", "1001", "1.5"]),
            (
                "price",
                &["5", "9,5", "a,b", "1,2,3", "-1,5", "1,4294967296"],
            ),
            ("price_per_km", &["1.5,"]),
            ("distance", &["5,4", ";"]),
        ] {
            for value in values {
                let query = form_urlencoded::Serializer::new(String::new())
                    .append_pair(field, value)
                    .finish();
                let errors = Filters::parse(&query).unwrap_err();
                assert_eq!(errors.len(), 1, "{query}");
                assert_eq!(errors[0].field, field, "{query}");
            }
        }
    }

    #[test]
    fn what_forms_send_for_nothing_is_no_filter() {
        let query = "mode=&start_point_id=&start_point_type=&start_date=&weight_volume=any&load_types=&truck_types=";
        assert_eq!(Filters::parse(query).unwrap(), Filters::default());
        assert_eq!(canonical(query), "");
    }

    #[test]
    fn equal_queries_have_one_canonical_form() {
        for (one, other) in [
            ("mode=my", ""),
            ("start_point_id=5&start_point_type=2", "start_point_id=5"),
            ("start_point_id=05", "start_point_id=5"),
            ("start_point_type=3", ""),
            ("weight_volume=1.50-9.0", "weight_volume=1.5-9"),
            ("load_types=3,1,3", "load_types=1,3"),
            ("truck_types=6&mode=all", "mode=all&truck_types=6&_rid=17"),
            ("weight_volume=20%2D83", "weight_volume=20-83"),
            ("start_point_id=5&start_point_radius=50", "start_point_id=5"),
            ("start_point_radius=100", ""),
            ("price=,", ""),
            ("price=0,", ""),
            ("distance=0,500", "distance=,500"),
            ("distance=00100,500", "distance=100,500"),
        ] {
            assert_eq!(canonical(one), canonical(other), "{one} and {other}");
        }
    }

    #[test]
    fn ids_stay_in_order_when_one_is_toggled() {
        let mut ids = Ids::default();
        for id in [7, 3, 5, 3, 9] {
            ids.toggle(id);
        }
        assert_eq!(ids.iter().collect::<Vec<_>>(), [5, 7, 9]);
        assert!(ids.contains(7) && !ids.contains(3));
    }

    #[test]
    fn too_many_ids_are_refused() {
        let ids = (0..101)
            .map(|id| id.to_string())
            .collect::<Vec<_>>()
            .join(",");
        assert!(Filters::parse(&format!("load_types={ids}")).is_err());
        let repeated = vec!["7"; 101].join(",");
        assert!(Filters::parse(&format!("load_types={repeated}")).is_err());
    }

    fn point() -> impl Strategy<Value = Option<Point>> {
        let point = (1_u32.., 1_u32..4, 0..=Point::MAX_RADIUS_KM);
        proptest::option::of(point.prop_map(|(id, kind, radius_km)| Point {
            id,
            kind,
            radius_km,
        }))
    }

    fn range() -> impl Strategy<Value = Option<Range>> {
        any::<(Option<u32>, Option<u32>)>().prop_map(|(min, max)| Range::new(min, max))
    }

    fn ids() -> impl Strategy<Value = Ids> {
        proptest::collection::btree_set(any::<u32>(), 0..5)
            .prop_map(|ids| Ids(ids.into_iter().collect()))
    }

    prop_compose! {
        fn filters()(
            all in any::<bool>(),
            start_point in point(),
            finish_point in point(),
            date in proptest::option::of((1900_u16..3000, 1_u8..=12, 1_u8..=28)),
            weight_volume in proptest::option::of((100_u32..=1_000_000, 100_u32..=200_000)),
            load_types in ids(),
            truck_types in ids(),
            price in range(),
            price_per_km in range(),
            distance in range(),
        ) -> Filters {
            Filters {
                mode: if all { Mode::All } else { Mode::My },
                start_point,
                finish_point,
                start_date: date.and_then(|(year, month, day)| Date::new(year, month, day)),
                weight_volume: weight_volume.map(|(tonnes, cubic_metres)| WeightVolume {
                    tonnes: Thousandths(tonnes),
                    cubic_metres: Thousandths(cubic_metres),
                }),
                load_types,
                truck_types,
                price,
                price_per_km,
                distance,
            }
        }
    }

    proptest! {
        /// Reading back what was written gives the same value: so no two different filters share a canonical form.
        #[test]
        fn the_canonical_form_reads_back(filters in filters()) {
            prop_assert_eq!(Filters::parse(&filters.to_query()), Ok(filters.clone()));
            let message = serde_json::to_string(&filters).unwrap();
            prop_assert_eq!(serde_json::from_str::<Filters>(&message).unwrap(), filters);
        }

        #[test]
        fn any_text_at_all_is_read_or_refused(query in "\\PC*") {
            let _ = Filters::parse(&query);
        }
    }
}
