//! What goes wrong at the MES, and for which calls.

use super::call::Kind;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU64;

/// What happens to a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sky {
    /// A good answer.
    #[default]
    Ok,
    /// 503, and nothing is done.
    Error503,
    /// Nothing is done and nothing answered until the client leaves or the weather changes; then the call goes on.
    Hang,
    /// It is done, and the JSON that says so ends in the middle.
    Malformed,
    /// It is done, and nothing answered until the client leaves or the weather changes.
    Mute,
}

/// The weather that holds at the MES.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Weather {
    /// What happens to the calls.
    pub weather: Sky,
    /// To these; to all if `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub for_calls: Option<Vec<Kind>>,
    /// It is over after so many of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<NonZeroU64>,
    /// Every call takes so many times as long as it is set to, 0 to 1000.
    pub slow_factor: f64,
}

impl Default for Weather {
    fn default() -> Self {
        Self {
            weather: Sky::Ok,
            for_calls: None,
            times: None,
            slow_factor: 1.0,
        }
    }
}

impl Weather {
    /// What happens to a call, counted against its `times`.
    pub fn strike(&mut self, kind: Kind) -> Sky {
        let is_meant = self
            .for_calls
            .as_ref()
            .is_none_or(|kinds| kinds.contains(&kind));
        if !is_meant || self.weather == Sky::Ok {
            return Sky::Ok;
        }
        let struck = self.weather;
        if let Some(times) = self.times {
            self.times = NonZeroU64::new(times.get() - 1);
            if self.times.is_none() {
                (self.weather, self.for_calls) = (Sky::Ok, None);
            }
        }
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weather_strikes_the_calls_it_is_for_as_often_as_it_says() {
        let mut weather = Weather {
            weather: Sky::Hang,
            for_calls: Some(vec![Kind::List]),
            times: NonZeroU64::new(2),
            slow_factor: 3.0,
        };
        let skies =
            [Kind::List, Kind::Detail, Kind::List, Kind::List].map(|kind| weather.strike(kind));
        assert_eq!(skies, [Sky::Hang, Sky::Ok, Sky::Hang, Sky::Ok]);
        let still_slow = Weather {
            slow_factor: 3.0,
            ..Weather::default()
        };
        assert_eq!(weather, still_slow);
    }
}
