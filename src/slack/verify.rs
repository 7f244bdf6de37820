//! [`Signed`]: a request body that Slack signed. Capped before it is read, refused before it is parsed.
//!
//! Why not slack-morphism's verifier: it reads the machine's clock, and pacer has one clock of its own.
//! A repeated request within the 300 s is not refused here: Slack signs retries anew, commands only read, and clicks
//! and events are de-duplicated by what they are.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use sha2::Sha256;

use super::refuse;
use crate::app::App;
use crate::domain::time::{At, SECOND};

/// Older or younger requests are refused.
const WINDOW_SECS: i64 = 300;

/// A body that came from Slack.
#[derive(Debug)]
pub struct Signed {
    /// As it was signed.
    pub body: String,
}

impl FromRequest<Arc<App>> for Signed {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Response> {
        let Some(secret) = &app.config.slack.signing_secret else {
            return Err(refuse(
                StatusCode::NOT_FOUND,
                "off",
                "Slack over HTTP is off here.",
                "Set SLACK_SIGNING_SECRET and start pacer again.",
            ));
        };
        let headers = request.headers().clone();
        let now = app.clock.now();
        // What is missing or old needs no body.
        stamp(&headers, now).map_err(unsigned)?;
        let read = tokio::time::timeout(std::time::Duration::from_secs(10), Bytes::from_request(request, app)).await;
        let body = match read {
            Ok(Ok(body)) => body,
            Ok(Err(rejected)) if rejected.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                return Err(refuse(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "too_large",
                    "The body is larger than 1 MiB.",
                    "Slack never sends one so large.",
                ));
            }
            Ok(Err(_)) => return Err(refuse(StatusCode::BAD_REQUEST, "cut_off", "The body was cut off.", "Send it again.")),
            Err(_) => return Err(refuse(StatusCode::REQUEST_TIMEOUT, "too_slow", "The body took longer than 10 s.", "Send it again.")),
        };
        check(secret.expose_secret(), &headers, &body, now).map_err(unsigned)?;
        let body = String::from_utf8(body.into()).map_err(|_| super::malformed())?;
        Ok(Self { body })
    }
}

fn unsigned(why: &'static str) -> Response {
    tracing::warn!(why, "a request to /slack/ was refused");
    refuse(
        StatusCode::UNAUTHORIZED,
        "unsigned",
        why,
        "Check SLACK_SIGNING_SECRET against the app's Basic Information page, and this machine's clock.",
    )
}

/// The time that the request says it was signed at, if that is near.
fn stamp(headers: &HeaderMap, now: At) -> Result<&str, &'static str> {
    let stamp = headers.get("x-slack-request-timestamp").and_then(|value| value.to_str().ok()).ok_or("The signature's time is missing.")?;
    let secs: i64 = stamp.parse().map_err(|_| "The signature's time is not a number.")?;
    let near = (now.0.div_euclid(SECOND)).abs_diff(secs) <= WINDOW_SECS.unsigned_abs();
    if near { Ok(stamp) } else { Err("The signature is older than 300 s, or from the future.") }
}

/// Whether Slack signed these bytes a moment ago.
///
/// # Errors
/// What is missing or wrong, in one sentence.
pub fn check(secret: &str, headers: &HeaderMap, body: &[u8], now: At) -> Result<(), &'static str> {
    let stamp = stamp(headers, now)?;
    let given = headers.get("x-slack-signature").and_then(|value| value.to_str().ok()).ok_or("The signature is missing.")?;
    let given = given.strip_prefix("v0=").and_then(|hex| hex::decode(hex).ok()).ok_or("The signature is not of version 0.")?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|_| "The signing secret can't be used.")?;
    for part in [b"v0:", stamp.as_bytes(), b":", body] {
        mac.update(part);
    }
    // Compares in constant time.
    mac.verify_slice(&given).map_err(|_| "The signature is wrong.")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Headers as Slack signs.
    pub fn sign(secret: &str, body: &str, at_secs: i64) -> Vec<(&'static str, String)> {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
        mac.update(format!("v0:{at_secs}:{body}").as_bytes());
        let hex = hex::encode(mac.finalize().into_bytes());
        vec![("x-slack-request-timestamp", at_secs.to_string()), ("x-slack-signature", format!("v0={hex}"))]
    }

    fn verdict(secret: &str, headers: &[(&'static str, String)], body: &str, now_secs: i64) -> Result<(), &'static str> {
        let headers = headers.iter().map(|(name, value)| ((*name).parse().expect("name"), value.parse().expect("value"))).collect();
        check(secret, &headers, body.as_bytes(), At::from_secs(now_secs))
    }

    #[test]
    fn slacks_own_documented_example_holds() {
        let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        let headers = [
            ("x-slack-request-timestamp", "1531420618".to_owned()),
            ("x-slack-signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503".to_owned()),
        ];
        assert_eq!(verdict("8f742231b10e8888abcd99yyyzzz85a5", &headers, body, 1_531_420_700), Ok(()));
    }

    #[test]
    fn only_a_right_and_recent_signature_over_these_bytes_is_taken() {
        let good = || sign("shh", "text=dora", 1_000);
        let check = |headers: Vec<(&'static str, String)>, body: &str, now_secs: i64, expect: Result<(), &'static str>| {
            assert_eq!(verdict("shh", &headers, body, now_secs), expect);
        };
        check(good(), "text=dora", 1_000, Ok(()));
        check(good(), "text=dora", 1_300, Ok(()));
        check(good(), "text=dora", 700, Ok(()));
        let old = Err("The signature is older than 300 s, or from the future.");
        check(good(), "text=dora", 1_301, old);
        check(good(), "text=dora", 699, old);
        check(sign("shh", "text=dora", i64::MIN), "text=dora", 1_000, old);
        check(good(), "text=flow", 1_000, Err("The signature is wrong."));
        check(sign("other", "text=dora", 1_000), "text=dora", 1_000, Err("The signature is wrong."));
        check(good().split_off(1), "text=dora", 1_000, Err("The signature's time is missing."));
        check(vec![good().remove(0)], "text=dora", 1_000, Err("The signature is missing."));
        let with = |signature: &str| vec![good().remove(0), ("x-slack-signature", signature.to_owned())];
        check(with("v1=00"), "text=dora", 1_000, Err("The signature is not of version 0."));
        check(with("v0=xyz"), "text=dora", 1_000, Err("The signature is not of version 0."));
        check(with("v0="), "text=dora", 1_000, Err("The signature is wrong."));
        check(
            vec![("x-slack-request-timestamp", "soon".into()), good().remove(1)],
            "text=dora",
            1_000,
            Err("The signature's time is not a number."),
        );
    }
}
