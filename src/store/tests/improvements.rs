//! Improvements: kept once, told as they were at an instant, ended and removed.

use super::*;
use crate::domain::improvement::{Series, Wanted, Weekly};
use crate::store::improvements::{Frozen, Improvement};

fn improvement(id: &str, starts: i64) -> Improvement {
    let frozen = |metric: &str, wanted, weekly| Frozen { metric: metric.into(), wanted, before: Series { from: vec![hour(0)], weekly } };
    Improvement {
        id: id.into(),
        scope: Scope::Team("payments".into()),
        name: "it's \"smaller\" <!channel>".into(),
        done: String::new(),
        author: "U0BEN".into(),
        starts_on: "2026-09-14".parse().unwrap(),
        starts_at: hour(starts),
        declared_at: hour(10),
        ended_at: None,
        watched: vec![
            frozen("change_lead_time", Wanted::Less, Weekly::Values(vec![Some(0.1 + 0.2)])),
            frozen("deployment_frequency", Wanted::More, Weekly::Counts(vec![3])),
        ],
    }
}

#[test]
fn an_improvement_is_kept_once_and_told_as_it_was_at_an_instant() {
    on_each(async |store| {
        let (old, new) = (improvement("abcdefgh", 1), improvement("bbbbbbbb", 2));
        for it in [&old, &new] {
            store.keep_improvement(it.clone()).await.unwrap();
        }
        store.keep_improvement(Improvement { name: "another".into(), ..old.clone() }).await.unwrap();
        assert_eq!(store.improvements(hour(9)).await.unwrap(), [], "not yet declared");
        assert_eq!(store.improvements(hour(10)).await.unwrap(), [new.clone(), old.clone()], "the newest start first");
        assert_eq!(store.improvement("ABCDEFGH", hour(10)).await.unwrap(), Some(old.clone()));
        store.end_improvement("abcdefgh", hour(20)).await.unwrap();
        store.end_improvement("abcdefgh", hour(30)).await.unwrap();
        store.remove_improvement("bbbbbbbb", hour(25)).await.unwrap();
        let ended = Improvement { ended_at: Some(hour(20)), ..old.clone() };
        assert_eq!(store.improvements(hour(40)).await.unwrap(), std::slice::from_ref(&ended));
        assert_eq!(store.improvement("bbbbbbbb", hour(25)).await.unwrap(), None);
        assert_eq!(store.improvements(hour(19)).await.unwrap(), [new, old], "as it was before");
        assert_eq!(store.written_by("U0BEN").await.unwrap().improvements, 2);
    });
}
