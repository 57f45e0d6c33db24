//! `POST /api/auth/telegram`, and the session of every other request.

use domain::messages::{Driver, Session, SignIn};
use serde_json::json;
use swr::UnixMillis;
use telegram::init_data::{self, User};

use crate::{
    clock,
    config::Config,
    http::{self, Answer, Described},
    log::{self, Level, RequestId},
    problem::Failure,
    session::{Issued, Sessions, Signed},
};

/// Telegram's initData is under 4 KB; a longer body is not read.
const LONGEST_BODY: usize = 16 * 1024;

/// Signs a driver in. Whatever is wrong with the request, the answer is the same 401.
///
/// # Errors
/// [`Failure::Unauthorized`].
pub async fn sign_in(config: &Config, id: &RequestId) -> Result<Answer, Failure> {
    let body = http::body(id.request(), LONGEST_BODY)
        .await
        .ok_or(Failure::Unauthorized)?;
    let sign_in: SignIn = serde_json::from_str(&body).map_err(|_| Failure::Unauthorized)?;
    let now = clock::now();
    let (user, issued) = begin(&sign_in.init_data, config, id, now)?;
    let session = Session {
        session_token: issued.token,
        expires_at: issued.expires_at.0,
        driver: Driver {
            driver_id: user.id,
            first_name: user.first_name,
            username: user.username,
            language_code: user.language_code,
        },
    };
    Ok(Answer::json(200, &session).header("cache-control", "no-store"))
}

/// Who makes this request: the driver of its session token, or, at the first request of all, of Telegram's own proof. That
/// is answered with a token, as a sign-in is.
///
/// # Errors
/// [`Failure::Unauthorized`] without a valid one.
pub fn session(
    request: &Described,
    config: &Config,
    id: &RequestId,
    now: UnixMillis,
) -> Result<Signed, Failure> {
    if let Some(init_data) = request.init_data() {
        let (user, issued) = begin(init_data, config, id, now)?;
        return Ok(Signed {
            driver_id: user.id,
            renewed: Some(issued),
        });
    }
    request
        .bearer()
        .and_then(|token| sessions(config).verify(token, now))
        .ok_or(Failure::Unauthorized)
}

/// A session of whoever Telegram says this is.
fn begin(
    init_data: &str,
    config: &Config,
    id: &RequestId,
    now: UnixMillis,
) -> Result<(User, Issued), Failure> {
    let user = init_data::verify(init_data, &config.bot_token, config.init_data_window, now.0)
        .map_err(|rejected| {
            let detail = json!({"reason": rejected.to_string()});
            log::write(Level::Info, "sign_in_refused", id.as_str(), detail);
            Failure::Unauthorized
        })?;
    let issued = sessions(config).issue(user.id, now);
    Ok((user, issued.ok_or(Failure::Unauthorized)?))
}

fn sessions(config: &Config) -> Sessions {
    Sessions::new(&config.session_secret, config.session_ttl_ms)
}
