//! Proofs of origin: HMAC over the body, bearer tokens, basic authentication. Comparison is constant-time; secrets are a list,
//! for rotation, and so are signatures where the sender rotates too.
//!
//! What a refusal says never holds a secret, nor the signature that would have been right.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::{Headers, Refused};
use crate::domain::time::{At, SECOND};

/// How far the time in a signature may be from the clock here, in microseconds: an old delivery is not taken again.
const TOLERANCE: i64 = 300 * SECOND;
/// How a signing secret of Standard Webhooks begins.
const SIGNING: &str = "whsec_";

/// The HMAC-SHA256 of the parts, one after another.
fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Whether one of the signatures was made with one of the keys. All are tried, so that the time taken does not tell which
/// one was right.
fn any_right(keys: impl Iterator<Item = Vec<u8>>, parts: &[&[u8]], signatures: &[Vec<u8>]) -> bool {
    keys.map(|key| mac(&key, parts))
        .fold(false, |right, expected| signatures.iter().fold(right, |right, sent| right | bool::from(expected.as_slice().ct_eq(sent))))
}

/// The HMAC-SHA256 of the body, in lower-case hex.
pub fn hmac_sha256_hex(secret: &str, body: &[u8]) -> String {
    hex::encode(mac(secret.as_bytes(), &[body]))
}

/// Checks `X-Hub-Signature-256: sha256=HEX` against any of the secrets.
pub fn verify_github(headers: &Headers, body: &[u8], secrets: &[String]) -> Result<(), Refused> {
    verify_hmac(headers, "X-Hub-Signature-256", "sha256=", body, secrets)
}

/// Checks a header that holds `PREFIX` and the hex of the body's HMAC-SHA256 against any of the secrets; several are
/// separated by commas.
pub fn verify_hmac(headers: &Headers, header: &str, prefix: &str, body: &[u8], secrets: &[String]) -> Result<(), Refused> {
    let signatures = in_hex(sent(headers, header)?, prefix);
    if signatures.is_empty() {
        let form = if prefix.is_empty() { "hex digits".into() } else { format!("`{prefix}` followed by hex digits") };
        return Err(refused(format!("the header {header} is not {form}")));
    }
    right_or(any_right(plain(secrets), &[body], &signatures), header)
}

/// Checks a header `t=SECONDS,v1=HEX`, the HMAC-SHA256 of those seconds and the body behind them, made not long before or
/// after `now`.
pub fn verify_timed(headers: &Headers, header: &str, body: &[u8], secrets: &[String], now: At) -> Result<(), Refused> {
    let value = sent(headers, header)?;
    let signatures = in_hex(value, "v1=");
    let Some(seconds) = value.split(',').find_map(|part| part.trim().strip_prefix("t=")).filter(|_| !signatures.is_empty()) else {
        return Err(refused(format!("the header {header} is not `t=SECONDS,v1=` followed by hex digits")));
    };
    right_or(any_right(plain(secrets), &[seconds.as_bytes(), body], &signatures), header)?;
    fresh(header, seconds, now)
}

/// Checks the three headers of Standard Webhooks: `webhook-signature: v1,BASE64` is the HMAC-SHA256 of
/// `ID.SECONDS.BODY`; several are separated by spaces. Secrets are `whsec_BASE64`, or as they are.
pub fn verify_standard(headers: &Headers, body: &[u8], secrets: &[String], now: At) -> Result<(), Refused> {
    const SIGNATURE: &str = "webhook-signature";
    const TIMESTAMP: &str = "webhook-timestamp";
    let (id, seconds, value) = (sent(headers, "webhook-id")?, sent(headers, TIMESTAMP)?, sent(headers, SIGNATURE)?);
    let signatures: Vec<Vec<u8>> = value.split(' ').filter_map(|part| BASE64.decode(part.strip_prefix("v1,")?).ok()).collect();
    if signatures.is_empty() {
        return Err(refused(format!("the header {SIGNATURE} is not `v1,` followed by base64")));
    }
    let keys = usable(secrets).flat_map(standard_keys);
    right_or(any_right(keys, &[id.as_bytes(), b".", seconds.as_bytes(), b".", body], &signatures), SIGNATURE)?;
    fresh(TIMESTAMP, seconds, now)
}

