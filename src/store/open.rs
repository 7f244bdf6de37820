//! Why a database can't be opened or written, in one sentence with what to do, said at once.
//!
//! Why a connection of its own first: the pool takes a connection that fails for one that may yet succeed, tries again for
//! ten seconds and then says only that it timed out. For a server that is starting that is right, for a file it is not.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use sqlx::any::AnyConnectOptions;
use sqlx::{AnyConnection, Connection};

use super::{Dialect, prepare, redacted};

/// SQLite's primary result codes that a person can act on.
const READ_ONLY: i64 = 8;
const LOCKED: [i64; 2] = [5, 6];
const DAMAGED: i64 = 11;
const FULL: i64 = 13;
const NOT_A_DATABASE: i64 = 26;

/// The file of a database URL; none for a server, and for a database in memory.
pub fn file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path).split('?').next().unwrap_or_default();
    (!path.is_empty() && path != ":memory:").then(|| PathBuf::from(path))
}

/// Opens a file once, so that what is wrong with it is said at once.
pub(super) async fn try_file(dialect: Dialect, url: &str, options: &AnyConnectOptions) -> Result<()> {
    let Some(path) = file(url) else { return Ok(()) };
    let opened = async {
        let mut conn = AnyConnection::connect_with(options).await?;
        prepare(dialect, &mut conn).await?;
        conn.close().await
    };
    opened.await.map_err(|error| anyhow!(sentence(&path, path.is_dir(), folder(&path), code(&error), &error.to_string())))
}

/// What to say of a server that gives no connection.
pub(super) fn no_server(url: &str, error: &sqlx::Error) -> anyhow::Error {
    match error {
        sqlx::Error::PoolTimedOut => {
            anyhow!("the database server of {} does not answer: start it, or mend PACER_DATABASE_URL", redacted(url))
        }
        other => anyhow!("the database {} can't be opened: {other}", redacted(url)),
    }
}

/// What a failed read or write says, where it is something that a person can mend.
pub fn trouble(error: &anyhow::Error) -> Option<String> {
    let error = error.chain().find_map(|cause| cause.downcast_ref::<sqlx::Error>())?;
    let say = match code(error)? {
        FULL => "the disk is full, so the database could not be written: free some space and try again",
        READ_ONLY => {
            "the database is read-only: give pacer's user the right to write its file and folder, or take `mode=ro` out of PACER_DATABASE_URL"
        }
        DAMAGED => "the database file is damaged: restore a backup (`pacer backup` makes them)",
        locked if LOCKED.contains(&locked) => "the database is locked by another program: end that, or try again in a moment",
        _ => return None,
    };
    Some(say.into())
}

/// The folder that a file lies in, if there is one.
fn folder(path: &Path) -> Option<PathBuf> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or_else(|| PathBuf::from("."), Path::to_path_buf);
    parent.is_dir().then_some(parent)
}

/// SQLite's primary code.
fn code(error: &sqlx::Error) -> Option<i64> {
    let code = error.as_database_error()?.code()?;
    code.parse::<i64>().ok().map(|code| code & 0xff)
}

fn sentence(path: &Path, is_folder: bool, folder: Option<PathBuf>, code: Option<i64>, message: &str) -> String {
    let shown = path.display();
    let Some(folder) = folder else {
        let parent = path.parent().unwrap_or(path).display();
        return format!("there is no folder {parent} for the database {shown}: make it, or name another file in PACER_DATABASE_URL");
    };
    match code {
        _ if is_folder => format!("{shown} is a folder: name a file in it, as in PACER_DATABASE_URL=sqlite://{shown}/pacer.db"),
        Some(NOT_A_DATABASE) => {
            format!("{shown} is not a SQLite database: name another file in PACER_DATABASE_URL, or move this one out of the way")
        }
        Some(FULL) => format!("the disk of {shown} is full: free some space, or name a file elsewhere in PACER_DATABASE_URL"),
        Some(DAMAGED) => format!("the database {shown} is damaged: restore a backup (`pacer backup` makes them)"),
        Some(locked) if LOCKED.contains(&locked) => {
            format!("the database {shown} is locked by another program: end that, or try again in a moment")
        }
        _ => format!(
            "the database {shown} can't be opened ({message}): give pacer's user the right to read and write it and the folder {}, or name another file in PACER_DATABASE_URL",
            folder.display()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_a_url() {
        let check = |url: &str, expect: Option<&str>| assert_eq!(file(url).as_deref(), expect.map(Path::new), "{url}");
        check("sqlite:///var/lib/pacer.db?mode=ro", Some("/var/lib/pacer.db"));
        check("sqlite://pacer.db", Some("pacer.db"));
        check("sqlite:pacer.db", Some("pacer.db"));
        check("sqlite::memory:", None);
        check("postgres://u:p@h/d", None);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_a_sentence_with_what_to_do() {
        let here = || Some(PathBuf::from("/data"));
        let check = |is_folder: bool, folder: Option<PathBuf>, code: Option<i64>, says: &[&str]| {
            let said = sentence(Path::new("/data/pacer.db"), is_folder, folder, code, "unable to open database file");
            assert!(!said.contains('\n') && says.iter().all(|words| said.contains(words)), "{said}");
        };
        check(false, None, Some(14), &["there is no folder /data", "make it"]);
        check(true, here(), Some(14), &["is a folder", "sqlite:///data/pacer.db/pacer.db"]);
        check(false, here(), Some(26), &["is not a SQLite database", "PACER_DATABASE_URL"]);
        check(false, here(), Some(13), &["full", "free some space"]);
        check(false, here(), Some(14), &["the right to read and write", "/data"]);
        check(false, here(), Some(8), &["the right to read and write"]);
        check(false, here(), Some(5), &["locked"]);
        check(false, here(), None, &["unable to open database file"]);
    }
}
