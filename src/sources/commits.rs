//! Git's own words in payloads: names of objects and branches, and in which order the commits of a push lie.
//!
//! The order of a push is not history: it never stands above parents that git itself tells.

use crate::domain::event::Commit;

/// Whether it is the whole name of an object, SHA-1 or SHA-256.
pub fn is_sha(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether it is the name of no object: before a branch began, after it was deleted.
pub fn is_nothing(sha: &str) -> bool {
    sha.bytes().all(|byte| byte == b'0')
}

/// A branch by its name alone.
pub fn branch(name: &str) -> String {
    name.strip_prefix("refs/heads/").unwrap_or(name).to_owned()
}

/// Puts each commit whose parents are not told behind the one before it, the first behind `before`.
pub fn follow_each_other<'a>(oldest_first: impl Iterator<Item = &'a mut Commit>, mut before: Option<String>) {
    for commit in oldest_first {
        let parent = before.replace(commit.sha.clone());
        if commit.parents.is_none() {
            commit.parents = parent.map(|sha| vec![sha]);
        }
    }
}

/// The files that a commit touches, of lists of those added, modified and removed; none where it comes without.
pub fn paths(lists: [Option<Vec<String>>; 3]) -> Option<Vec<String>> {
    lists.iter().any(Option::is_some).then(|| lists.into_iter().flatten().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_lie_on_one_another_unless_git_says_otherwise() {
        let commit = |sha: &str, parents: Option<&[&str]>| Commit {
            sha: sha.into(),
            parents: parents.map(|parents| parents.iter().map(|sha| (*sha).to_owned()).collect()),
            ..Commit::default()
        };
        let check = |before: Option<&str>, expect: [Option<&str>; 3]| {
            let mut commits = [commit("a", None), commit("b", Some(&["x"])), commit("c", None)];
            follow_each_other(commits.iter_mut(), before.map(Into::into));
            assert_eq!(commits.map(|commit| commit.parents.map(|parents| parents.concat())), expect.map(|sha| sha.map(Into::into)));
        };
        check(Some("z"), [Some("z"), Some("x"), Some("b")]);
        check(None, [None, Some("x"), Some("b")]);
    }

    #[test]
    fn names_are_told_apart() {
        assert!(is_sha(&"a".repeat(40)) && is_sha(&"0".repeat(64)) && !is_sha(&"a".repeat(39)) && !is_sha(&"g".repeat(40)));
        assert!(is_nothing(&"0".repeat(40)) && !is_nothing("0a"));
        assert_eq!((branch("refs/heads/a/b"), branch("main")), ("a/b".into(), "main".into()));
        assert_eq!((paths([None, None, None]), paths([Some(vec![]), None, None])), (None, Some(vec![])));
    }
}
