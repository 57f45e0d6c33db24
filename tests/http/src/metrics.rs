use std::collections::BTreeMap;

/// What `GET /metrics` tells.
#[derive(Clone, Debug)]
pub struct Metrics {
    samples: BTreeMap<String, f64>,
}

impl Metrics {
    /// Reads Prometheus' text format.
    ///
    /// # Panics
    /// At a line that is neither a comment nor a sample, at a sample that stands twice or belongs to no family that was
    /// introduced, and at a number that is none.
    pub fn parse(text: &str) -> Self {
        let mut samples = BTreeMap::new();
        let mut family = "";
        for line in text.lines() {
            if let Some(kind) = line.strip_prefix("# TYPE ") {
                family = kind.split(' ').next().unwrap_or_default();
                continue;
            }
            if line.starts_with("# HELP ") {
                continue;
            }
            let Some((sample, value)) = line.rsplit_once(' ') else {
                panic!("no sample: {line}");
            };
            assert!(sample.starts_with(family), "{sample} stands under {family}");
            let value = value
                .parse()
                .unwrap_or_else(|_| panic!("no number: {line}"));
            let before = samples.insert(sample.to_owned(), value);
            assert_eq!(before, None, "{sample} stands twice");
        }
        Self { samples }
    }

    /// A sample; what was never counted is 0.
    pub fn get(&self, sample: &str) -> f64 {
        self.samples.get(sample).copied().unwrap_or(0.0)
    }

    /// The sum of all samples of a family with this label.
    pub fn sum(&self, family: &str, label: &str) -> f64 {
        let is_his = |sample: &str| sample.starts_with(family) && sample.contains(label);
        self.samples
            .iter()
            .filter(|(sample, _)| is_his(sample))
            .map(|(_, value)| value)
            .sum()
    }
}
