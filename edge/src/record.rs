//! What was read upstream as it is stored: in the object, in KV, in isolate memory.

use serde::{Deserialize, Serialize};
use swr::{Stamp, Stamped};

use crate::resource::Content;

/// The format that this Worker writes. It reads no other: a record of another version is a miss.
const VERSION: u8 = 4;

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

    use domain::Page;
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
        let other = record().encode().replace("\"v\":4", "\"v\":5");
        for text in [other.as_str(), "", "{}", "null", "<html>", r#"{"v":4}"#] {
            assert_eq!(Record::decode(text), None, "{text}");
        }
    }
}
