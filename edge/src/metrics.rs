//! What is counted, and how it is told in Prometheus' text format.
//!
//! Counts are made where something happens, in the isolate's [`tally`](crate::tally), travel as pairs of a sample's name and
//! a number, and are added up in one object ([`metrics_do`](crate::metrics_do)).

use std::{collections::BTreeMap, fmt::Write};

/// Something that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// Answers of the API.
    Answers,
    /// Pages read to make them.
    Reads,
    /// Reads of KV.
    KvReads,
    /// Writes to KV.
    KvWrites,
    /// Refreshes asked for.
    Refreshes,
    /// Refreshes that joined one under way.
    Joins,
    /// Results thrown away by the fence.
    Discards,
    /// Calls made to CargoTech.
    Calls,
    /// Calls not made.
    Refusals,
    /// How prices were answered.
    PriceAnswers,
    /// Records invalidated.
    Invalidations,
    /// Lists and details of orders read.
    OrderReads,
    /// Moves of orders.
    OrderChanges,
    /// Calls made to the MES.
    MesCalls,
    /// Deliveries of the MES.
    Hooks,
    /// Quotes asked for.
    Quotes,
}

/// Something that is measured in milliseconds, and told in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Histogram {
    /// How long an answer took.
    Answer,
    /// How old the prices of an answer were.
    PriceAge,
    /// How long CargoTech took.
    Upstream,
    /// How long after a change the MES told of it.
    HookLag,
}

/// A family's name, its labels, and what it means.
struct About {
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
}

impl Family {
    const ALL: [Self; 16] = [
        Self::Answers,
        Self::Reads,
        Self::KvReads,
        Self::KvWrites,
        Self::Refreshes,
        Self::Joins,
        Self::Discards,
        Self::Calls,
        Self::Refusals,
        Self::PriceAnswers,
        Self::Invalidations,
        Self::OrderReads,
        Self::OrderChanges,
        Self::MesCalls,
        Self::Hooks,
        Self::Quotes,
    ];

    fn about(self) -> About {
        let (name, labels, help): (_, &[_], _) = match self {
            Self::Answers => (
                "loadboard_answers_total",
                &["route", "status"],
                "Answers of the API.",
            ),
            Self::Reads => (
                "loadboard_reads_total",
                &["tier", "verdict"],
                "Page records read, by where the copy came from and what it was good for.",
            ),
            Self::KvReads => ("loadboard_kv_reads_total", &["result"], "Reads of KV."),
            Self::KvWrites => ("loadboard_kv_writes_total", &["result"], "Writes to KV."),
            Self::Refreshes => (
                "loadboard_refreshes_total",
                &["class", "outcome"],
                "Refreshes that readers asked the objects for.",
            ),
            Self::Joins => (
                "loadboard_joins_total",
                &["class"],
                "Refreshes that joined a fetch under way.",
            ),
            Self::Discards => (
                "loadboard_discards_total",
                &["reason"],
                "Results that the fence threw away.",
            ),
            Self::Calls => (
                "loadboard_upstream_calls_total",
                &["class", "result"],
                "Calls made to CargoTech.",
            ),
            Self::Refusals => (
                "loadboard_upstream_refusals_total",
                &["class", "reason"],
                "Calls not made because the budget was spent or the breaker open.",
            ),
            Self::PriceAnswers => (
                "loadboard_price_answers_total",
                &["form"],
                "Answers with prices: whole, as a delta, or not modified.",
            ),
            Self::Invalidations => (
                "loadboard_invalidations_total",
                &["target"],
                "Records invalidated.",
            ),
            Self::OrderReads => (
                "loadboard_order_reads_total",
                &["what", "how"],
                "Lists and details of orders read: from an isolate's memory, from the board, after waiting for the MES, or past \
                 the board from the MES.",
            ),
            Self::OrderChanges => (
                "loadboard_order_changes_total",
                &["result"],
                "Moves of orders, by what came of them.",
            ),
            Self::MesCalls => (
                "loadboard_mes_calls_total",
                &["kind", "result"],
                "Calls made to the MES.",
            ),
            Self::Hooks => (
                "loadboard_hooks_total",
                &["result"],
                "Deliveries in which the MES told of changes.",
            ),
            Self::Quotes => (
                "loadboard_quotes_total",
                &["what", "how"],
                "Quotes asked for with a model, and looked at, by how far they were.",
            ),
        };
        About { name, labels, help }
    }
}

