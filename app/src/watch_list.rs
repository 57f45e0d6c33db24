//! The cargos that a driver watches, newest star first.

use domain::{CargoId, query::MOST_IDS};

/// They.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WatchList(Vec<CargoId>);

/// There is no room for one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl WatchList {
    /// Reads what [`WatchList::to_text`] wrote; what is no id is left out.
    pub fn parse(text: &str) -> Self {
        let mut ids: Vec<CargoId> = Vec::new();
        for id in text.split(',').filter_map(|id| id.parse().ok()) {
            if ids.len() < MOST_IDS && !ids.contains(&id) {
                ids.push(id);
            }
        }
        Self(ids)
    }

    /// Ids with commas.
    pub fn to_text(&self) -> String {
        let ids: Vec<String> = self.0.iter().map(CargoId::to_string).collect();
        ids.join(",")
    }

    /// They, the one starred last first.
    pub fn ids(&self) -> &[CargoId] {
        &self.0
    }

    /// Whether it is one of them.
    pub fn contains(&self, id: CargoId) -> bool {
        self.0.contains(&id)
    }

    /// Adds it, or takes it out if it is there.
    ///
    /// # Errors
    /// If there is no room.
    pub fn toggle(&mut self, id: CargoId) -> Result<(), Full> {
        if let Some(at) = self.0.iter().position(|&known| known == id) {
            self.0.remove(at);
        } else if self.0.len() >= MOST_IDS {
            return Err(Full);
        } else {
            self.0.insert(0, id);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(id: u64) -> CargoId {
        CargoId::new(id).unwrap()
    }

    #[test]
    fn the_last_starred_comes_first_and_a_second_star_takes_it_out() {
        let mut list = WatchList::default();
        for cargo in [1, 2, 3, 2] {
            list.toggle(id(cargo)).unwrap();
        }
        assert_eq!(list.ids(), [id(3), id(1)]);
        assert_eq!(WatchList::parse(&list.to_text()), list);
    }

    #[test]
    fn it_is_bounded_and_takes_nonsense_for_nothing() {
        let mut list = WatchList::default();
        for cargo in 1..=50 {
            list.toggle(id(cargo)).unwrap();
        }
        assert_eq!(list.toggle(id(51)), Err(Full));
        assert_eq!(list.toggle(id(50)), Ok(()));
        assert_eq!(WatchList::parse("5,x,,5,0,7").ids(), [id(5), id(7)]);
        assert_eq!(WatchList::parse("").ids(), []);
    }
}
