use domain::orders::Quoted;
use serde::Deserialize;

use super::{LONGEST_REASON, json, malformed};
use crate::{Error, ModelHash};

/// How far a calculation is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Calculation {
    /// It goes on.
    Running {
        /// How much of it is done, 0 to 100.
        percent: u8,
    },
    /// Here it is.
    Done(Quoted),
    /// It could not be calculated.
    Failed {
        /// Why, in the factory's words, at most 200 characters of them.
        reason: String,
    },
}

/// What the MES took as a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// Its name from now on.
    pub model: ModelHash,
    /// Its length.
    pub bytes: u64,
}

/// Reads how far a calculation is.
///
/// # Errors
/// [`Error::Malformed`] if it is nowhere, or done without a price.
pub fn calculation(body: &[u8]) -> Result<Calculation, Error> {
    let body = json(body)?;
    match body["state"].as_str() {
        Some("running") => {
            let percent = body["percent"]
                .as_f64()
                .filter(|percent| (0.0..=100.0).contains(percent))
                .ok_or_else(|| malformed("percent: missing, or not of 0 to 100"))?;
            Ok(Calculation::Running {
                percent: percent as u8,
            })
        }
        Some("done") => Quoted::deserialize(&body)
            .map(Calculation::Done)
            .map_err(|error| malformed(format!("price_kopecks or days: {error}"))),
        Some("failed") => {
            let reason = body["reason"].as_str().unwrap_or("no reason given");
            Ok(Calculation::Failed {
                reason: reason.chars().take(LONGEST_REASON).collect(),
            })
        }
        _ => Err(malformed("state: missing, or none that is known")),
    }
}

/// Reads what the MES took of a model that was so long.
///
/// # Errors
/// [`Error::Malformed`] if that is not all of it.
pub fn uploaded(body: &[u8], length: u64) -> Result<Uploaded, Error> {
    let body = json(body)?;
    let model = body["model"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| malformed("model: missing, or no SHA-256"))?;
    let bytes = body["bytes"].as_u64().filter(|bytes| *bytes == length);
    let bytes = bytes.ok_or_else(|| malformed("bytes: not as many as were sent"))?;
    Ok(Uploaded { model, bytes })
}

#[cfg(test)]
mod tests {
    use domain::Kopecks;

    use super::{super::tests::field, *};

    #[test]
    fn a_calculation_runs_is_done_or_failed() {
        assert_eq!(
            calculation(br#"{"state":"running","percent":40}"#),
            Ok(Calculation::Running { percent: 40 })
        );
        let quoted = Quoted {
            price_kopecks: Kopecks::new(125_000).unwrap(),
            days: 3,
        };
        assert_eq!(
            calculation(br#"{"state":"done","price_kopecks":125000,"days":3}"#),
            Ok(Calculation::Done(quoted))
        );
        assert_eq!(
            calculation(br#"{"state":"failed","reason":"open mesh"}"#),
            Ok(Calculation::Failed {
                reason: "open mesh".into()
            })
        );
    }

    #[test]
    fn what_is_none_of_these_is_named_by_the_field() {
        assert_eq!(field(calculation(b"{}")), "state");
        assert_eq!(
            field(calculation(br#"{"state":"running","percent":101}"#)),
            "percent"
        );
        for done in [
            r#"{"state":"done","days":3}"#,
            r#"{"state":"done","price_kopecks":0,"days":3}"#,
        ] {
            assert_eq!(field(calculation(done.as_bytes())), "price_kopecks or days");
        }
    }

    #[test]
    fn a_model_is_uploaded_whole_or_not_at_all() {
        let hash = "ab".repeat(32);
        let body = format!(r#"{{"model":"{hash}","bytes":7}}"#);
        assert_eq!(
            uploaded(body.as_bytes(), 7).unwrap().model.to_string(),
            hash
        );
        assert_eq!(field(uploaded(body.as_bytes(), 8)), "bytes");
        assert_eq!(field(uploaded(br#"{"bytes":7}"#, 7)), "model");
    }
}
