//! Proofs of origin: HMAC over the body, bearer tokens. Comparison is constant-time; secrets are a list, for rotation.
//!
//! What a refusal says never holds a secret, nor the signature that would have been right.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::{Headers, Refused};
use crate::domain::time::{At, SECOND};

/// How far a Standard Webhooks timestamp may lie from now, in microseconds: an older delivery may be a copy of a real one.
const TOLERANCE: i64 = 300 * SECOND;
/// How a Standard Webhooks secret begins.
const SIGNING: &str = "whsec_";

fn mac(secret: &[u8], body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(body);
    mac
}

/// The HMAC-SHA256 of the body, in lower-case hex.
pub fn hmac_sha256_hex(secret: &str, body: &[u8]) -> String {
    hex::encode(mac(secret.as_bytes(), body).finalize().into_bytes())
}

/// Checks `X-Hub-Signature-256: sha256=HEX` against any of the secrets.
pub fn verify_github(headers: &Headers, body: &[u8], secrets: &[String]) -> Result<(), Refused> {
    verify_hmac(headers, "X-Hub-Signature-256", "sha256=", body, secrets)
}

/// Checks a header that holds `PREFIX` and the hex of the body's HMAC-SHA256 against any of the secrets.
pub fn verify_hmac(headers: &Headers, header: &str, prefix: &str, body: &[u8], secrets: &[String]) -> Result<(), Refused> {
    let Some(sent) = headers.get(&header.to_ascii_lowercase()) else {
        return Err(refused(format!("the header {header} is missing; give the sender the same secret that pacer has")));
    };
    let Some(digest) = sent.trim().strip_prefix(prefix).and_then(|digits| hex::decode(digits).ok()) else {
        let form = if prefix.is_empty() { "hex digits".into() } else { format!("`{prefix}` followed by hex digits") };
        return Err(refused(format!("the header {header} is not {form}")));
    };
    // Every secret is tried, so that the time taken does not tell which one matched.
    let right = usable(secrets).fold(false, |right, secret| right | mac(secret.as_bytes(), body).verify_slice(&digest).is_ok());
    if right {
        return Ok(());
    }
    Err(refused(format!("the signature in {header} is wrong; the secret of the sender is not one that pacer has")))
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

/// Checks GitLab's proof: a signing token (`whsec_...`) as Standard Webhooks have it, else the plain token in
/// `X-Gitlab-Token`. A delivery that carries a signature never falls back to its token where pacer can check the signature.
pub fn verify_gitlab(headers: &Headers, body: &[u8], secrets: &[String], now: At) -> Result<(), Refused> {
    let (signing, plain): (Vec<&str>, Vec<&str>) = usable(secrets).partition(|secret| secret.starts_with(SIGNING));
    let signed = headers.get("webhook-signature").is_some();
    if !signing.is_empty() && (signed || plain.is_empty()) {
        return verify_standard(headers, body, &signing, now);
    }
    let Some(sent) = headers.get("x-gitlab-token") else {
        return Err(refused("the header X-Gitlab-Token is missing; give the webhook the same secret token that pacer has".into()));
    };
    let right = plain.into_iter().fold(false, |right, known| right | bool::from(known.as_bytes().ct_eq(sent.trim().as_bytes())));
    if right {
        return Ok(());
    }
    Err(refused("the token in X-Gitlab-Token is wrong; the webhook's secret token is not one that pacer has".into()))
}

/// Checks `webhook-signature: v1,BASE64[ v1,BASE64]` over `ID.TIMESTAMP.BODY` against any of the secrets `whsec_BASE64`.
fn verify_standard(headers: &Headers, body: &[u8], secrets: &[&str], now: At) -> Result<(), Refused> {
    let header = |name: &str| {
        headers.get(name).ok_or_else(|| refused(format!("the header {name} is missing; give the sender the signing token that pacer has")))
    };
    let (id, timestamp, signatures) = (header("webhook-id")?, header("webhook-timestamp")?, header("webhook-signature")?);
    let Ok(sent_at) = timestamp.trim().parse::<i64>() else {
        return Err(refused("the header webhook-timestamp is not a number of seconds since 1970".into()));
    };
    if now.since(At::from_secs(sent_at)).saturating_abs() > TOLERANCE {
        return Err(refused("the delivery is older than 5 minutes, or from the future; check the clocks of sender and pacer".into()));
    }
    let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
    let digests: Vec<Vec<u8>> = signatures.split_ascii_whitespace().filter_map(|word| base64_of(word.strip_prefix("v1,")?)).collect();
    // Every secret and digest is tried, so that the time taken does not tell which one matched.
    let keys = secrets.iter().filter_map(|secret| base64_of(secret.strip_prefix(SIGNING)?)).filter(|key| !key.is_empty());
    let right =
        keys.fold(false, |right, key| digests.iter().fold(right, |right, digest| right | mac(&key, &signed).verify_slice(digest).is_ok()));
    if right {
        return Ok(());
    }
    Err(refused("the signature in webhook-signature is wrong; the sender's signing token is not one that pacer has".into()))
}

fn base64_of(text: &str) -> Option<Vec<u8>> {
    STANDARD_NO_PAD.decode(text.trim_end_matches('=')).ok()
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
        check(&SIGNED, SIGNED_BODY, &[SIGNING_TOKEN], at + 301, Some("older than 5 minutes"));
        check(&SIGNED, SIGNED_BODY, &[SIGNING_TOKEN], at - 301, Some("from the future"));
        check(&SIGNED, "{}", &[SIGNING_TOKEN], at, Some("is wrong"));
        check(&[("webhook-id", "msg_other"), time, signature], SIGNED_BODY, &[SIGNING_TOKEN], at, Some("is wrong"));
        check(&SIGNED, SIGNED_BODY, &["whsec_AAAA"], at, Some("is wrong"));
        check(&SIGNED, SIGNED_BODY, &["whsec_", "whsec_not base64"], at, Some("is wrong"));
        check(&[id, ("webhook-timestamp", "soon"), signature], SIGNED_BODY, &[SIGNING_TOKEN], at, Some("not a number"));
        check(&[id, time], SIGNED_BODY, &[SIGNING_TOKEN], at, Some("webhook-signature is missing"));
        // A wrong signature is not made good by a right token, unless pacer has no signing token to check it by.
        let both = [id, time, ("webhook-signature", "v1,AAAA"), ("x-gitlab-token", "k3y-1")];
        check(&both, SIGNED_BODY, &["k3y-1", SIGNING_TOKEN], at, Some("is wrong"));
        check(&both, SIGNED_BODY, &["k3y-1"], at, None);
    }
}
