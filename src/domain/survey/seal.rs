//! Sealed ballots: what stands in the database while a wave is open.
//!
//! From a wave's random key come four sub-keys (HKDF-SHA-256), two for ratings and two for comments, so that the two tables can't be joined.
//! A **tag** (HMAC of wave and user, cut to 16 bytes) says which row is whose to the holder of the key alone; a **seal** is
//! XChaCha20-Poly1305 over answers padded to one length, bound to wave and tag. Whoever lacks the key sees neither who answered nor what,
//! nor how much. Keys and opened answers are wiped from memory when they are dropped. Why random nonces and not counters: a counter would
//! tell the order of edits. Nothing here may be printed or logged.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a wave's key.
pub const KEY: usize = 32;
/// Bytes of a tag.
pub const TAG: usize = 16;
/// Bytes of a nonce, which stands before each seal.
pub const NONCE: usize = 24;
/// Characters of a comment at most.
pub const LONGEST_COMMENT: usize = 3_000;
/// Bytes that answers are padded to: one a rated question, and room.
const ANSWERS: usize = 64;
/// Bytes that a comment is padded to, its length first.
const COMMENT: usize = 12 * 1_024;
/// Bytes that a seal adds: its nonce before, its proof behind.
const ADDED: usize = NONCE + 16;
/// Bytes of sealed ratings, whatever they are.
pub const SEAL: usize = ANSWERS + ADDED;
/// Bytes of a sealed comment, whatever it says.
pub const LONG_SEAL: usize = COMMENT + ADDED;

/// The keys of one wave, derived.
pub struct WaveKeys {
    tag: [u8; KEY],
    seal: [u8; KEY],
    text_tag: [u8; KEY],
    text_seal: [u8; KEY],
    wave: String,
}

impl Drop for WaveKeys {
    fn drop(&mut self) {
        for key in [&mut self.tag, &mut self.seal, &mut self.text_tag, &mut self.text_seal] {
            key.zeroize();
        }
    }
}

/// The rated answers of one person, in the order of the wave's rated questions; wiped when dropped.
#[derive(PartialEq, Eq)]
pub struct Answers([u8; ANSWERS]);

impl Drop for Answers {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Which row is whose, to the holder of the key.
pub type Tag = [u8; TAG];

impl Answers {
    /// None given yet.
    pub fn blank() -> Self {
        Self([0; ANSWERS])
    }

    /// The answer to a question, 1 to 5; none: blank.
    pub fn get(&self, question: usize) -> Option<u8> {
        self.0.get(question).copied().filter(|value| (1..=5).contains(value))
    }

    /// Gives or takes back an answer; false where there is no such question or value.
    pub fn set(&mut self, question: usize, value: Option<u8>) -> bool {
        let fits = value.is_none_or(|value| (1..=5).contains(&value));
        match self.0.get_mut(question).filter(|_| fits) {
            Some(place) => {
                *place = value.unwrap_or(0);
                true
            }
            None => false,
        }
    }

    /// Whether nothing is answered.
    pub fn is_blank(&self) -> bool {
        self.0.iter().all(|value| *value == 0)
    }
}

impl WaveKeys {
    /// The sub-keys of a wave's key.
    pub fn derive(key: &[u8; KEY], wave: &str) -> Self {
        let hkdf = Hkdf::<Sha256>::new(None, key);
        let sub = |purpose: &str| sub_key(&hkdf, purpose, wave);
        Self { tag: sub("tag"), seal: sub("seal"), text_tag: sub("text tag"), text_seal: sub("text seal"), wave: wave.to_owned() }
    }

    /// Whose ratings.
    pub fn tag(&self, user: &str) -> Tag {
        self.tag_under(&self.tag, &[user])
    }

    /// Whose comment on a question; not to be joined to the tag of ratings.
    pub fn text_tag(&self, user: &str, item: &str) -> Tag {
        self.tag_under(&self.text_tag, &[user, item])
    }

    /// Seals answers.
    pub fn seal(&self, tag: &Tag, answers: &Answers, nonce: [u8; NONCE]) -> Vec<u8> {
        self.closed(&self.seal, tag, &answers.0, nonce)
    }

    /// Opens answers; none where key, wave, tag or a byte is another one.
    pub fn open(&self, tag: &Tag, sealed: &[u8]) -> Option<Answers> {
        let opened = self.opened(&self.seal, tag, sealed)?;
        Some(Answers(opened.as_slice().try_into().ok()?))
    }

    /// Seals a comment; an empty one looks like any other. None where it is longer than [`LONGEST_COMMENT`].
    pub fn seal_text(&self, tag: &Tag, comment: &str, nonce: [u8; NONCE]) -> Option<Vec<u8>> {
        if comment.chars().count() > LONGEST_COMMENT {
            return None;
        }
        let mut padded = Zeroizing::new([0_u8; COMMENT]);
        let length = u16::try_from(comment.len()).ok()?;
        padded[..2].copy_from_slice(&length.to_be_bytes());
        padded.get_mut(2..2 + comment.len())?.copy_from_slice(comment.as_bytes());
        Some(self.closed(&self.text_seal, tag, padded.as_slice(), nonce))
    }

    /// Opens a comment.
    pub fn open_text(&self, tag: &Tag, sealed: &[u8]) -> Option<Zeroizing<String>> {
        let opened = self.opened(&self.text_seal, tag, sealed)?;
        let length = usize::from(u16::from_be_bytes(opened.get(..2)?.try_into().ok()?));
        let text = std::str::from_utf8(opened.get(2..2 + length)?).ok()?;
        Some(Zeroizing::new(text.to_owned()))
    }

