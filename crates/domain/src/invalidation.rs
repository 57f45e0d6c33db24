//! Orders to forget what was read: the messages of `POST /api/internal/invalidate`.

use serde::{Deserialize, Serialize};

use crate::CargoId;

/// Body of `POST /api/internal/invalidate`. It is signed, and good for a minute, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Invalidate {
    /// When it was given, Unix milliseconds.
    #[serde(deserialize_with = "crate::exact::deserialize")]
    pub timestamp: u64,
    /// What is to be forgotten.
    pub target: Target,
}

/// What is to be forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Target {
    /// One page of the list behind these filters.
    Key {
        /// The filters, as they stand in the query of a list.
        filters: String,
        /// Which page of a hundred rows, from 0.
        #[serde(default)]
        page: u32,
        /// Whose, where drivers have records of their own.
        #[serde(default)]
        driver_id: i64,
    },
    /// The detail of one cargo.
    Cargo {
        /// Which.
        id: CargoId,
        /// As this driver sees it, where drivers have records of their own.
        #[serde(default)]
        driver_id: i64,
    },
    /// All dictionaries.
    Dictionaries,
    /// All order boards.
    Boards(Boards),
    /// All records of one driver, where drivers have records of their own.
    User(i64),
    /// All records.
    Everything,
}

/// What is to become of the order boards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Boards {
    /// What they show next they read from the factory.
    Forget,
    /// The same; and the factory counts its changes anew: its database was put back to what it was.
    Renumbered,
    /// Their objects begin anew, with what is in their storage.
    Restart,
}

/// Answer to [`Invalidate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Invalidated {
    /// How many records, or boards.
    pub invalidated: u64,
    /// Whoever demands this with `min_epoch` is served nothing older, whichever of the records he reads.
    pub epoch: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_names_one_target() {
        let order = |target: &str| {
            let body = format!(r#"{{"timestamp":5,"target":{target}}}"#);
            serde_json::from_str::<Invalidate>(&body).map(|order| order.target)
        };
        assert_eq!(order(r#""everything""#).unwrap(), Target::Everything);
        assert_eq!(order(r#"{"user":7}"#).unwrap(), Target::User(7));
        let boards = Target::Boards(Boards::Forget);
        assert_eq!(order(r#"{"boards":"forget"}"#).unwrap(), boards);
        assert_eq!(order(r#""dictionaries""#).unwrap(), Target::Dictionaries);
        let cargo = Target::Cargo {
            id: CargoId::new(5).unwrap(),
            driver_id: 0,
        };
        assert_eq!(order(r#"{"cargo":{"id":"5"}}"#).unwrap(), cargo);
        let key = Target::Key {
            filters: "mode=my".into(),
            page: 0,
            driver_id: 0,
        };
        assert_eq!(order(r#"{"key":{"filters":"mode=my"}}"#).unwrap(), key);
        for wrong in [
            r#""nothing""#,
            "{}",
            r#"{"key":{}}"#,
            r#"{"cargo":{"id":5}}"#,
            r#"{"user":"x"}"#,
            "null",
        ] {
            assert!(order(wrong).is_err(), "{wrong}");
        }
    }
}
