//! Proofs of origin: HMAC over the body, bearer tokens. Comparison is constant-time; secrets are a list, for rotation.
//!
//! What a refusal says never holds a secret, nor the signature that would have been right.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::{Headers, Refused};

fn mac(secret: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(body);
    mac
}

/// The HMAC-SHA256 of the body, in lower-case hex.
pub fn hmac_sha256_hex(secret: &str, body: &[u8]) -> String {
    hex::encode(mac(secret, body).finalize().into_bytes())
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
    let right = usable(secrets).fold(false, |right, secret| right | mac(secret, body).verify_slice(&digest).is_ok());
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
}