    fn tag_under(&self, key: &[u8; KEY], parts: &[&str]) -> Tag {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
        for part in [&[self.wave.as_str()], parts].concat() {
            mac.update(&(part.len() as u64).to_be_bytes()); // else `a` + `bc` were `ab` + `c`
            mac.update(part.as_bytes());
        }
        let whole = mac.finalize().into_bytes();
        let mut tag = [0; TAG];
        tag.copy_from_slice(&whole[..TAG]);
        tag
    }

    /// Wave and tag: a seal opens in its own row alone.
    fn bound(&self, tag: &Tag) -> Vec<u8> {
        [self.wave.as_bytes(), &[0], tag].concat()
    }

    fn closed(&self, key: &[u8; KEY], tag: &Tag, plain: &[u8], nonce: [u8; NONCE]) -> Vec<u8> {
        let aad = self.bound(tag);
        let cipher = XChaCha20Poly1305::new(&(*key).into());
        let sealed =
            cipher.encrypt(&nonce.into(), Payload { msg: plain, aad: &aad }).expect("a few kilobytes are within the cipher's limit");
        [&nonce[..], &sealed].concat()
    }

    fn opened(&self, key: &[u8; KEY], tag: &Tag, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        let aad = self.bound(tag);
        let cipher = XChaCha20Poly1305::new(&(*key).into());
        cipher.decrypt(&(*nonce).into(), Payload { msg: sealed, aad: &aad }).ok().map(Zeroizing::new)
    }
}

fn sub_key(hkdf: &Hkdf<Sha256>, purpose: &str, wave: &str) -> [u8; KEY] {
    let mut key = [0; KEY];
    hkdf.expand(format!("pacer survey 1 {purpose} {wave}").as_bytes(), &mut key).expect("32 bytes are within HKDF's limit");
    key
}

/// A digest of what was frozen at launch. It stands beside the key, outside the database: whoever changes people, teams or minima in the
/// database of an open wave, to single somebody out, makes a wave that can only be voided.
pub fn frozen_digest(parts: impl IntoIterator<Item = String>) -> [u8; KEY] {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(wave: &str) -> WaveKeys {
        WaveKeys::derive(&[7; KEY], wave)
    }

    #[test]
    fn answers_come_back_and_only_under_their_own_key_wave_tag_and_bytes() {
        let (ours, tag) = (keys("w1"), keys("w1").tag("U1"));
        let mut answers = Answers::blank();
        assert!(answers.set(0, Some(5)) && answers.set(29, Some(1)) && !answers.set(0, Some(6)) && !answers.set(64, Some(1)));
        let sealed = ours.seal(&tag, &answers, [3; NONCE]);
        assert!(ours.open(&tag, &sealed).is_some_and(|opened| opened == answers && opened.get(29) == Some(1) && opened.get(1).is_none()));
        assert!(ours.open(&ours.tag("U2"), &sealed).is_none());
        assert!(keys("w2").open(&tag, &sealed).is_none());
        assert!(WaveKeys::derive(&[8; KEY], "w1").open(&tag, &sealed).is_none());
        for at in 0..sealed.len() {
            let mut other = sealed.clone();
            other[at] ^= 1;
            assert!(ours.open(&tag, &other).is_none());
        }
        assert!(ours.open(&tag, &sealed[..10]).is_none());
    }

    #[test]
    fn seals_have_one_length_and_tags_differ_by_user_item_wave_and_purpose() {
        let (ours, tag) = (keys("w"), keys("w").tag("U1"));
        let mut full = Answers::blank();
        (0..30).for_each(|at| assert!(full.set(at, Some(3))));
        assert_eq!(ours.seal(&tag, &full, [0; NONCE]).len(), ours.seal(&tag, &Answers::blank(), [0; NONCE]).len());
        let lengths = ["", "short", &"é".repeat(LONGEST_COMMENT), &"\u{1F600}".repeat(LONGEST_COMMENT)].map(|comment| {
            let sealed = ours.seal_text(&tag, comment, [0; NONCE]).unwrap();
            assert_eq!(ours.open_text(&tag, &sealed).as_deref().map(String::as_str), Some(comment));
            sealed.len()
        });
        assert!(lengths.iter().all(|length| *length == NONCE + COMMENT + 16), "{lengths:?}");
        assert!(ours.seal_text(&tag, &"x".repeat(LONGEST_COMMENT + 1), [0; NONCE]).is_none());
        let tags = [
            ours.tag("U1"),
            ours.tag("U2"),
            keys("v").tag("U1"),
            ours.text_tag("U1", "a"),
            ours.text_tag("U1", "b"),
            ours.text_tag("U1a", ""),
        ];
        let different: std::collections::BTreeSet<Tag> = tags.into_iter().collect();
        assert_eq!(different.len(), tags.len());
    }

    /// Computed with Python's hmac and hashlib: extract and expand written out, lengths as eight bytes before each part.
    #[test]
    fn tags_are_what_python_computes() {
        assert_eq!(hex::encode(keys("w1").tag("U1")), "4b0d43c84c1ae2f3e6a32594911e8310");
        assert_eq!(hex::encode(keys("w1").text_tag("U1", "overall_slowed")), "42042ad849d3fd8e069a9d2b3d2292ef");
    }
}
