//! What the driver looks at, as the address tells it: a link reproduces a view.

use domain::{CargoId, Filters};

/// In which order loaded cards stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// As CargoTech gives them.
    #[default]
    Newest,
    /// The highest price first.
    Price,
    /// The highest price for each kilometre first.
    PricePerKm,
    /// The shortest way first.
    Distance,
}

impl Sort {
    /// In the order in which they are offered, with their names in addresses.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Newest, "newest"),
        (Self::Price, "price"),
        (Self::PricePerKm, "price_per_km"),
        (Self::Distance, "distance"),
    ];

    /// Its name in addresses.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// The one of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        let named = Self::ALL.iter().find(|(_, known)| *known == name);
        named.map(|(sort, _)| *sort)
    }
}

/// Which cards are shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    /// Which cargos match.
    pub filters: Filters,
    /// The names of the two cities, which the filters know by their ids only.
    pub names: CityNames,
    /// In which order.
    pub sort: Sort,
}

/// Names of the cities of loading and unloading; empty where there is no filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CityNames {
    /// Of loading.
    pub start: String,
    /// Of unloading.
    pub finish: String,
}

/// All of the address.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Address {
    /// Which cards.
    pub view: View,
    /// Whether those that are watched.
    pub watched: bool,
    /// The cargo whose own screen is open.
    pub cargo: Option<CargoId>,
}

impl View {
    /// Reads a query; what is wrong in it counts as absent.
    pub fn parse(query: &str) -> Self {
        let mut view = Self {
            filters: Filters::parse(query).unwrap_or_default(),
            ..Self::default()
        };
        for (name, value) in pairs(query) {
            match name.as_ref() {
                "from" => view.names.start = value.into_owned(),
                "to" => view.names.finish = value.into_owned(),
                "sort" => view.sort = Sort::of_name(&value).unwrap_or_default(),
                _ => {}
            }
        }
        view.forget_unused_names();
        view
    }

    /// The query that [`View::parse`] reads back.
    pub fn to_query(&self) -> String {
        let mut query = self.filters.to_query();
        let names = [("from", &self.names.start), ("to", &self.names.finish)];
        for (name, value) in names {
            if !value.is_empty() {
                append(&mut query, name, value);
            }
        }
        if self.sort != Sort::default() {
            append(&mut query, "sort", self.sort.name());
        }
        query
    }

    /// A name without its filter is none.
    pub fn forget_unused_names(&mut self) {
        if self.filters.start_point.is_none() {
            self.names.start.clear();
        }
        if self.filters.finish_point.is_none() {
            self.names.finish.clear();
        }
    }
}

impl Address {
    /// Reads a query; what is wrong in it counts as absent.
    pub fn parse(query: &str) -> Self {
        let mut address = Self {
            view: View::parse(query),
            ..Self::default()
        };
        for (name, value) in pairs(query) {
            match name.as_ref() {
                "tab" => address.watched = value == "watched",
                "cargo" => address.cargo = value.parse().ok(),
                _ => {}
            }
        }
        address
    }

    /// The query that [`Address::parse`] reads back.
    pub fn to_query(&self) -> String {
        let mut query = self.view.to_query();
        if self.watched {
            append(&mut query, "tab", "watched");
        }
        if let Some(cargo) = self.cargo {
            append(&mut query, "cargo", &cargo.to_string());
        }
        query
    }

    /// Whether the query says which cards to show.
    pub fn names_a_view(query: &str) -> bool {
        View::parse(query) != View::default()
    }
}

fn pairs(query: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(query.as_bytes())
}

fn append(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(name);
    query.push('=');
    query.extend(form_urlencoded::byte_serialize(value.as_bytes()));
}

/// The cargo of a deep link: `cargo_6236980507`.
pub fn cargo_of_start_parameter(parameter: &str) -> Option<CargoId> {
    parameter.strip_prefix("cargo_")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back_what_it_tells() {
        let query = "mode=all&start_point_id=12&load_types=1%2C3&price=1000%2C&from=%D0%A2%D0%B2%D0%B5%D1%80%D1%8C&sort=price&tab=watched&cargo=5";
        let address = Address::parse(query);
        assert_eq!(address.view.names.start, "Тверь");
        assert_eq!(address.view.sort, Sort::Price);
        assert_eq!((address.watched, address.cargo), (true, CargoId::new(5)));
        assert_eq!(Address::parse(&address.to_query()), address);
        assert_eq!(Address::default().to_query(), "");
    }

    #[test]
    fn what_makes_no_sense_is_absent() {
        let nothing = Address::default();
        for query in [
            "cargo=x",
            "tab=other",
            "sort=best",
            "mode=theirs",
            "from=Тверь",
            "%",
            "&&=&",
        ] {
            assert_eq!(Address::parse(query), nothing, "{query}");
            assert!(!Address::names_a_view(query));
        }
        assert!(Address::names_a_view("mode=all"));
        assert!(!Address::names_a_view("cargo=5"));
    }

    #[test]
    fn a_deep_link_names_a_cargo() {
        assert_eq!(cargo_of_start_parameter("cargo_5"), CargoId::new(5));
        for other in ["", "cargo_", "cargo_0", "cargo_x", "ref_5", "5"] {
            assert_eq!(cargo_of_start_parameter(other), None, "{other}");
        }
    }
}