/// The keys that a secret of Standard Webhooks may mean: what its base64 holds, and without the mark its letters too, as
/// some senders take any text.
fn standard_keys(secret: &str) -> Vec<Vec<u8>> {
    let marked = secret.strip_prefix(SIGNING);
    let held = BASE64.decode(marked.unwrap_or(secret)).ok().filter(|key| !key.is_empty());
    match (marked, held) {
        (Some(_), Some(key)) => vec![key],
        (None, Some(key)) => vec![key, secret.into()],
        (_, None) => marked.or(Some(secret)).filter(|text| !text.is_empty()).map(Into::into).into_iter().collect(),
    }
}

/// Checks `Authorization: Basic` against any of the secrets: `USER:PASSWORD`, or a password alone for any user.
pub fn verify_basic(headers: &Headers, secrets: &[String]) -> Result<(), Refused> {
    let value = sent(headers, "Authorization")?;
    let coded = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic")).map(|(_, coded)| coded.trim());
    let Some(pair) = coded.and_then(|coded| String::from_utf8(BASE64.decode(coded).ok()?).ok()).filter(|pair| pair.contains(':')) else {
        return Err(refused("the header Authorization is not basic authentication with a user and a password".into()));
    };
    let password = pair.split_once(':').map_or("", |(_, password)| password);
    let right = usable(secrets).fold(false, |right, known| {
        let sent = if known.contains(':') { pair.as_str() } else { password };
        right | bool::from(known.as_bytes().ct_eq(sent.as_bytes()))
    });
    if right { Ok(()) } else { Err(refused("the user or the password is wrong; give the sender those that pacer has".into())) }
}

/// Checks GitLab's proof: a signing token (`whsec_...`) as Standard Webhooks have it, else the plain token in
/// `X-Gitlab-Token`. A delivery that carries a signature never falls back to its token where pacer can check the signature.
pub fn verify_gitlab(headers: &Headers, body: &[u8], secrets: &[String], now: At) -> Result<(), Refused> {
    let (signing, plain): (Vec<String>, Vec<String>) = usable(secrets).map(str::to_owned).partition(|secret| secret.starts_with(SIGNING));
    let signed = headers.get("webhook-signature").is_some();
    if !signing.is_empty() && (signed || plain.is_empty()) {
        return verify_standard(headers, body, &signing, now);
    }
    let token = sent(headers, "X-Gitlab-Token")?;
    let right = plain.iter().fold(false, |right, known| right | bool::from(known.as_bytes().ct_eq(token.as_bytes())));
    if right {
        return Ok(());
    }
    Err(refused("the token in X-Gitlab-Token is wrong; the webhook's secret token is not one that pacer has".into()))
}

fn sent<'a>(headers: &'a Headers, header: &str) -> Result<&'a str, Refused> {
    let value = headers.get(&header.to_ascii_lowercase()).map(str::trim);
    value.ok_or_else(|| refused(format!("the header {header} is missing; give the sender the same secret that pacer has")))
}

fn in_hex(value: &str, prefix: &str) -> Vec<Vec<u8>> {
    value.split(',').filter_map(|part| hex::decode(part.trim().strip_prefix(prefix)?).ok()).collect()
}

fn right_or(right: bool, header: &str) -> Result<(), Refused> {
    if right {
        Ok(())
    } else {
        Err(refused(format!("the signature in {header} is wrong; the secret of the sender is not one that pacer has")))
    }
}

/// Refuses what was signed long ago, or is signed for later.
fn fresh(header: &str, seconds: &str, now: At) -> Result<(), Refused> {
    let near = seconds.trim().parse().is_ok_and(|seconds| At::from_secs(seconds).since(now).saturating_abs() <= TOLERANCE);
    if near {
        Ok(())
    } else {
        Err(refused(format!(
            "the time in {header} is not within 300 s of the clock here; check both clocks, and let the sender send it anew"
        )))
    }
}

fn plain(secrets: &[String]) -> impl Iterator<Item = Vec<u8>> {
    usable(secrets).map(|secret| secret.as_bytes().to_vec())
}

