use std::time::Duration;

use domain::orders::{OrderId, QuoteId, QuoteRequest, Site};
use reqwest::{RequestBuilder, StatusCode, header};
use serde::Serialize;

use crate::{
    Calculation, Change, Counted, Detailed, Error, ListRequest, ModelHash, Snapshot, StatusChange,
    Token, Uploaded, decode, request,
};

/// The MES at one base URL.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base_url: String,
    token: Token,
    timeout: Duration,
}

impl Client {
    /// A client of the MES at `base_url` (without a trailing slash). A call without an answer ends after `timeout`.
    pub fn new(base_url: impl Into<String>, token: impl Into<Token>, timeout: Duration) -> Self {
        Self {
            http: reqwest::Client::new(),
            base_url: base_url.into(),
            token: token.into(),
            timeout,
        }
    }

    /// The same for whoever has less time: a call ends after so long at the latest.
    pub fn within(self, timeout: Duration) -> Self {
        Self {
            timeout: self.timeout.min(timeout),
            ..self
        }
    }

    /// `GET /v1/orders`: a page of a list, newest first. Slow: the MES looks through all its orders.
    ///
    /// # Errors
    /// Any; [`Error::Rejected`] without a call if no status is asked for.
    pub async fn list(&self, list: &ListRequest) -> Result<Snapshot, Error> {
        if list.filter.statuses.is_empty() {
            return Err(rejected("status: none is asked for"));
        }
        let request = self
            .http
            .get(self.url("/v1/orders"))
            .query(&request::list_parameters(list));
        decode::list(&self.ok(request).await?, list)
    }

    /// `GET /v1/orders?ids=`: these orders, 1 to [`crate::MOST_IDS`], in no order that is promised. Unknown ones are
    /// left out. Quick.
    ///
    /// # Errors
    /// Any; [`Error::Rejected`] for none or too many.
    pub async fn by_ids(&self, ids: &[OrderId]) -> Result<Snapshot, Error> {
        let request = self
            .http
            .get(self.url("/v1/orders"))
            .query(&[("ids", request::names(ids))]);
        decode::by_ids(&self.ok(request).await?, ids)
    }

    /// `GET /v1/orders/counts`: how many stand where, at one site or at all. As slow as a list.
    ///
    /// # Errors
    /// Any.
    pub async fn counts(&self, site: Option<Site>) -> Result<Counted, Error> {
        let mut request = self.http.get(self.url("/v1/orders/counts"));
        if let Some(site) = site {
            request = request.query(&[("site", site.as_str())]);
        }
        decode::counts(&self.ok(request).await?)
    }

    /// `GET /v1/orders/{id}`: everything about one order; `None` if there is no such order. Quick.
    ///
    /// # Errors
    /// Any.
    pub async fn detail(&self, id: OrderId) -> Result<Option<Detailed>, Error> {
        let request = self.http.get(self.url(&format!("/v1/orders/{id}")));
        match self.send(request).await? {
            (StatusCode::OK, body) => decode::detail(&body, id).map(Some),
            (StatusCode::NOT_FOUND, _) => Ok(None),
            (status, body) => Err(refusal(status, &body)),
        }
    }

    /// `POST /v1/orders/{id}/status`: moves an order if it still has the version that the move was decided on.
    ///
    /// # Errors
    /// Any. What [`Error::leaves_the_outcome_open`] may have been done all the same: ask for the order.
    pub async fn change_status(&self, id: OrderId, change: &StatusChange) -> Result<Change, Error> {
        let request = self
            .http
            .post(self.url(&format!("/v1/orders/{id}/status")))
            .json(change);
        match self.send(request).await? {
            (StatusCode::OK, body) => decode::made(&body, id, change).map(Change::Made),
            (StatusCode::CONFLICT, body) => decode::lost(&body, id, change).map(Change::Lost),
            (StatusCode::UNPROCESSABLE_ENTITY, _) => Ok(Change::NotAllowed),
            (StatusCode::NOT_FOUND, _) => Ok(Change::UnknownOrder),
            (status, body) => Err(refusal(status, &body)),
        }
    }

    /// Where models are sent with `POST`, as raw bytes of up to 60 MB, for whoever has a stream of them. The answer is
    /// that of [`Client::upload_model`].
    pub fn models_url(&self) -> String {
        self.url("/v1/models")
    }

