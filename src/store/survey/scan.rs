//! Whether a SQLite database's files still hold ballots of waves that are over: in free pages, in the log, anywhere.
//!
//! The tables may be empty and the file not: what was removed stays in it until it is written over. A ballot's row is told by how SQLite
//! writes it: the types of its columns, then the wave's id, then tag and seal. What is looked for begins at the third type, since the
//! space of a removed row loses its first bytes. The bytes are read as any thief would read them.

use std::fs::File;
use std::io::{Read, Result};
use std::path::{Path, PathBuf};

use crate::domain::survey::seal::{LONG_SEAL, SEAL, TAG};

/// Bytes read at once.
const CHUNK: usize = 1 << 20;

/// The files of a database: itself, its log, and what belongs to the log.
pub fn files(database: &Path) -> Vec<PathBuf> {
    let beside = ["", "-wal", "-shm", "-journal"].map(|ending| {
        let mut name = database.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    });
    beside.into_iter().filter(|path| path.is_file()).collect()
}

/// The ids of waves of which a file holds ballots, each once; of these waves alone. No id may begin with another one.
///
/// # Errors
/// Where it can't be read.
pub fn ballots_in(file: &Path, waves: &[&str]) -> Result<Vec<String>> {
    let kinds: [Vec<u8>; 2] = [SEAL, LONG_SEAL].map(|seal| [blob(TAG), blob(seal)].concat());
    let longest = kinds.iter().map(Vec::len).max().unwrap_or(0) + waves.iter().map(|wave| wave.len()).max().unwrap_or(0);
    let mut file = File::open(file)?;
    let (mut bytes, mut found) = (Vec::new(), Vec::new());
    loop {
        let kept = bytes.len().min(longest);
        bytes.drain(..bytes.len() - kept);
        if file.by_ref().take(CHUNK as u64).read_to_end(&mut bytes)? == 0 {
            return Ok(found);
        }
        for kind in &kinds {
            for at in places(&bytes, kind) {
                let rest = &bytes[at + kind.len()..];
                if let Some(wave) =
                    waves.iter().find(|wave| rest.starts_with(wave.as_bytes())).filter(|wave| !found.iter().any(|it| it == *wave))
                {
                    found.push((*wave).to_owned());
                }
            }
        }
    }
}

/// Where some bytes stand.
fn places<'a>(bytes: &'a [u8], wanted: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let mut from = 0;
    std::iter::from_fn(move || {
        while let Some(next) = bytes[from..].iter().position(|byte| *byte == wanted[0]) {
            let at = from + next;
            from = at + 1;
            if bytes[at..].starts_with(wanted) {
                return Some(at);
            }
        }
        None
    })
}

/// SQLite's word for bytes of that length, as its header has it.
fn blob(length: usize) -> Vec<u8> {
    let mut left = 12 + 2 * length;
    let mut word = vec![u8::try_from(left & 0x7f).unwrap_or(0)];
    while left > 0x7f {
        left >>= 7;
        word.insert(0, u8::try_from(left & 0x7f).unwrap_or(0) | 0x80);
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_written_as_sqlite_does() {
        assert_eq!((blob(16), blob(104), blob(12_328)), (vec![0x2c], vec![0x81, 0x5c], vec![0x81, 0xc0, 0x5c]));
        assert_eq!((SEAL, LONG_SEAL), (104, 12_328));
    }

    #[test]
    fn a_row_is_found_across_the_bounds_of_what_is_read_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let check = |at: usize, wave: &str, expect: &[&str]| {
            let mut bytes = vec![0x2c; 3 * CHUNK];
            let row = [&blob(TAG)[..], &blob(SEAL), wave.as_bytes()].concat();
            bytes[at..at + row.len()].copy_from_slice(&row);
            let file = folder.path().join("file");
            std::fs::write(&file, bytes).unwrap();
            assert_eq!(ballots_in(&file, &["full-1", "pulse-1"]).unwrap(), expect, "{at} {wave}");
        };
        for at in [0, 77, CHUNK - 4, CHUNK - 1, CHUNK, 2 * CHUNK - 5] {
            check(at, "pulse-1", &["pulse-1"]);
        }
        check(CHUNK, "other", &[]);
    }
}