/// Checks `Authorization: Bearer TOKEN` against any of the tokens.
pub fn verify_bearer(headers: &Headers, tokens: &[String]) -> Result<(), Refused> {
    let Some(sent) = headers.get("authorization") else {
        return Err(refused("the header Authorization is missing; send `Authorization: Bearer TOKEN`".into()));
    };
    let token = match sent.trim().split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => return Err(refused("the header Authorization is not `Bearer TOKEN`".into())),
    };
    let right = usable(tokens).fold(false, |right, known| right | bool::from(known.as_bytes().ct_eq(token.as_bytes())));
    if right {
        return Ok(());
    }
    Err(refused("the token is wrong; send one that pacer was given in PACER_EVENTS_TOKEN".into()))
}

/// An empty secret would let anybody in, so it is none.
fn usable(secrets: &[String]) -> impl Iterator<Item = &str> {
    secrets.iter().map(|secret| secret.trim()).filter(|secret| !secret.is_empty())
}

fn refused(sentence: String) -> Refused {
    Refused::Origin(sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "It's a Secret to Everybody";
    const DIGEST: &str = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn headers(name: &str, value: &str) -> Headers {
        Headers([(name.to_owned(), value.to_owned())].into())
    }

    #[test]
    fn the_published_vector_holds() {
        assert_eq!(hmac_sha256_hex(SECRET, b"Hello, World!"), DIGEST);
    }

    #[test]
    fn github_signatures() {
        let check = |value: &str, body: &str, secrets: &[&str], expect: Option<&str>| {
            let secrets: Vec<String> = secrets.iter().map(|secret| (*secret).to_owned()).collect();
            let refusal = verify_github(&headers("x-hub-signature-256", value), body.as_bytes(), &secrets).err().map(|why| why.to_string());
            match expect {
                None => assert_eq!(refusal, None),
                Some(words) => {
                    let said = refusal.unwrap_or_default();
                    assert!(said.contains(words), "{said:?} does not say {words:?}");
                    assert!(!said.contains(DIGEST) && !said.contains(SECRET), "{said:?} leaks");
                }
            }
        };
        let right = format!("sha256={DIGEST}");
        check(&right, "Hello, World!", &[SECRET], None);
        check(&right, "Hello, World!", &["new", SECRET], None);
        check(&right, "Hello, World!", &[SECRET, "new"], None);
        check(&right.to_uppercase().replace("SHA256", "sha256"), "Hello, World!", &[SECRET], None);
        check(&right, "Hello, World", &[SECRET], Some("is wrong"));
        check(&right, "Hello, World!", &["other"], Some("is wrong"));
        check(&right, "Hello, World!", &[], Some("is wrong"));
        check(&format!("sha256={}", &DIGEST[..62]), "Hello, World!", &[SECRET], Some("is wrong"));
        check(&format!("sha256={}", hmac_sha256_hex("", b"x")), "x", &[""], Some("is wrong"));
        check(&format!("sha1={DIGEST}"), "Hello, World!", &[SECRET], Some("is not `sha256=`"));
        check("sha256=zz", "Hello, World!", &[SECRET], Some("is not `sha256=`"));
        let missing = verify_github(&Headers::default(), b"x", &[SECRET.to_owned()]).expect_err("no header").to_string();
        assert!(missing.contains("X-Hub-Signature-256 is missing"), "{missing}");
    }

    /// Whether it is let in, or the words of the refusal.
    fn check(outcome: Result<(), Refused>, expect: Option<&str>) {
        let said = outcome.err().map(|why| why.to_string()).unwrap_or_default();
        assert!(expect.map_or(said.is_empty(), |words| said.contains(words)), "{said:?} does not say {expect:?}");
        assert!(!said.contains("secret text"), "{said:?} leaks");
    }

    fn secrets(list: &[&str]) -> Vec<String> {
        list.iter().map(|secret| (*secret).to_owned()).collect()
    }

    #[test]
    fn a_list_of_signatures_lets_both_sides_rotate() {
        // As PagerDuty sends it. `openssl dgst -sha256 -hmac old` and `-hmac new` of `{}`; go-pagerduty's own vector was
        // checked by hand: the body as it is, hex, `v1=`.
        let old = "v1=419f84c3dfb1dabfe377f5a34859584b8faa83144c2a3b2b72a8c4ded4e293a6";
        let new = "v1=56fde440898b2046eee6f58816ea81c5780d6bd5d34d1ce41b99d54edacbc4b8";
        let verify = |value: &str, known: &[&str]| {
            verify_hmac(&headers("x-pagerduty-signature", value), "X-PagerDuty-Signature", "v1=", b"{}", &secrets(known))
        };
        check(verify(old, &["old"]), None);
        check(verify(&format!("{old},{new}"), &["old"]), None);
        check(verify(&format!("{new}, {old}"), &["old"]), None);
        check(verify(old, &["new", "old"]), None);
        check(verify(&format!("v2=00,{old}"), &["old"]), None);
        check(verify(new, &["old"]), Some("is wrong"));
        check(verify("v2=00", &["old"]), Some("is not `v1=`"));
        check(verify("", &["old"]), Some("is not `v1=`"));
        check(
            verify_hmac(&Headers::default(), "X-PagerDuty-Signature", "v1=", b"{}", &secrets(&["old"])),
            Some("X-PagerDuty-Signature is missing"),
        );
    }

    #[test]
    fn a_time_that_is_signed_along_holds_for_five_minutes() {
        // `printf '%s' '1492774588{"event":{"type":"incident.created"}}' | openssl dgst -sha256 -hmac 'webhook secret'`, with
        // the time of Rootly's documentation.
        const BODY: &[u8] = br#"{"event":{"type":"incident.created"}}"#;
        const RIGHT: &str = "v1=fc4ff773916e2dbc3d66fe31f1bde0281d67d91cbe805c466066a614a5cf1ad8";
        let verify = |value: &str, known: &[&str], now: i64| {
            verify_timed(&headers("x-rootly-signature", value), "X-Rootly-Signature", BODY, &secrets(known), At::from_secs(now))
        };
        let right = format!("t=1492774588,{RIGHT}");
        check(verify(&right, &["webhook secret"], 1_492_774_588), None);
        check(verify(&right, &["new", "webhook secret"], 1_492_774_588 + 300), None);
        check(verify(&format!("t=1492774588, v1=00, {RIGHT}"), &["webhook secret"], 1_492_774_588 - 300), None);
        check(verify(&right, &["webhook secret"], 1_492_774_588 + 301), Some("not within 300 s"));
        check(verify(&right, &["webhook secret"], 1_492_774_588 - 301), Some("not within 300 s"));
        check(verify(&right, &["secret text"], 1_492_774_588), Some("is wrong"));
        check(verify(&format!("t=1492774589,{RIGHT}"), &["webhook secret"], 1_492_774_588), Some("is wrong"));
        check(verify(RIGHT, &["webhook secret"], 1_492_774_588), Some("is not `t=SECONDS,v1=`"));
        check(verify("t=1492774588", &["webhook secret"], 1_492_774_588), Some("is not `t=SECONDS,v1=`"));
        check(verify("t=soon,v1=00", &["webhook secret"], 1_492_774_588), Some("is wrong"));
        check(
            verify_timed(&Headers::default(), "X-Rootly-Signature", BODY, &secrets(&["x"]), At(0)),
            Some("X-Rootly-Signature is missing"),
        );
    }

    #[test]
    fn standard_webhooks_hold_the_published_vector() {
        // The test of signing in libraries/javascript/src/webhook.test.ts of standard-webhooks/standard-webhooks.
        const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        const RIGHT: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        const NOW: i64 = 1_614_265_330;
        let with = |id: &str, at: i64, value: &str| {
            Headers(
                [("webhook-id", id.to_owned()), ("webhook-timestamp", at.to_string()), ("webhook-signature", value.to_owned())]
                    .map(|(name, value)| (name.to_owned(), value))
                    .into(),
            )
        };
        let verify = |sent: &Headers, known: &[&str], now: i64| {
            verify_standard(sent, br#"{"test": 2432232314}"#, &secrets(known), At::from_secs(now))
        };
        let right = with("msg_p5jXN8AQM9LWM0D4loKWxJek", NOW, RIGHT);
        check(verify(&right, &[KEY], NOW), None);
        check(verify(&right, &["whsec_AAAA", KEY], NOW + 300), None);
        check(verify(&right, &[&KEY["whsec_".len()..]], NOW - 300), None);
        check(verify(&with("msg_p5jXN8AQM9LWM0D4loKWxJek", NOW, &format!("v1a,AAAA v1,AAAA {RIGHT}")), &[KEY], NOW), None);
        check(verify(&right, &[KEY], NOW + 301), Some("not within 300 s"));
        check(verify(&right, &[KEY], NOW - 301), Some("not within 300 s"));
        check(verify(&right, &["whsec_AAAA"], NOW), Some("is wrong"));
        check(verify(&with("msg_other", NOW, RIGHT), &[KEY], NOW), Some("is wrong"));
        check(verify(&with("msg_p5jXN8AQM9LWM0D4loKWxJek", NOW + 1, RIGHT), &[KEY], NOW), Some("is wrong"));
        check(verify(&with("msg_p5jXN8AQM9LWM0D4loKWxJek", NOW, "v1a,AAAA"), &[KEY], NOW), Some("is not `v1,`"));
        check(verify(&headers("webhook-signature", RIGHT), &[KEY], NOW), Some("webhook-id is missing"));
        // A secret that is no base64: `printf '%s' 'msg_1.1614265330.{"test": 2432232314}' | openssl dgst -sha256 -hmac 'plain text' -binary | base64`.
        check(verify(&with("msg_1", NOW, "v1,3+ZqHI0WOj0Ql/lWlWomAXGYRGigFJ44s3ARraseZLE="), &["plain text"], NOW), None);
        // An empty key would let anybody in.
        let empty = BASE64.encode(mac(b"", &[b"msg_1.1614265330.{\"test\": 2432232314}"]));
        check(verify(&with("msg_1", NOW, &format!("v1,{empty}")), &["whsec_", "", " "], NOW), Some("is wrong"));
    }

    #[test]
    fn basic_authentication() {
        let verify = |value: &str, known: &[&str]| verify_basic(&headers("authorization", value), &secrets(known));
        // `printf 'pacer:s3cret:with:colons' | base64`
        let sent = "Basic cGFjZXI6czNjcmV0OndpdGg6Y29sb25z";
        check(verify(sent, &["pacer:s3cret:with:colons"]), None);
        check(verify(sent, &["new:one", "pacer:s3cret:with:colons"]), None);
        check(verify("basic cGFjZXI6czNjcmV0OndpdGg6Y29sb25z", &["pacer:s3cret:with:colons"]), None);
        check(verify(sent, &["other:s3cret:with:colons"]), Some("is wrong"));
        check(verify(sent, &["pacer:s3cret"]), Some("is wrong"));
        let any = format!("Basic {}", BASE64.encode("anybody:secret text"));
        check(verify(&any, &["secret text"]), None);
        check(verify(&any, &["anybody:secret"]), Some("is wrong"));
        check(verify(&format!("Basic {}", BASE64.encode("anybody:")), &[""]), Some("is wrong"));
        check(verify(&format!("Basic {}", BASE64.encode("nocolon")), &["nocolon"]), Some("is not basic"));
        check(verify("Bearer x", &["x"]), Some("is not basic"));
        check(verify("Basic %%%", &["x"]), Some("is not basic"));
        check(verify_basic(&Headers::default(), &secrets(&["x"])), Some("Authorization is missing"));
    }

    #[test]
    fn bearer_tokens() {
        let check = |value: &str, expect: bool| {
            let tokens = ["one".to_owned(), "two".to_owned(), String::new()];
            assert_eq!(verify_bearer(&headers("authorization", value), &tokens).is_ok(), expect, "{value:?}");
        };
        check("Bearer one", true);
        check("bearer two", true);
        check("Bearer  two ", true);
        check("Bearer on", false);
        check("Bearer ", false);
        check("Bearer", false);
        check("Basic one", false);
        assert!(verify_bearer(&Headers::default(), &["one".to_owned()]).is_err());
    }

    /// The vector of the Standard Webhooks reference libraries.
    const SIGNED: [(&str, &str); 3] = [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ];
    const SIGNED_BODY: &str = r#"{"test": 2432232314}"#;
    const SIGNING_TOKEN: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn gitlab(sent: &[(&str, &str)], body: &str, secrets: &[&str], now: i64) -> Option<String> {
        let headers = Headers(sent.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect());
        let secrets: Vec<String> = secrets.iter().map(|secret| (*secret).to_owned()).collect();
        let said = verify_gitlab(&headers, body.as_bytes(), &secrets, At::from_secs(now)).err().map(|why| why.to_string());
        for secret in secrets.iter().filter(|secret| !["", " ", SIGNING].contains(&secret.as_str())) {
            assert!(!said.as_ref().is_some_and(|said| said.contains(secret)), "{said:?} leaks");
        }
        said
    }

    #[test]
    fn gitlab_tokens() {
        let check = |sent: &[(&str, &str)], secrets: &[&str], expect: Option<&str>| {
            let said = gitlab(sent, "{}", secrets, 0);
            assert!(
                expect.map_or(said.is_none(), |words| said.as_ref().is_some_and(|said| said.contains(words))),
                "{sent:?} {secrets:?}: {said:?}"
            );
        };
        check(&[("x-gitlab-token", "k3y-1")], &["k3y-1"], None);
        check(&[("x-gitlab-token", "k3y-1")], &["k3y-2", "k3y-1"], None);
        check(&[("x-gitlab-token", "k3y-2")], &["k3y-2", "k3y-1"], None);
        check(&[("x-gitlab-token", "k3y-")], &["k3y-2", "k3y-1"], Some("is wrong"));
        check(&[("x-gitlab-token", "k3y-1 ")], &[" k3y-1"], None);
        check(&[("x-gitlab-token", "")], &["k3y-1"], Some("is wrong"));
        check(&[("x-gitlab-token", "")], &["", " "], Some("is wrong"));
        check(&[("x-gitlab-token", "k3y-1")], &[], Some("is wrong"));
        check(&[], &["k3y-1"], Some("X-Gitlab-Token is missing"));
        check(&[("authorization", "Bearer k3y-1")], &["k3y-1"], Some("X-Gitlab-Token is missing"));
        check(&[("x-gitlab-token", SIGNING_TOKEN)], &[SIGNING_TOKEN], Some("webhook-id is missing"));
        check(&[("x-gitlab-token", "k3y-1")], &["k3y-1", SIGNING_TOKEN], None); // not signed yet: the change over to signatures
    }

    #[test]
    fn gitlab_signatures() {
        let at = 1_614_265_330;
        let check = |sent: &[(&str, &str)], body: &str, secrets: &[&str], now: i64, expect: Option<&str>| {
            let said = gitlab(sent, body, secrets, now);
            assert!(
                expect.map_or(said.is_none(), |words| said.as_ref().is_some_and(|said| said.contains(words))),
                "{sent:?} {secrets:?}: {said:?}"
            );
        };
        let [id, time, signature] = SIGNED;
        check(&SIGNED, SIGNED_BODY, &[SIGNING_TOKEN], at, None);
        check(&SIGNED, SIGNED_BODY, &["whsec_AAAA", SIGNING_TOKEN], at, None);
        let two = format!("v1,AAAA v1a,BBBB {}", signature.1);
        check(&[id, time, ("webhook-signature", &two)], SIGNED_BODY, &[SIGNING_TOKEN], at, None);
        check(&SIGNED, SIGNED_BODY, &[SIGNING_TOKEN], at + 300, None);
        check(&SIGNED, SIGNED_BODY, &[SIGNING_TOKEN], at + 301, Some("not within 300 s"));
        check(&SIGNED, SIGNED_BODY, &[SIGNING_TOKEN], at - 301, Some("not within 300 s"));
        check(&SIGNED, "{}", &[SIGNING_TOKEN], at, Some("is wrong"));
        check(&[("webhook-id", "msg_other"), time, signature], SIGNED_BODY, &[SIGNING_TOKEN], at, Some("is wrong"));
        check(&SIGNED, SIGNED_BODY, &["whsec_AAAA"], at, Some("is wrong"));
        check(&SIGNED, SIGNED_BODY, &["whsec_", "whsec_not base64"], at, Some("is wrong"));
        check(&[id, ("webhook-timestamp", "soon"), signature], SIGNED_BODY, &[SIGNING_TOKEN], at, Some("is wrong"));
        check(&[id, time], SIGNED_BODY, &[SIGNING_TOKEN], at, Some("webhook-signature is missing"));
        // A wrong signature is not made good by a right token, unless pacer has no signing token to check it by.
        let both = [id, time, ("webhook-signature", "v1,AAAA"), ("x-gitlab-token", "k3y-1")];
        check(&both, SIGNED_BODY, &["k3y-1", SIGNING_TOKEN], at, Some("is wrong"));
        check(&both, SIGNED_BODY, &["k3y-1"], at, None);
    }
}
