//! Entity tags: the name of a state of the price book (RFC 9110, 8.8.3).

use std::fmt;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh64::Xxh64;

use crate::messages::PriceRow;

/// A strong entity tag with its quotes, as it stands in an `ETag` header.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Etag(String);

impl Etag {
    /// The tag of these rows in this order out of `total`. Age is no part of it: prices that did not move keep their tag.
    pub fn of_prices<'a>(total: u32, rows: impl IntoIterator<Item = &'a PriceRow>) -> Self {
        let mut hash = Xxh64::new(u64::from(total));
        for PriceRow(id, price) in rows {
            hash.update(&id.get().to_le_bytes());
            // 0 is no price, so it stands for an absent one.
            hash.update(&price.map_or(0, |price| price.get()).to_le_bytes());
        }
        Self(format!("\"{:016x}\"", hash.digest()))
    }

    /// The tag of anything that was written down, in parts.
    pub fn of_parts<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hash = Xxh64::new(0);
        for part in parts {
            hash.update(part.as_bytes());
        }
        Self(format!("\"{:016x}\"", hash.digest()))
    }

    /// A tag as it stands in a query, with or without its quotes. What is none of ours is a tag that nobody knows.
    pub fn of_query(text: &str) -> Self {
        Self(format!("\"{}\"", text.trim_matches('"')))
    }

    /// The tag without its quotes, as it may stand in a query.
    pub fn bare(&self) -> &str {
        self.0.trim_matches('"')
    }

    /// The tag as a header value.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether an `If-None-Match` header names this tag: a list of tags, weak or strong, or `*`.
    pub fn is_in(&self, if_none_match: &str) -> bool {
        if_none_match.split(',').any(|tag| {
            let tag = tag.trim();
            tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.0
        })
    }
}

impl fmt::Display for Etag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CargoId, Kopecks};

    fn rows(prices: &[(u64, i64)]) -> Vec<PriceRow> {
        prices
            .iter()
            .map(|&(id, price)| PriceRow(CargoId::new(id).unwrap(), Kopecks::new(price)))
            .collect()
    }

    fn tag(total: u32, prices: &[(u64, i64)]) -> Etag {
        Etag::of_prices(total, &rows(prices))
    }

    #[test]
    fn equal_books_have_equal_tags() {
        assert_eq!(tag(2, &[(1, 5), (2, 0)]), tag(2, &[(1, 5), (2, 0)]));
    }

    #[test]
    fn anything_that_a_reader_could_see_changes_the_tag() {
        let base = [(1, 5), (2, 6)];
        let tags = [
            tag(2, &base),
            tag(3, &base),
            tag(2, &[(2, 6), (1, 5)]),
            tag(2, &[(1, 6), (2, 5)]),
            tag(2, &[(1, 5), (2, 0)]),
            tag(2, &[(1, 5)]),
            tag(2, &[]),
            tag(2, &[(1, 5), (2, 6), (3, 0)]),
        ];
        for (i, one) in tags.iter().enumerate() {
            for other in &tags[i + 1..] {
                assert_ne!(one, other);
            }
        }
    }

    #[test]
    fn a_query_may_leave_out_the_quotes() {
        let tag = tag(1, &[(1, 5)]);
        for text in [tag.as_str(), tag.bare()] {
            assert_eq!(Etag::of_query(text), tag);
        }
        assert!(!tag.bare().contains('"'));
        assert_ne!(Etag::of_query("nonsense"), tag);
    }

    #[test]
    fn a_header_may_hold_several_tags() {
        let tag = tag(1, &[(1, 5)]);
        let text = tag.as_str();
        for header in [
            text.to_owned(),
            format!("\"other\", {text}"),
            format!("W/{text}"),
            "*".into(),
        ] {
            assert!(tag.is_in(&header), "{header}");
        }
        for header in ["", "\"other\"", text.trim_matches('"')] {
            assert!(!tag.is_in(header), "{header}");
        }
    }
}
