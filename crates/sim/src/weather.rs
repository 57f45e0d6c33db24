//! What goes wrong, and for which calls.
//!
//! Weather is a list of [`Rule`]s. The **first rule that matches a call decides it alone**; a call that no rule
//! matches is fair: answered well, at the simulator's own latency. `POST /_control` replaces the whole list.

use crate::api::Endpoint;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU64;

/// What happens to a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A good answer; of use for its latency.
    #[default]
    Ok,
    /// 500 with Laravel's words.
    Error500,
    /// 503, temporarily unavailable.
    Error503,
    /// 429 however few calls there were.
    Error429,
    /// No answer until the client leaves or the weather changes.
    Hang,
    /// 200, and JSON that ends in the middle.
    Malformed,
    /// 200, and a page in place of JSON.
    Html,
    /// 200, and no rows.
    Empty,
    /// 200, and rows as they never should be; see [`crate::api::odd`].
    Odd,
}

/// One rule of the weather.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What happens to a matching call.
    #[serde(default)]
    pub kind: Kind,
    /// How long a matching call takes, in place of the simulator's own latency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// How much longer it may take, in place of the simulator's own jitter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter_ms: Option<u64>,
    /// Matches only calls of this endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<Endpoint>,
    /// Matches only the page of the list that begins here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// The rule is over after so many matching calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<NonZeroU64>,
    /// Seconds that a 429 tells to wait; 30 unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset_after_s: Option<u64>,
}

impl Rule {
    /// Whether the rule contradicts itself: only the list has pages.
    pub fn never_matches(&self) -> bool {
        self.offset.is_some()
            && self
                .endpoint
                .is_some_and(|endpoint| endpoint != Endpoint::List)
    }

    fn matches(&self, endpoint: Endpoint, offset: Option<u64>) -> bool {
        let endpoint_fits = self.endpoint.is_none_or(|only| only == endpoint);
        let offset_fits = self
            .offset
            .is_none_or(|only| endpoint == Endpoint::List && offset == Some(only));
        endpoint_fits && offset_fits
    }
}

/// The rules that hold.
#[derive(Clone, Debug, Default)]
pub struct Weather {
    rules: Vec<Rule>,
}

impl Weather {
    /// Puts these rules in the place of all that held.
    pub fn replace(&mut self, rules: Vec<Rule>) {
        // Fair weather with nothing else to it is no rule, so that `{"kind": "ok"}` reads back as a clear sky.
        self.rules = rules
            .into_iter()
            .filter(|rule| *rule != Rule::default())
            .collect();
    }

    /// The rules that hold, first to last.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule that decides a call, counted against its `times`. `offset` is that of a list call.
    pub fn strike(&mut self, endpoint: Endpoint, offset: Option<u64>) -> Rule {
        let Some(at) = self
            .rules
            .iter()
            .position(|rule| rule.matches(endpoint, offset))
        else {
            return Rule::default();
        };
        let struck = self.rules[at].clone();
        if let Some(times) = struck.times {
            match NonZeroU64::new(times.get() - 1) {
                Some(left) => self.rules[at].times = Some(left),
                None => {
                    self.rules.remove(at);
                }
            }
        }
        struck
    }

    /// Whether every page of the list comes odd.
    pub fn is_odd_everywhere(&self) -> bool {
        let over_the_list =
            |rule: &&Rule| rule.offset.is_none() && rule.matches(Endpoint::List, None);
        self.rules
            .iter()
            .find(over_the_list)
            .is_some_and(|rule| rule.kind == Kind::Odd)
    }

    /// Whether some page of the list comes odd.
    pub fn is_odd_somewhere(&self) -> bool {
        self.rules
            .iter()
            .any(|rule| rule.kind == Kind::Odd && rule.matches(Endpoint::List, rule.offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weather(rules: &[Rule]) -> Weather {
        let mut weather = Weather::default();
        weather.replace(rules.to_vec());
        weather
    }

    #[test]
    fn the_first_matching_rule_decides() {
        let mut weather = weather(&[
            Rule {
                kind: Kind::Error500,
                offset: Some(100),
                ..Rule::default()
            },
            Rule {
                kind: Kind::Hang,
                endpoint: Some(Endpoint::List),
                ..Rule::default()
            },
            Rule {
                kind: Kind::Error503,
                ..Rule::default()
            },
        ]);
        assert_eq!(
            weather.strike(Endpoint::List, Some(100)).kind,
            Kind::Error500
        );
        assert_eq!(weather.strike(Endpoint::List, Some(0)).kind, Kind::Hang);
        assert_eq!(weather.strike(Endpoint::Login, None).kind, Kind::Error503);
    }

    #[test]
    fn a_rule_with_times_is_over_after_so_many_calls() {
        let mut weather = weather(&[Rule {
            kind: Kind::Html,
            times: NonZeroU64::new(2),
            ..Rule::default()
        }]);
        let kinds = [(); 3].map(|()| weather.strike(Endpoint::Me, None).kind);
        assert_eq!(kinds, [Kind::Html, Kind::Html, Kind::Ok]);
    }

    #[test]
    fn plain_fair_weather_leaves_a_clear_sky() {
        assert_eq!(weather(&[Rule::default()]).rules(), []);
        let slow = Rule {
            latency_ms: Some(1_000),
            ..Rule::default()
        };
        assert_eq!(weather(std::slice::from_ref(&slow)).rules(), [slow]);
    }

    #[test]
    fn an_odd_page_is_not_an_odd_list() {
        let page = weather(&[Rule {
            kind: Kind::Odd,
            offset: Some(0),
            ..Rule::default()
        }]);
        assert_eq!(
            (page.is_odd_somewhere(), page.is_odd_everywhere()),
            (true, false)
        );
        let detail = weather(&[Rule {
            kind: Kind::Odd,
            endpoint: Some(Endpoint::Detail),
            ..Rule::default()
        }]);
        assert_eq!(
            (detail.is_odd_somewhere(), detail.is_odd_everywhere()),
            (false, false)
        );
    }
}