impl Histogram {
    const ALL: [Self; 4] = [Self::Answer, Self::PriceAge, Self::Upstream, Self::HookLag];

    fn about(self) -> About {
        let (name, help) = match self {
            Self::Answer => (
                "loadboard_answer_seconds",
                "How long answers of the API took. The platform's clock stands still between I/O: a hit in memory takes 0.",
            ),
            Self::PriceAge => (
                "loadboard_price_age_seconds",
                "How old the prices of an answer were.",
            ),
            Self::Upstream => (
                "loadboard_upstream_seconds",
                "How long CargoTech took for a call that it answered.",
            ),
            Self::HookLag => (
                "loadboard_hook_lag_seconds",
                "How long after a change the MES told of it.",
            ),
        };
        About {
            name,
            labels: &[],
            help,
        }
    }

    /// The upper bounds of the buckets in milliseconds, and as they are told; the last has none.
    fn bounds(self) -> &'static [(u64, &'static str)] {
        match self {
            Self::Answer | Self::Upstream | Self::HookLag => &[
                (5, "0.005"),
                (25, "0.025"),
                (100, "0.1"),
                (250, "0.25"),
                (500, "0.5"),
                (1_000, "1"),
                (2_500, "2.5"),
                (5_000, "5"),
                (10_000, "10"),
            ],
            Self::PriceAge => &[
                (1_000, "1"),
                (2_500, "2.5"),
                (5_000, "5"),
                (7_500, "7.5"),
                (10_000, "10"),
                (15_000, "15"),
                (20_000, "20"),
                (60_000, "60"),
                (600_000, "600"),
                (3_600_000, "3600"),
            ],
        }
    }

    fn bucket_sample(self, bound: &str) -> String {
        format!("{}_bucket{{le=\"{bound}\"}}", self.about().name)
    }

    fn sum_sample(self) -> String {
        format!("{}_sum", self.about().name)
    }
}

/// One number that grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Counter {
    /// Of a family, with the values of its labels; what it has no label for is empty.
    Of(Family, [&'static str; 2]),
    /// Values of a histogram up to the bound of this number.
    Bucket(Histogram, usize),
    /// The sum of its values, in milliseconds.
    Sum(Histogram),
}

impl Counter {
    /// The bucket that a value belongs to.
    pub fn bucket(histogram: Histogram, ms: u64) -> Self {
        let bounds = histogram.bounds();
        Self::Bucket(histogram, bounds.partition_point(|&(bound, _)| bound < ms))
    }

    /// The sample's name as it travels: buckets do not yet hold those below them, sums are in milliseconds.
    pub fn sample(self) -> String {
        match self {
            Self::Of(family, values) => {
                let About { name, labels, .. } = family.about();
                let mut sample = name.to_owned();
                for (i, (label, value)) in labels.iter().zip(values).enumerate() {
                    let before = if i == 0 { '{' } else { ',' };
                    let _ = write!(sample, "{before}{label}=\"{value}\"");
                }
                sample + "}"
            }
            Self::Bucket(histogram, bucket) => {
                let bound = histogram.bounds().get(bucket);
                histogram.bucket_sample(bound.map_or("+Inf", |&(_, bound)| bound))
            }
            Self::Sum(histogram) => histogram.sum_sample(),
        }
    }
}

/// The value of a `status` label.
pub fn status_label(status: u16) -> &'static str {
    match status {
        200 => "200",
        202 => "202",
        204 => "204",
        304 => "304",
        401 => "401",
        403 => "403",
        404 => "404",
        405 => "405",
        409 => "409",
        413 => "413",
        422 => "422",
        429 => "429",
        500 => "500",
        502 => "502",
        503 => "503",
        504 => "504",
        _ => "other",
    }
}

/// A number that rises and falls, told as it is at this moment.
pub struct Gauge {
    /// Its name, with its labels if it has any.
    pub sample: String,
    /// What it means.
    pub help: &'static str,
    /// It.
    pub value: f64,
}

