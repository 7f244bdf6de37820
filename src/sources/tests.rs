//! The registry.

use super::*;

#[test]
fn slugs_are_unique_and_fit_a_path() {
    for (at, source) in SOURCES.iter().enumerate() {
        assert!(source.slug.bytes().all(|byte| byte.is_ascii_lowercase()), "{}", source.slug);
        assert!(SOURCES[..at].iter().all(|other| other.slug != source.slug), "{}", source.slug);
    }
}
