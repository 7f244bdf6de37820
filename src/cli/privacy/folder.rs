//! The folder of survey keys as an attacker finds it: who may look into it, what lies in it, what is copied along with it.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::Came;
use crate::domain::words;
use crate::store::file;

/// What lies in the folder.
pub enum Looked {
    /// There is none.
    None,
    /// It can't be looked at.
    Closed(String),
    /// Its mode, and each file's name and mode.
    Found(u32, Vec<(String, u32)>),
}

/// Looks at the folder.
pub fn look(folder: &Path) -> Looked {
    let mode = |path: &Path| fs::metadata(path).map(|known| known.permissions().mode() & 0o777);
    let found = || -> std::io::Result<Looked> {
        let own = mode(folder)?;
        let mut files = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            files.push((entry.file_name().to_string_lossy().into_owned(), mode(&entry.path())?));
        }
        files.sort();
        Ok(Looked::Found(own, files))
    };
    match found() {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => Looked::None,
        Err(error) => Looked::Closed(format!("{} can't be looked at by whoever runs this ({error})", folder.display())),
    }
}

impl Looked {
    /// Whether there is a key's file of a wave.
    pub fn has(&self, wave: &str) -> bool {
        matches!(self, Self::Found(_, files) if files.iter().any(|(name, _)| *name == format!("{wave}.key")))
    }
}

/// Attack 6: a key that is left, or a copy of one, opens what a copy of the database holds.
pub fn strays(looked: &Looked, open: &[&str]) -> Came {
    let Looked::Found(_, files) = looked else { return nothing(looked) };
    let known = |name: &str| name.strip_suffix(".key").is_some_and(|wave| open.contains(&wave));
    let stray = |name: &String| format!("`{name}` lies among the keys and is no key of an open wave: remove it");
    let wrong = files.iter().map(|(name, _)| name).filter(|name| !known(name)).map(stray).collect();
    Came::of(wrong, words::count(files.len() as u64, "key, of an open wave", "keys, all of open waves"))
}

/// Attack 14: others read the keys, or a copy of the database's folder takes them along.
pub fn kept_apart(looked: &Looked, folder: &Path, database_url: &str, open: &[&str]) -> Came {
    let Looked::Found(mode, files) = looked else {
        return match looked {
            Looked::None if !open.is_empty() => {
                // Nothing can be read without it: that is `doctor`'s to say, and no promise is broken.
                Came::Impossible(format!("{} is not there, but a wave is open: put it back, or mend PACER_KEY_DIR", folder.display()))
            }
            _ => nothing(looked),
        };
    };
    let mut wrong = Vec::new();
    let place = |path: &Path| fs::canonicalize(path).ok();
    let beside = file(database_url).and_then(|path| place(&path)).and_then(|path| path.parent().map(PathBuf::from));
    if beside.is_some() && beside == place(folder) {
        wrong.push("the keys lie in the database's own folder, so that a copy of it takes both: name another in PACER_KEY_DIR".to_owned());
    }
    if mode & 0o077 != 0 {
        wrong.push(format!("others may look into {}, its mode is {mode:04o}: set it to 0700", folder.display()));
    }
    let open_to_others = |(name, mode): &(String, u32)| {
        (mode & 0o077 != 0)
            .then(|| format!("others may read `{name}`, its mode is {mode:04o}: set it to 0600; if somebody did, void its wave"))
    };
    wrong.extend(files.iter().filter_map(open_to_others));
    Came::of(wrong, "for pacer's user alone; leave it out of backups")
}

fn nothing(looked: &Looked) -> Came {
    match looked {
        Looked::Closed(why) => Came::Impossible(why.clone()),
        _ => Came::Ok("there is no folder yet; the first launch makes it".into()),
    }
}