/// Everything in Prometheus' text format (version 0.0.4). Families of which nothing was counted yet are there too.
pub fn render(counts: &BTreeMap<String, u64>, gauges: &[Gauge]) -> String {
    let mut text = String::new();
    let head = |text: &mut String, name: &str, help: &str, kind: &str| {
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    };
    for family in Family::ALL {
        let About { name, help, .. } = family.about();
        head(&mut text, name, help, "counter");
        let start = format!("{name}{{");
        for (sample, value) in counts
            .iter()
            .filter(|(sample, _)| sample.starts_with(&start))
        {
            let _ = writeln!(text, "{sample} {value}");
        }
    }
    for histogram in Histogram::ALL {
        let About { name, help, .. } = histogram.about();
        head(&mut text, name, help, "histogram");
        let mut so_far = 0;
        let bounds = histogram.bounds().iter().map(|&(_, bound)| bound);
        for bound in bounds.chain(["+Inf"]) {
            let sample = histogram.bucket_sample(bound);
            so_far += counts.get(&sample).copied().unwrap_or(0);
            let _ = writeln!(text, "{sample} {so_far}");
        }
        let ms = counts.get(&histogram.sum_sample()).copied().unwrap_or(0);
        let _ = writeln!(text, "{} {}", histogram.sum_sample(), ms as f64 / 1_000.0);
        let _ = writeln!(text, "{name}_count {so_far}");
    }
    let mut last = "";
    for Gauge {
        sample,
        help,
        value,
    } in gauges
    {
        let name = sample.split('{').next().unwrap_or_default();
        if name != last {
            head(&mut text, name, help, "gauge");
            last = name;
        }
        let _ = writeln!(text, "{sample} {value}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(counters: &[(Counter, u64)]) -> BTreeMap<String, u64> {
        counters
            .iter()
            .map(|&(counter, value)| (counter.sample(), value))
            .collect()
    }

    #[test]
    fn a_counter_is_told_under_its_labels() {
        let counts = counts(&[
            (Counter::Of(Family::Reads, ["memory", "fresh"]), 7),
            (Counter::Of(Family::KvReads, ["found", ""]), 2),
        ]);
        let text = render(&counts, &[]);
        assert!(text.contains("\n# TYPE loadboard_reads_total counter\nloadboard_reads_total{tier=\"memory\",verdict=\"fresh\"} 7\n"), "{text}");
        assert!(
            text.contains("\nloadboard_kv_reads_total{result=\"found\"} 2\n"),
            "{text}"
        );
    }

    #[test]
    fn buckets_hold_those_below_them() {
        let values = [0, 5, 6, 400, 99_999];
        let mut counters: Vec<_> = values
            .iter()
            .map(|&ms| (Counter::bucket(Histogram::Answer, ms), 1))
            .collect();
        counters.push((Counter::Sum(Histogram::Answer), values.iter().sum()));
        let mut counted = BTreeMap::new();
        for (counter, n) in counters {
            *counted.entry(counter.sample()).or_insert(0) += n;
        }
        let text = render(&counted, &[]);
        for line in [
            "loadboard_answer_seconds_bucket{le=\"0.005\"} 2",
            "loadboard_answer_seconds_bucket{le=\"0.025\"} 3",
            "loadboard_answer_seconds_bucket{le=\"0.5\"} 4",
            "loadboard_answer_seconds_bucket{le=\"10\"} 4",
            "loadboard_answer_seconds_bucket{le=\"+Inf\"} 5",
            "loadboard_answer_seconds_sum 100.41",
            "loadboard_answer_seconds_count 5",
        ] {
            assert!(text.contains(&format!("\n{line}\n")), "{line} in {text}");
        }
    }

    #[test]
    fn a_gauge_with_labels_is_introduced_once() {
        let gauge = |state: &str, value| Gauge {
            sample: format!("loadboard_breaker_state{{state=\"{state}\"}}"),
            help: "Which.",
            value,
        };
        let text = render(
            &BTreeMap::new(),
            &[gauge("open", 0.0), gauge("closed", 1.0)],
        );
        assert_eq!(
            text.matches("# TYPE loadboard_breaker_state gauge").count(),
            1
        );
        assert!(
            text.ends_with("{state=\"open\"} 0\nloadboard_breaker_state{state=\"closed\"} 1\n")
        );
    }

    #[test]
    fn every_family_is_introduced_before_anything_was_counted() {
        let text = render(&BTreeMap::new(), &[]);
        assert_eq!(
            text.matches("# HELP ").count(),
            Family::ALL.len() + Histogram::ALL.len()
        );
    }
}
