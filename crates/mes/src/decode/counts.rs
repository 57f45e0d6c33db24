use domain::orders::{Counts, Status};

use super::{as_of, json, malformed};
use crate::Error;

/// How many orders stand where, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The number of the last change, of any order, at that moment.
    pub as_of: u64,
    /// The numbers.
    pub counts: Counts,
}

/// Reads counts. Statuses that nobody here knows are left out.
///
/// # Errors
/// [`Error::Malformed`] if one of the numbers is none.
pub fn counts(body: &[u8]) -> Result<Counted, Error> {
    let body = json(body)?;
    let as_of = as_of(&body)?;
    let members = body["counts"]
        .as_object()
        .ok_or_else(|| malformed("counts: missing, or no object"))?;
    let mut counts = Counts::default();
    for (name, count) in members {
        let Ok(status) = name.parse::<Status>() else {
            continue;
        };
        let count = count
            .as_u64()
            .ok_or_else(|| malformed(format!("counts: {status} is no number")))?;
        counts.0.insert(status, count);
    }
    Ok(Counted { as_of, counts })
}

#[cfg(test)]
mod tests {
    use super::{super::tests::field, *};

    #[test]
    fn every_known_status_is_counted() {
        let body = br#"{"as_of": 7, "counts": {"submitted": 12, "melted": 3}}"#;
        let counted = counts(body).unwrap();
        assert_eq!(counted.as_of, 7);
        assert_eq!(
            counted.counts.0.into_iter().collect::<Vec<_>>(),
            [(Status::Submitted, 12)]
        );
    }

    #[test]
    fn a_count_that_is_none_spoils_all() {
        assert_eq!(field(counts(br#"{"counts": {}}"#)), "as_of");
        assert_eq!(field(counts(br#"{"as_of": 7}"#)), "counts");
        assert_eq!(
            field(counts(br#"{"as_of": 7, "counts": {"closed": -1}}"#)),
            "counts"
        );
    }
}
