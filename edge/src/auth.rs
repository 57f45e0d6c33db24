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
const LONGEST_BODY: u32 = 16 * 1024;

/// Signs a driver in. Whatever is wrong with what he says, the answer is the same 401.
///
/// # Errors
/// [`Failure::Unauthorized`]; or as of [`http::proof`].
pub async fn sign_in(config: &Config, id: &RequestId) -> Result<Answer, Failure> {
    let body = http::proof(id.request(), LONGEST_BODY).await?;
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
    let refused = |reason: String| {
        let detail = json!({"reason": reason});
        log::write(Level::Info, "sign_in_refused", id.as_str(), detail);
        Failure::Unauthorized
    };
    let window = config.init_data_window;
    let proof = init_data::verify(init_data, &config.bot_token, window, now.0)
        .map_err(|rejected| refused(rejected.to_string()))?;
    let user = proof.user;
    if !config
        .revoked
        .permits(user.id, UnixMillis(proof.auth_date_ms))
    {
        return Err(refused("revoked".to_owned()));
    }
    let issued = sessions(config).issue(user.id, now);
    Ok((user, issued.ok_or(Failure::Unauthorized)?))
}

fn sessions(config: &Config) -> Sessions<'_> {
    let previous = config.session_secret_previous.as_deref();
    Sessions::new(
        &config.session_secret,
        previous,
        config.session_ttl_ms,
        &config.revoked,
    )
}
