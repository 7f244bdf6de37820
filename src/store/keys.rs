//! The folder of survey keys: one file a wave, beside the database and never in it.
//!
//! The folder is for pacer's user alone (0700), each file too (0600); what others may read is refused, not mended, since it may have been
//! read. A file holds the wave's random key and the digest of what was frozen at launch. Destroying overwrites before it removes. Why files
//! and not a secret in the environment: a key must be destroyed, and an environment is inherited, printed and backed up. Leave the
//! folder out of backups: with a copy of it and one of the database, answers can be read.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use zeroize::Zeroizing;

use crate::domain::survey::seal::{KEY, WaveKeys};

/// Key and digest.
const BYTES: usize = 2 * KEY;

/// What is kept of a wave outside the database.
pub struct Kept {
    /// Derived from its key.
    pub keys: WaveKeys,
    /// Of what was frozen at launch.
    pub frozen: [u8; KEY],
}

/// The folder.
#[derive(Debug, Clone)]
pub struct KeyDir {
    path: PathBuf,
}

impl KeyDir {
    /// Opens the folder, and makes it where there is none.
    ///
    /// # Errors
    /// Where it can't be made or others may look into it.
    pub fn open(path: &Path) -> Result<Self> {
        if let Err(error) = DirBuilder::new().recursive(true).mode(0o700).create(path) {
            return Err(anyhow!(
                "the folder for survey keys, {}, can't be made ({error}): make it for pacer's user with mode 0700, or name another in PACER_KEY_DIR",
                path.display()
            ));
        }
        let dir = Self { path: path.to_owned() };
        dir.check_folder()?;
        Ok(dir)
    }

    /// The folder as it is set: looked at when it is used, so that pacer starts without it.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Whether keys can be written, read and removed.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn check(&self) -> Result<()> {
        self.check_folder()?;
        let probe = self.path.join(format!(".probe-{:032x}", rand::random::<u128>()));
        let tried = write_new(&probe, &[0; BYTES]);
        let _ = fs::remove_file(&probe);
        tried.map_err(|error| self.cant_write(&error))
    }

    /// Before a launch: makes the folder where there is none, and looks whether keys can be written.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn prepare(&self) -> Result<()> {
        Self::open(&self.path)?.check()
    }

    /// Makes the key of a wave, and the folder with the first one; a key that a launch left behind before it failed is replaced.
    ///
    /// # Errors
    /// Where the file can't be written whole.
    pub fn create(&self, wave: &str, frozen: &[u8; KEY]) -> Result<()> {
        Self::open(&self.path)?;
        let file = self.file(wave)?;
        let mut bytes = Zeroizing::new([0; BYTES]);
        bytes[..KEY].copy_from_slice(Zeroizing::new(rand::random::<[u8; KEY]>()).as_slice());
        bytes[KEY..].copy_from_slice(frozen);
        let half = file.with_extension("new");
        let _ = fs::remove_file(&half); // of a launch that was cut off
        let written = write_new(&half, bytes.as_slice()).and_then(|()| fs::rename(&half, &file)).and_then(|()| self.sync());
        written.map_err(|error| {
            let _ = fs::remove_file(&half);
            self.cant_write(&error)
        })
    }

    /// The key of a wave; none where there is none.
    ///
    /// # Errors
    /// Where it is there but can't be read, others may read it, or it is damaged.
    pub fn read(&self, wave: &str) -> Result<Option<Kept>> {
        let path = self.file(wave)?;
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(anyhow!("the survey key {} can't be read ({error}): give pacer's user the right to read it", path.display()));
            }
        };
        self.check_folder()?;
        let open = file.metadata().map(|it| it.permissions()).with_context(|| format!("looking at {}", path.display()))?;
        ensure!(
            private(&open),
            "others may read the survey key {}: set it to mode 0600 if nobody did; if somebody may have, void the wave",
            path.display()
        );
        let mut bytes = Zeroizing::new([0; BYTES]);
        let whole = file.read_exact(bytes.as_mut_slice()).is_ok() && matches!(file.read(&mut [0; 1]), Ok(0));
        ensure!(whole, "the survey key {} is damaged: put the file back as it was, or void the wave", path.display());
        let mut key = Zeroizing::new([0; KEY]);
        key.copy_from_slice(&bytes[..KEY]);
        let mut frozen = [0; KEY];
        frozen.copy_from_slice(&bytes[KEY..]);
        Ok(Some(Kept { keys: WaveKeys::derive(&key, wave), frozen }))
    }

    /// Whether a wave has a key.
    ///
    /// # Errors
    /// Where the name is none of ours.
    pub fn has(&self, wave: &str) -> Result<bool> {
        Ok(self.file(wave)?.exists())
    }

    /// Destroys the key of a wave. Again does no harm.
    ///
    /// # Errors
    /// Where the file is there and can't be removed.
    pub fn destroy(&self, wave: &str) -> Result<()> {
        let path = self.file(wave)?;
        let _ = fs::remove_file(path.with_extension("new"));
        // In place first: on a file system that writes in place the old bytes are gone at once.
        if let Ok(mut file) = OpenOptions::new().write(true).open(&path) {
            let _ = file.write_all(&[0; BYTES]).and_then(|()| file.sync_all());
        }
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(anyhow!("the survey key {} can't be removed ({error}), and its wave is over: remove the file now", path.display()))
            }
            _ => self.sync().with_context(|| format!("making durable that {} is gone", path.display())),
        }
    }

    fn file(&self, wave: &str) -> Result<PathBuf> {
        let plain = !wave.is_empty() && wave.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        ensure!(plain, "`{}` is not the id of a wave", wave.escape_debug());
        Ok(self.path.join(format!("{wave}.key")))
    }

    fn check_folder(&self) -> Result<()> {
        let shown = self.path.display();
        let known = fs::metadata(&self.path).map_err(|error| {
            anyhow!("the folder for survey keys, {shown}, can't be looked at ({error}): mend PACER_KEY_DIR or the folder")
        })?;
        ensure!(known.is_dir(), "{shown} is not a folder: name one in PACER_KEY_DIR");
        ensure!(private(&known.permissions()), "others may look into the folder for survey keys, {shown}: set it to mode 0700");
        Ok(())
    }

    fn cant_write(&self, error: &io::Error) -> anyhow::Error {
        let shown = self.path.display();
        match error.kind() {
            ErrorKind::StorageFull => anyhow!("the disk of the survey keys, {shown}, is full: free some space and try again"),
            _ => anyhow!("a survey key can't be written to {shown} ({error}): give pacer's user the right to write there"),
        }
    }

    /// Makes names durable, too.
    fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}

