use std::{fmt, time::Duration};

use domain::{CargoDetail, CargoId, Filters, FreightType, NamedPoint, PAGE_ROWS, Page};
use reqwest::{Response, StatusCode, header};
use serde::{Deserialize, Serialize};

use crate::{Error, decode, query};

/// When a 429 does not say when to come back.
const DEFAULT_RETRY_AFTER_MS: u64 = 5_000;

/// What to log in with. `Debug` shows neither.
#[derive(Clone, Serialize)]
pub struct Credentials {
    /// The phone number of the account.
    pub phone: String,
    /// Its password.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// A bearer token. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Token(String);

impl Token {
    /// The token itself, to be kept where its owner is.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The CargoTech API at one base URL.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base_url: String,
    timeout: Duration,
}

impl Client {
    /// A client of the API at `base_url` (without a trailing slash). A call without an answer ends after `timeout`.
    pub fn new(base_url: impl Into<String>, timeout: Duration) -> Self {
        Self {
            http: reqwest::Client::new(),
            base_url: base_url.into(),
            timeout,
        }
    }

    /// `POST /v1/auth/login`.
    ///
    /// # Errors
    /// Any but [`Error::Unauthorized`] and [`Error::Rejected`].
    pub async fn login(&self, credentials: &Credentials) -> Result<Token, Error> {
        #[derive(Serialize)]
        struct Login<'a> {
            #[serde(flatten)]
            credentials: &'a Credentials,
            remember: bool,
        }
        #[derive(Deserialize)]
        struct Answer {
            data: Data,
        }
        #[derive(Deserialize)]
        struct Data {
            token: String,
        }

        let request = self.http.post(self.url("/v1/auth/login")).json(&Login {
            credentials,
            remember: true,
        });
        let body = self.send(request).await.map_err(|error| match error {
            Error::Rejected { .. } => Error::BadCredentials,
            other => other,
        })?;
        let answer: Answer = serde_json::from_slice(&body).map_err(|_| Error::Malformed {
            reason: "no token in the answer to a login".to_owned(),
        })?;
        Ok(Token(answer.data.token))
    }

    /// `GET /v2/cargos/views`: one page (from 0) of [`PAGE_ROWS`] rows.
    ///
    /// # Errors
    /// Any but [`Error::BadCredentials`].
    pub async fn list_page(
        &self,
        token: &Token,
        filters: &Filters,
        page: u32,
    ) -> Result<Page, Error> {
        let request = self
            .http
            .get(self.url("/v2/cargos/views"))
            .query(&query::list_parameters(filters, page))
            .bearer_auth(&token.0);
        let body = self.send(request).await?;
        decode::page(&body, page.saturating_mul(PAGE_ROWS))
    }

    /// `GET /v1/carrier/cargos/{id}`: everything about one cargo; `None` if there is no such cargo.
    ///
    /// # Errors
    /// Any but [`Error::BadCredentials`].
    pub async fn detail(&self, token: &Token, id: CargoId) -> Result<Option<CargoDetail>, Error> {
        let request = self
            .http
            .get(self.url(&format!("/v1/carrier/cargos/{id}")))
            .query(&[("source", "1"), ("include", "contacts")])
            .bearer_auth(&token.0);
        match self.send(request).await {
            Ok(body) => {
                let detail = decode::detail(&body)?;
                if detail.cargo.id != id {
                    let reason = "another cargo than was asked for".to_owned();
                    return Err(Error::Malformed { reason });
                }
                Ok(Some(detail))
            }
            Err(Error::Unavailable { status: 404 }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// `GET /v1/dictionaries/points`: the first ten places whose name holds `text`.
    ///
    /// # Errors
    /// Any but [`Error::BadCredentials`].
    pub async fn points(&self, token: &Token, text: &str) -> Result<Vec<NamedPoint>, Error> {
        let request = self
            .http
            .get(self.url("/v1/dictionaries/points"))
            .query(&[("filter[name]", text), ("limit", "10"), ("offset", "0")])
            .bearer_auth(&token.0);
        decode::points(&self.send(request).await?)
    }

    /// `GET /v1/dictionaries/load_types`: all ways to load.
    ///
    /// # Errors
    /// Any but [`Error::BadCredentials`].
    pub async fn load_types(&self, token: &Token) -> Result<Vec<FreightType>, Error> {
        self.freight_types(token, "/v1/dictionaries/load_types")
            .await
    }

    /// `GET /v1/dictionaries/truck_types`: all kinds of trucks.
    ///
    /// # Errors
    /// Any but [`Error::BadCredentials`].
    pub async fn truck_types(&self, token: &Token) -> Result<Vec<FreightType>, Error> {
        self.freight_types(token, "/v1/dictionaries/truck_types")
            .await
    }

    async fn freight_types(&self, token: &Token, path: &str) -> Result<Vec<FreightType>, Error> {
        let request = self.http.get(self.url(path)).bearer_auth(&token.0);
        decode::freight_types(&self.send(request).await?)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// The body of a 200, or what went wrong.
    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Vec<u8>, Error> {
        let response = request
            .header(header::ACCEPT, "application/json")
            .timeout(self.timeout)
            .send()
            .await
            .map_err(|_| Error::NoAnswer)?;
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Err(Error::RateLimited {
                retry_after_ms: retry_after_ms(&response),
            });
        }
        let body = response.bytes().await.map_err(|_| Error::NoAnswer)?;
        match status {
            StatusCode::OK => Ok(body.into()),
            StatusCode::UNAUTHORIZED => Err(Error::Unauthorized),
            StatusCode::FORBIDDEN => Err(Error::Suspended),
            StatusCode::UNPROCESSABLE_ENTITY => Err(Error::Rejected {
                fields: refused_fields(&body),
            }),
            _ => Err(Error::Unavailable {
                status: status.as_u16(),
            }),
        }
    }
}

/// Seconds in `X-RateLimit-Reset-After`, else in `Retry-After`; at most an hour is believed.
fn retry_after_ms(response: &Response) -> u64 {
    ["x-ratelimit-reset-after", "retry-after"]
        .iter()
        .filter_map(|name| {
            response
                .headers()
                .get(*name)?
                .to_str()
                .ok()?
                .parse::<f64>()
                .ok()
        })
        .find(|seconds| (0.0..=3_600.0).contains(seconds))
        .map_or(DEFAULT_RETRY_AFTER_MS, |seconds| (seconds * 1000.0) as u64)
}

/// The names in `{"errors": {field: [text]}}`; the texts are CargoTech's and stay out of our logs.
fn refused_fields(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Refusal {
        errors: serde_json::Map<String, serde_json::Value>,
    }
    serde_json::from_slice::<Refusal>(body).map_or_else(
        |_| "no field named".to_owned(),
        |refusal| {
            refusal
                .errors
                .keys()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(", ")
        },
    )
}