    /// `POST /v1/models`: sends a model, after which it can be calculated.
    ///
    /// # Errors
    /// Any. To send it again does no harm.
    pub async fn upload_model(&self, bytes: Vec<u8>) -> Result<Uploaded, Error> {
        let length = bytes.len() as u64;
        let request = self.http.post(self.models_url()).body(bytes);
        let (status, body) = self.send(request).await?;
        read_upload(status.as_u16(), &body, length)
    }

    /// `PUT /v1/calculations/{id}`: begins to calculate, unless that has begun under this name already; either way,
    /// how far it is. `None` if the MES does not know the model: upload it.
    ///
    /// # Errors
    /// Any. To call it again does no harm.
    pub async fn calculate(
        &self,
        id: QuoteId,
        model: &ModelHash,
        quote: &QuoteRequest,
    ) -> Result<Option<Calculation>, Error> {
        #[derive(Serialize)]
        struct Body<'a> {
            model: String,
            #[serde(flatten)]
            quote: &'a QuoteRequest,
        }
        let request = self.http.put(self.calculation_url(id)).json(&Body {
            model: model.to_string(),
            quote,
        });
        match self.send(request).await? {
            (StatusCode::OK | StatusCode::CREATED, body) => decode::calculation(&body).map(Some),
            (StatusCode::UNPROCESSABLE_ENTITY, _) => Ok(None),
            (status, body) => Err(refusal(status, &body)),
        }
    }

    /// `GET /v1/calculations/{id}`: how far it is; `None` if it was never begun or is forgotten.
    ///
    /// # Errors
    /// Any.
    pub async fn calculation(&self, id: QuoteId) -> Result<Option<Calculation>, Error> {
        let request = self.http.get(self.calculation_url(id));
        match self.send(request).await? {
            (StatusCode::OK, body) => decode::calculation(&body).map(Some),
            (StatusCode::NOT_FOUND, _) => Ok(None),
            (status, body) => Err(refusal(status, &body)),
        }
    }

    fn calculation_url(&self, id: QuoteId) -> String {
        self.url(&format!("/v1/calculations/{id}"))
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// The body of a 200, or what went wrong.
    async fn ok(&self, request: RequestBuilder) -> Result<Vec<u8>, Error> {
        match self.send(request).await? {
            (StatusCode::OK, body) => Ok(body),
            (status, body) => Err(refusal(status, &body)),
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), Error> {
        let response = request
            .header(header::ACCEPT, "application/json")
            .bearer_auth(self.token.as_str())
            .timeout(self.timeout)
            .send()
            .await
            .map_err(|_| Error::NoAnswer)?;
        let status = response.status();
        let body = response.bytes().await.map_err(|_| Error::NoAnswer)?;
        Ok((status, body.into()))
    }
}

/// What the MES took, by its answer to a model of so many bytes that was sent to [`Client::models_url`].
///
/// # Errors
/// Any: it did not take it, or not all of it.
pub fn read_upload(status: u16, body: &[u8], bytes: u64) -> Result<Uploaded, Error> {
    match StatusCode::from_u16(status) {
        Ok(StatusCode::OK | StatusCode::CREATED) => decode::uploaded(body, bytes),
        Ok(status) => Err(refusal(status, body)),
        Err(_) => Err(Error::Unavailable { status }),
    }
}

/// What a status means that is none of the answers to this call.
fn refusal(status: StatusCode, body: &[u8]) -> Error {
    match status {
        StatusCode::UNAUTHORIZED => Error::Unauthorized,
        StatusCode::BAD_REQUEST
        | StatusCode::CONFLICT
        | StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::UNPROCESSABLE_ENTITY => Error::Rejected {
            reason: decode::reason(body),
        },
        _ => Error::Unavailable {
            status: status.as_u16(),
        },
    }
}

fn rejected(reason: &str) -> Error {
    Error::Rejected {
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_from_an_outage() {
        let of = |status, body: &str| refusal(status, body.as_bytes());
        assert_eq!(of(StatusCode::UNAUTHORIZED, ""), Error::Unauthorized);
        assert_eq!(
            of(StatusCode::BAD_REQUEST, r#"{"error":"limit: 1 to 100"}"#),
            rejected("limit: 1 to 100")
        );
        assert_eq!(
            of(StatusCode::BAD_GATEWAY, "<html>"),
            Error::Unavailable { status: 502 }
        );
    }

    #[test]
    fn what_is_logged_of_a_client_holds_no_token() {
        let client = Client::new("http://mes", "secret", Duration::from_secs(1));
        assert!(!format!("{client:?}").contains("secret"));
        assert_eq!(client.models_url(), "http://mes/v1/models");
    }
}
