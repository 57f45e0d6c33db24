//! Telling of changes: which deliveries a change makes, and how they are signed. Pure; `hook_sender` sends.

use crate::world::dice::Dice;
use domain::orders::DeliveryName;
use hmac::{Hmac, Mac};
use serde::Serialize;
use sha2::Sha256;

/// How often one delivery is tried.
pub const ATTEMPTS: u32 = 6;

/// How the telling goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Settings {
    /// Who is told; nobody if null.
    pub url: Option<String>,
    /// So many of 100 changes are never told of.
    pub lose_percent: u8,
    /// So many of 100 are told of twice.
    pub repeat_percent: u8,
    /// Each delivery waits up to so long, so that they overtake each other.
    pub delay_ms: u64,
}

/// What became of deliveries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Requests that were made, retries and repeats included.
    pub sent: u64,
    /// Changes that were never told of, on purpose.
    pub lost: u64,
    /// Changes that were told of twice, on purpose.
    pub repeated: u64,
    /// Deliveries that were answered with 2xx.
    pub accepted: u64,
    /// Deliveries that were answered with 409: already known.
    pub refused: u64,
    /// Deliveries given up after the last attempt.
    pub failed: u64,
    /// Deliveries that are none of these yet.
    pub waiting: u64,
}

/// One telling of one change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its name; a repeated one has the same.
    pub name: DeliveryName,
    /// How long it waits before it is sent.
    pub delay_ms: u64,
    epoch: u64,
}

/// How a delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// 2xx.
    Accepted,
    /// 409.
    Refused,
    /// Given up.
    Failed,
}

/// Decides what is told.
#[derive(Debug)]
pub struct Hooks {
    /// How the telling goes wrong.
    pub settings: Settings,
    secret: String,
    seed: u64,
    /// Tells the deliveries of one life of the simulator from those of the next: versions begin anew.
    life: u64,
    counts: Counts,
    epoch: u64,
}

impl Hooks {
    /// Tells everything once and at once. `life` is the start in milliseconds.
    pub fn new(url: Option<String>, secret: String, seed: u64, life: u64) -> Self {
        let settings = Settings {
            url,
            lose_percent: 0,
            repeat_percent: 0,
            delay_ms: 0,
        };
        Self {
            settings,
            secret,
            seed,
            life,
            counts: Counts::default(),
            epoch: 0,
        }
    }

    /// The deliveries of the change that has this version. What goes wrong with them follows from seed and version: of
    /// changes that are made at once nobody knows which is told of first.
    pub fn deliveries(&mut self, version: u64) -> Vec<Delivery> {
        if self.settings.url.is_none() {
            return Vec::new();
        }
        // Rolled once to begin with: what Dice roll for neighbouring seeds may overlap.
        let mut dice = Dice::new(Dice::new(self.seed ^ version.rotate_left(32)).roll());
        // Always two rolls, so that one setting does not change what the other hits.
        let is_lost = dice.chance(self.settings.lose_percent.into());
        let is_repeated = dice.chance(self.settings.repeat_percent.into());
        if is_lost {
            self.counts.lost += 1;
            return Vec::new();
        }
        self.counts.repeated += u64::from(is_repeated);
        let times = if is_repeated { 2 } else { 1 };
        self.counts.waiting += times;
        (0..times)
            .map(|_| Delivery {
                name: name(self.life, version),
                delay_ms: dice.below(self.settings.delay_ms.saturating_add(1)),
                epoch: self.epoch,
            })
            .collect()
    }

    /// A request of this delivery is made.
    pub fn sent(&mut self, delivery: &Delivery) {
        if delivery.epoch == self.epoch {
            self.counts.sent += 1;
        }
    }

    /// A delivery has come to its end.
    pub fn ended(&mut self, delivery: &Delivery, end: End) {
        if delivery.epoch != self.epoch {
            return;
        }
        self.counts.waiting = self.counts.waiting.saturating_sub(1);
        match end {
            End::Accepted => self.counts.accepted += 1,
            End::Refused => self.counts.refused += 1,
            End::Failed => self.counts.failed += 1,
        }
    }

    /// What became of the deliveries since the last reset.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Counts from nothing, those on their way not at all.
    pub fn reset_counts(&mut self) {
        self.epoch += 1;
        self.counts = Counts::default();
    }

    /// `X-Signature`: HMAC-SHA256 of the body in lower-case hexadecimal digits.
    pub fn sign(&self, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes())
            .expect("HMAC takes a key of any length");
        mac.update(body);
        hex(&mac.finalize().into_bytes())
    }
}

/// The name of the delivery of a change: that of no other, in this life or another.
fn name(life: u64, version: u64) -> DeliveryName {
    format!("{life:x}-{version}")
        .parse()
        .expect("two numbers are not too long")
}

/// The pause after this failed attempt (from 0), in milliseconds: it doubles.
pub fn pause_ms(attempt: u32) -> u64 {
    200 << attempt.min(10)
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hooks() -> Hooks {
        Hooks::new(Some("http://edge".into()), "Jefe".into(), 1, 0xab)
    }

    #[test]
    fn the_signature_is_that_of_rfc_4231() {
        // Test case 2.
        let signature = hooks().sign(b"what do ya want for nothing?");
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(signature, expected);
    }

    #[test]
    fn every_change_is_told_of_once_unless_it_is_lost_or_repeated() {
        let mut hooks = hooks();
        assert_eq!(hooks.deliveries(7).len(), 1);
        assert_eq!(hooks.deliveries(7)[0].name.as_str(), "ab-7");
        (hooks.settings.lose_percent, hooks.settings.repeat_percent) = (30, 20);
        let told: Vec<usize> = (0..1_000)
            .map(|version| hooks.deliveries(version).len())
            .collect();
        let share = |times| told.iter().filter(|&&told| told == times).count();
        assert!((250..350).contains(&share(0)), "{} lost", share(0));
        assert!((100..180).contains(&share(2)), "{} repeated", share(2));
        let counts = hooks.counts();
        assert_eq!(
            (counts.lost, counts.repeated),
            (share(0) as u64, share(2) as u64)
        );
        hooks.settings.url = None;
        assert_eq!(hooks.deliveries(7), []);
    }

    #[test]
    fn what_was_on_its_way_before_a_reset_is_not_counted_after_it() {
        let mut hooks = hooks();
        let delivery = hooks.deliveries(7).remove(0);
        hooks.reset_counts();
        hooks.sent(&delivery);
        hooks.ended(&delivery, End::Accepted);
        assert_eq!(hooks.counts(), Counts::default());
    }

    #[test]
    fn pauses_grow() {
        let pauses: Vec<u64> = (0..ATTEMPTS - 1).map(pause_ms).collect();
        assert_eq!(pauses, [200, 400, 800, 1_600, 3_200]);
    }
}