/// For its owner alone.
#[allow(clippy::verbose_bit_mask, reason = "a mode is read in octal")]
fn private(permissions: &Permissions) -> bool {
    permissions.mode() & 0o077 == 0
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, KeyDir) {
        let folder = tempfile::tempdir().unwrap();
        let keys = KeyDir::open(&folder.path().join("keys")).unwrap();
        (folder, keys)
    }

    fn says<T>(result: Result<T>, words: &str) {
        let said = result.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(said.contains(words), "`{words}` is not in `{said}`");
    }

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_key_comes_back_until_it_is_destroyed() {
        let (_folder, keys) = folder();
        keys.create("w1", &[9; KEY]).unwrap();
        let (first, again) = (keys.read("w1").unwrap().unwrap(), keys.read("w1").unwrap().unwrap());
        assert_eq!((first.keys.tag("U1"), first.frozen), (again.keys.tag("U1"), [9; KEY]));
        assert!(keys.read("w2").unwrap().is_none());
        keys.create("w1", &[9; KEY]).unwrap();
        assert_ne!(keys.read("w1").unwrap().unwrap().keys.tag("U1"), first.keys.tag("U1"), "every key is a new one");
        keys.destroy("w1").unwrap();
        keys.destroy("w1").unwrap();
        assert!(keys.read("w1").unwrap().is_none() && !keys.has("w1").unwrap());
        keys.check().unwrap();
        assert_eq!(fs::read_dir(&keys.path).unwrap().count(), 0, "nothing is left behind");
    }

    #[test]
    fn what_others_may_read_is_refused() {
        let (_folder, keys) = folder();
        keys.create("w1", &[0; KEY]).unwrap();
        let file = keys.file("w1").unwrap();
        assert_eq!(
            (fs::metadata(&file).unwrap().permissions().mode() & 0o777, fs::metadata(&keys.path).unwrap().permissions().mode() & 0o777),
            (0o600, 0o700)
        );
        chmod(&file, 0o640);
        says(keys.read("w1"), "others may read the survey key");
        chmod(&file, 0o600);
        chmod(&keys.path, 0o750);
        says(keys.read("w1"), "set it to mode 0700");
        says(keys.create("w2", &[0; KEY]), "set it to mode 0700");
        says(KeyDir::open(&keys.path), "set it to mode 0700");
        says(keys.check(), "set it to mode 0700");
        chmod(&keys.path, 0o700);
    }

    #[test]
    fn what_is_damaged_or_in_the_way_is_a_sentence() {
        let (folder, keys) = folder();
        keys.create("w1", &[0; KEY]).unwrap();
        let file = keys.file("w1").unwrap();
        for bytes in [&[1; BYTES - 1][..], &[1; BYTES + 1], &[]] {
            fs::write(&file, bytes).unwrap();
            says(keys.read("w1"), "is damaged");
        }
        says(keys.read("../w1"), "is not the id of a wave");
        says(keys.create("", &[0; KEY]), "is not the id of a wave");
        let plain = folder.path().join("plain");
        fs::write(&plain, "x").unwrap();
        says(KeyDir::open(&plain), "can't be made");
        says(KeyDir::open(&plain.join("below")), "can't be made");
        fs::remove_file(&file).unwrap();
        fs::remove_dir(&keys.path).unwrap();
        says(keys.check(), "can't be looked at");
        keys.create("w1", &[0; KEY]).unwrap();
        assert_eq!(fs::metadata(&keys.path).unwrap().permissions().mode() & 0o777, 0o700, "the first launch makes it");
    }

    #[test]
    fn a_launch_that_was_cut_off_is_no_obstacle() {
        let (_folder, keys) = folder();
        fs::write(keys.file("w1").unwrap().with_extension("new"), "half").unwrap();
        keys.create("w1", &[0; KEY]).unwrap();
        assert_eq!(fs::read_dir(&keys.path).unwrap().count(), 1);
    }
}
