//! The names of records: `scope/endpoint/hash of the canonical filters/page`, `scope/cargo/id`, and those of dictionaries.

use std::{borrow::Borrow, fmt, fmt::Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::resource::Resource;

/// Who shares records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All drivers of the CargoTech account.
    Account,
    /// Nobody: each driver has his own.
    User,
}

/// The name of one record, in KV as well as of its object. At most 80 bytes long.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordKey(String);

/// Whose records they are: everybody's, or one driver's where each has his own.
pub type Owner = Option<i64>;

impl Scope {
    /// Whose records this driver reads.
    pub fn owner(self, driver_id: i64) -> Owner {
        match self {
            Self::Account => None,
            Self::User => Some(driver_id),
        }
    }
}

/// How the names of all that belongs to somebody begin.
pub fn prefix_of(owner: Owner) -> String {
    match owner {
        None => "account/".to_owned(),
        Some(driver_id) => format!("u{driver_id}/"),
    }
}

impl RecordKey {
    /// How the names of all dictionaries begin: they are the same for everybody.
    pub const DICTIONARIES: &str = "dictionary/";

    /// The record of what `driver_id` sees of a resource.
    pub fn of(scope: Scope, driver_id: i64, resource: &Resource) -> Self {
        let owner = || prefix_of(scope.owner(driver_id));
        Self(match resource {
            Resource::List { filters, page } => {
                format!("{}cargos/{}/{page}", owner(), hash(&filters.to_query()))
            }
            Resource::Cargo(id) => format!("{}cargo/{id}", owner()),
            Resource::Points(text) => format!("{}points/{}", Self::DICTIONARIES, hash(text)),
            Resource::LoadTypes => format!("{}load_types", Self::DICTIONARIES),
            Resource::TruckTypes => format!("{}truck_types", Self::DICTIONARIES),
        })
    }

    /// Whose record it is.
    pub fn owner(&self) -> Owner {
        let (owner, _) = self.0.split_once('/')?;
        owner.strip_prefix('u')?.parse().ok()
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// 128 bits: two different texts never meet.
fn hash(text: &str) -> String {
    let mut digits = String::with_capacity(32);
    for byte in &Sha256::digest(text)[..16] {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

impl Borrow<str> for RecordKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use domain::{CargoId, Filters};

    use super::*;

    fn key(scope: Scope, driver_id: i64, query: &str, page: u32) -> RecordKey {
        let filters = Filters::parse(query).unwrap();
        RecordKey::of(scope, driver_id, &Resource::List { filters, page })
    }

    fn cargo(id: u64) -> Resource {
        Resource::Cargo(CargoId::new(id).unwrap())
    }

    #[test]
    fn dictionaries_are_the_same_for_everybody_and_cargos_are_not() {
        let of = |scope, driver_id, resource| RecordKey::of(scope, driver_id, &resource);
        let types = of(Scope::User, 1, Resource::LoadTypes);
        assert_eq!(types, of(Scope::Account, 2, Resource::LoadTypes));
        assert!(types.as_str().starts_with(RecordKey::DICTIONARIES));
        assert_eq!(
            of(Scope::Account, 1, cargo(5)),
            of(Scope::Account, 2, cargo(5))
        );
        assert_ne!(of(Scope::User, 1, cargo(5)), of(Scope::User, 2, cargo(5)));
    }

    #[test]
    fn drivers_of_one_account_share_equal_queries() {
        let one = key(Scope::Account, 1, "mode=all&load_types=3,1", 0);
        assert_eq!(
            one,
            key(Scope::Account, 2, "load_types=1,3&mode=all&_rid=9", 0)
        );
    }

    #[test]
    fn drivers_with_records_of_their_own_share_none() {
        assert_ne!(key(Scope::User, 1, "", 0), key(Scope::User, 2, "", 0));
        assert_ne!(key(Scope::User, 1, "", 0), key(Scope::Account, 1, "", 0));
        assert_eq!(key(Scope::User, -7, "", 0).owner(), Some(-7));
        assert_eq!(key(Scope::Account, 1, "", 0).owner(), None);
    }

    #[test]
    fn different_queries_have_different_keys() {
        let keys = [
            key(Scope::Account, 1, "", 0),
            key(Scope::Account, 1, "", 1),
            key(Scope::Account, 1, "mode=all", 0),
            key(Scope::Account, 1, "start_point_id=1", 0),
            key(Scope::Account, 1, "finish_point_id=1", 0),
            RecordKey::of(Scope::Account, 1, &Resource::Points(String::new())),
            RecordKey::of(Scope::Account, 1, &Resource::Points("тверь".into())),
            RecordKey::of(Scope::Account, 1, &Resource::LoadTypes),
            RecordKey::of(Scope::Account, 1, &Resource::TruckTypes),
            RecordKey::of(Scope::Account, 1, &cargo(1)),
            RecordKey::of(Scope::Account, 1, &cargo(2)),
        ];
        for (i, one) in keys.iter().enumerate() {
            assert!(keys[i + 1..].iter().all(|other| other != one));
        }
    }

    #[test]
    fn a_key_is_short_and_readable() {
        let key = key(Scope::User, i64::MIN, "load_types=4294967295,7", u32::MAX);
        assert!(key.as_str().len() <= 80, "{key}");
        assert!(key.as_str().starts_with("u-9223372036854775808/cargos/"));
    }
}
