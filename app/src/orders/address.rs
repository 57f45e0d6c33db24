//! What the operator looks at, as the address tells it: a link reproduces it.

use domain::orders::{OrderId, QuoteId, Status};

/// All of the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Which tab.
    pub status: Status,
    /// The part of a number that is searched for; empty where nothing is.
    pub number: String,
    /// What lies over the list, if anything.
    pub screen: Option<Screen>,
}

/// What lies over the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Screen {
    /// An order.
    Order(OrderId),
    /// The calculation of a price, and which one once it has a name.
    Quote(Option<QuoteId>),
}

/// The tabs: the operators' own first.
pub const TABS: [Status; 9] = [
    Status::Approved,
    Status::Started,
    Status::Completed,
    Status::Packaging,
    Status::Submitted,
    Status::PriceCalculated,
    Status::Shipped,
    Status::Closed,
    Status::Cancelled,
];

impl Default for Address {
    fn default() -> Self {
        Self {
            status: TABS[0],
            number: String::new(),
            screen: None,
        }
    }
}

impl Address {
    /// Reads a query; what is wrong in it counts as absent.
    pub fn parse(query: &str) -> Self {
        let mut address = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "status" => address.status = value.parse().unwrap_or(TABS[0]),
                "number" => address.number = searched(&value),
                "order" => address.screen = value.parse().ok().map(Screen::Order),
                "quote" => address.screen = Some(Screen::Quote(value.parse().ok())),
                _ => {}
            }
        }
        address
    }

    /// The query that [`Address::parse`] reads back.
    pub fn to_query(&self) -> String {
        let mut parts = Vec::new();
        if self.status != TABS[0] {
            parts.push(format!("status={}", self.status));
        }
        if !self.number.is_empty() {
            parts.push(format!("number={}", self.number));
        }
        match &self.screen {
            Some(Screen::Order(id)) => parts.push(format!("order={id}")),
            Some(Screen::Quote(Some(id))) => parts.push(format!("quote={id}")),
            Some(Screen::Quote(None)) => parts.push("quote".to_owned()),
            None => {}
        }
        parts.join("&")
    }
}

/// What is searched for when somebody types this: capitals, digits and hyphens. A site may be typed as it is said, `мск-10`.
pub fn searched(typed: &str) -> String {
    const LONGEST: usize = 24;
    let latin = typed.chars().map(|letter| {
        const RUSSIAN: &str = "АБВГДЕЗИКЛМНОПРСТУФ";
        const LATIN: &[u8] = b"ABVGDEZIKLMNOPRSTUF";
        let letter = match letter {
            // The capital letters stand so far above the small ones.
            'а'..='я' => char::from_u32(letter as u32 - 32).unwrap_or(letter),
            _ => letter.to_ascii_uppercase(),
        };
        let at = RUSSIAN.chars().position(|russian| russian == letter);
        at.map_or(letter, |at| char::from(LATIN[at]))
    });
    let kept = latin.filter(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || *c == '-');
    kept.take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back_what_it_tells() {
        for query in [
            "",
            "status=started",
            "status=shipped&number=MSK-10&order=MSK-1042",
            "quote",
            "order=SP-5",
        ] {
            assert_eq!(Address::parse(query).to_query(), query);
        }
        let quote = format!("quote={}", "ab".repeat(32));
        assert_eq!(Address::parse(&quote).to_query(), quote);
    }

    #[test]
    fn what_makes_no_sense_is_absent() {
        for query in [
            "status=new",
            "status=approved",
            "order=5",
            "number=%25",
            "tab=x",
            "%",
            "&&=&",
        ] {
            assert_eq!(Address::parse(query), Address::default(), "{query}");
        }
        assert_eq!(Address::parse("quote=x").screen, Some(Screen::Quote(None)));
    }

    #[test]
    fn numbers_are_found_however_they_are_typed() {
        for (typed, meant) in [
            (" мск-1042 ", "MSK-1042"),
            ("spb-7", "SPB-7"),
            ("№ 10 42", "1042"),
            ("Щ%", ""),
        ] {
            assert_eq!(searched(typed), meant);
        }
    }

    #[test]
    fn there_is_a_tab_for_every_status() {
        assert!(Status::ALL.iter().all(|status| TABS.contains(status)));
    }
}
