//! What was read upstream as it is stored: in the object, in KV, in isolate memory.

use serde::{Deserialize, Serialize};
use swr::{Stamp, Stamped};

use crate::resource::{Content, Resource};

/// The format that this Worker writes. It reads no other: a record of another version is a miss.
///
/// While a new version of the Worker is deployed, both read and write the same keys. What the older one reads all the same, a
/// field that may be missing, keeps the number. What it can't read takes two deployments, or its readers go without copies for
/// as long as there are both: the first reads both formats, the second writes the new one.
pub const VERSION: u8 = 4;

/// A content with its stamp.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    #[serde(rename = "v")]
    version: u8,
    /// Where in the order of fetches it stands, and how old it is.
    pub stamp: Stamp,
    /// The content.
    pub content: Content,
}

impl Record {
    /// A record of the present version.
    pub fn new(stamp: Stamp, content: Content) -> Self {
        Self {
            version: VERSION,
            stamp,
            content,
        }
    }

    /// Reads what [`Record::encode`] wrote; `None` for anything else.
    pub fn decode(text: &str) -> Option<Self> {
        serde_json::from_str(text)
            .ok()
            .filter(|record: &Self| record.version == VERSION)
    }

    /// The same of this resource's record: one that holds something else is a miss too.
    pub fn decode_of(resource: &Resource, text: &str) -> Option<Self> {
        Self::decode(text).filter(|record| record.content.answers(resource))
    }

    /// The stored form.
    pub fn encode(&self) -> String {
        serde_json::to_string(self).expect("a record has only string keys and finite numbers")
    }
}

impl Stamped for Record {
    fn stamp(&self) -> Stamp {
        self.stamp
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use domain::{Filters, Page};
    use swr::{Fence, UnixMillis};

    use super::*;

    fn record() -> Record {
        let stamp = Stamp {
            ticket: Fence::default().begin(),
            fetched_at: UnixMillis(5),
            cost: 300,
            waited: 0,
            spread: 7,
        };
        let page = Page {
            total: 3,
            ..Page::default()
        };
        Record::new(stamp, Content::List(Rc::new(page)))
    }

    #[test]
    fn what_was_written_is_read() {
        assert_eq!(Record::decode(&record().encode()), Some(record()));
    }

    #[test]
    fn what_another_version_wrote_is_a_miss() {
        for version in [VERSION - 1, VERSION + 1] {
            let other = record()
                .encode()
                .replace(&format!("\"v\":{VERSION}"), &format!("\"v\":{version}"));
            assert_eq!(Record::decode(&other), None, "{other}");
        }
        for text in ["", "{}", "null", "<html>", r#"{"v":4}"#] {
            assert_eq!(Record::decode(text), None, "{text}");
        }
    }

    #[test]
    fn a_record_of_something_else_is_a_miss() {
        let list = Resource::List {
            filters: Filters::default(),
            page: 0,
        };
        let text = record().encode();
        assert_eq!(Record::decode_of(&list, &text), Some(record()));
        assert_eq!(Record::decode_of(&Resource::LoadTypes, &text), None);
    }
}
