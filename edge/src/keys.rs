//! The names of records: `scope/endpoint/hash of the canonical filters/page`.

use std::{borrow::Borrow, fmt, fmt::Write};

use domain::Filters;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Who shares records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All drivers of the CargoTech account.
    Account,
    /// Nobody: each driver has his own.
    User,
}

/// The name of one page record, in KV as well as of its object. At most 64 bytes long.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordKey(String);

impl RecordKey {
    /// The page (from 0) of the list that `driver_id` sees through these filters.
    pub fn of_list(scope: Scope, driver_id: i64, filters: &Filters, page: u32) -> Self {
        let hash = Sha256::digest(filters.to_query());
        let mut key = match scope {
            Scope::Account => "account/cargos/".to_owned(),
            Scope::User => Self::prefix_of_user(driver_id) + "cargos/",
        };
        // 128 bits: two different queries never meet.
        for byte in &hash[..16] {
            let _ = write!(key, "{byte:02x}");
        }
        let _ = write!(key, "/{page}");
        Self(key)
    }

    /// How the names of all records of a driver begin, where drivers have records of their own.
    pub fn prefix_of_user(driver_id: i64) -> String {
        format!("u{driver_id}/")
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
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
    use super::*;

    fn key(scope: Scope, driver_id: i64, query: &str, page: u32) -> RecordKey {
        let filters = Filters::parse(query).unwrap();
        RecordKey::of_list(scope, driver_id, &filters, page)
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
    }

    #[test]
    fn different_queries_have_different_keys() {
        let keys = [
            key(Scope::Account, 1, "", 0),
            key(Scope::Account, 1, "", 1),
            key(Scope::Account, 1, "mode=all", 0),
            key(Scope::Account, 1, "start_point_id=1", 0),
            key(Scope::Account, 1, "finish_point_id=1", 0),
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
