//! What is read upstream and kept in records: pages of lists, details, dictionaries.

use std::{collections::HashMap, rc::Rc};

use domain::{
    Cargo, CargoDetail, CargoId, Filters, FreightType, Kopecks, NamedPoint, Page,
    messages::PriceRow,
};
use serde::{Deserialize, Serialize};
use swr::UnixMillis;

/// One thing that CargoTech can be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// A page (from 0) of the list behind these filters.
    List {
        /// Which cargos.
        filters: Filters,
        /// Which page.
        page: u32,
    },
    /// Everything about one cargo.
    Cargo(CargoId),
    /// Places whose name holds this text, in the form of [`domain::dictionary::search_text`].
    Points(String),
    /// All ways to load.
    LoadTypes,
    /// All kinds of trucks.
    TruckTypes,
}

/// What it answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// To [`Resource::List`].
    List(Rc<Page>),
    /// To [`Resource::Cargo`]; none if there is no such cargo.
    Cargo(Option<Rc<CargoDetail>>),
    /// To [`Resource::Points`].
    Points(Rc<[NamedPoint]>),
    /// To [`Resource::LoadTypes`] and [`Resource::TruckTypes`].
    Types(Rc<[FreightType]>),
}

impl Content {
    /// The page of a list.
    pub fn list(&self) -> Option<Rc<Page>> {
        match self {
            Self::List(page) => Some(page.clone()),
            _ => None,
        }
    }

    /// The detail of a cargo; the inner one is none if there is no such cargo.
    pub fn cargo(&self) -> Option<Option<Rc<CargoDetail>>> {
        match self {
            Self::Cargo(detail) => Some(detail.clone()),
            _ => None,
        }
    }

    /// Places.
    pub fn points(&self) -> Option<Rc<[NamedPoint]>> {
        match self {
            Self::Points(points) => Some(points.clone()),
            _ => None,
        }
    }

    /// Ways to load, or kinds of trucks.
    pub fn types(&self) -> Option<Rc<[FreightType]>> {
        match self {
            Self::Types(types) => Some(types.clone()),
            _ => None,
        }
    }

    /// Whether this is the kind of answer that was asked for.
    pub fn answers(&self, resource: &Resource) -> bool {
        matches!(
            (self, resource),
            (Self::List(_), Resource::List { .. })
                | (Self::Cargo(_), Resource::Cargo(_))
                | (Self::Points(_), Resource::Points(_))
                | (Self::Types(_), Resource::LoadTypes | Resource::TruckTypes)
        )
    }

    /// Whether it says that nothing is there. Where there was something a moment ago, that is read again before it is
    /// believed.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::List(page) => page.total == 0,
            Self::Cargo(detail) => detail.is_none(),
            Self::Points(points) => points.is_empty(),
            Self::Types(types) => types.is_empty(),
        }
    }

    /// Takes over from an earlier answer to the same question how prices have moved; see [`Page::remember`].
    pub fn remember(&mut self, before: Option<&Content>, read_at: UnixMillis) {
        if let (Self::List(page), Some(Self::List(before))) = (self, before) {
            Rc::make_mut(page).remember(before, read_at.0);
        }
    }

    /// The prices in it that the earlier answer did not hold.
    pub fn new_prices(&self, before: Option<&Content>) -> Vec<PriceRow> {
        let known: HashMap<CargoId, Option<Kopecks>> = match before {
            Some(before) => before.prices().map(|row| (row.0, row.1)).collect(),
            None => HashMap::new(),
        };
        let is_new = |row: &PriceRow| known.get(&row.0) != Some(&row.1);
        self.prices().filter(is_new).collect()
    }

    fn prices(&self) -> impl Iterator<Item = PriceRow> + '_ {
        let (page, detail) = match self {
            Self::List(page) => (page.cargos.as_slice(), None),
            Self::Cargo(detail) => (&[][..], detail.as_deref().map(|detail| &detail.cargo)),
            Self::Points(_) | Self::Types(_) => (&[][..], None),
        };
        let row = |cargo: &Cargo| PriceRow(cargo.id, cargo.price_kopecks);
        page.iter().chain(detail).map(row)
    }

    /// What it takes in memory, strings included, about.
    pub fn approximate_bytes(&self) -> usize {
        match self {
            Self::List(page) => page.cargos.len() * 512,
            Self::Cargo(detail) => detail.iter().len() * 2_048,
            Self::Points(points) => points.len() * 64,
            Self::Types(types) => types.len() * 96,
        }
    }
}
