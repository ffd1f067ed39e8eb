//! Where things are, and which versions are wanted.
use std::ffi::OsString;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{About, Failure, Result};
use crate::tell;

#[derive(Debug)]
pub(crate) struct Project {
    root: PathBuf,
    cache: PathBuf,
}

impl Project {
    pub(crate) fn find() -> Result<Self> {
        // crates/xtask is two below the root.
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest
            .ancestors()
            .nth(2)
            .map(Path::to_path_buf)
            .unwrap_or_default();
        let cache = match (std::env::var_os("KEYWARD_CACHE"), std::env::var_os("HOME")) {
            (Some(dir), _) => std::path::absolute(dir).about("KEYWARD_CACHE")?,
            (None, Some(home)) => PathBuf::from(home).join(".cache/keyward"),
            (None, None) => {
                return Err(Failure::new("neither KEYWARD_CACHE nor HOME is set")
                    .mend("set KEYWARD_CACHE to a folder for the tools that are installed"));
            }
        };
        Ok(Self { root, cache })
    }

    pub(crate) fn root(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Tools live outside the clone, so that a second clone starts quickly.
    pub(crate) fn cache(&self, path: &str) -> PathBuf {
        self.cache.join(path)
    }

    /// A program that npm installed.
    pub(crate) fn npm_bin(&self, name: &str) -> PathBuf {
        self.root.join("node_modules/.bin").join(name)
    }

    /// The version of a crate in Cargo.lock: tools that must match a crate are installed in its version.
    pub(crate) fn locked(&self, krate: &str) -> Result<String> {
        let lock = read(&self.root("Cargo.lock"))?;
        let name = format!("name = \"{krate}\"");
        lock.lines()
            .skip_while(|line| *line != name)
            .nth(1)
            .and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
            .map(str::to_owned)
            .ok_or_else(|| Failure::new(format!("Cargo.lock holds no crate {krate}")))
    }

    /// A command of this project: in its root, with the Node of npm before the system's, and wrangler kept
    /// from talking to the network on its own account.
    pub(crate) fn command(&self, program: impl Into<OsString>) -> Command {
        let mut command = Command::new(program.into());
        command.current_dir(&self.root);
        prepend_path(&mut command, &[self.root.join("node_modules/.bin")]);
        for (name, value) in [
            ("CLOUDFLARE_CF_FETCH_ENABLED", "false"),
            ("DO_NOT_TRACK", "1"),
            ("NO_UPDATE_NOTIFIER", "1"),
            ("WRANGLER_SEND_ERROR_REPORTS", "false"),
            ("WRANGLER_SEND_METRICS", "false"),
        ] {
            command.env(name, value);
        }
        // wrangler's logs, and its list of running Workers, are this clone's own.
        command.env("WRANGLER_LOG_PATH", self.root.join(".keyward/logs"));
        command.env(
            "WRANGLER_REGISTRY_PATH",
            self.root.join(".keyward/registry"),
        );
        command
    }

    /// The cargo that runs us, for everything that is built for this machine.
    pub(crate) fn cargo(&self) -> Command {
        self.command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    /// Waits until no other `cargo xtask` holds `name`; the lock goes with the file.
    pub(crate) fn lock(&self, name: &Path) -> Result<File> {
        if let Some(parent) = name.parent() {
            std::fs::create_dir_all(parent).about(parent.display())?;
        }
        let file = File::options()
            .create(true)
            .append(true)
            .open(name)
            .about(name.display())?;
        if file.try_lock().is_err() {
            tell::note("waiting for another `cargo xtask` to finish");
            file.lock().about(name.display())?;
        }
        Ok(file)
    }
}

/// Puts folders before the PATH that the command would have had.
pub(crate) fn prepend_path(command: &mut Command, dirs: &[PathBuf]) {
    let set = command
        .get_envs()
        .find(|(name, _)| *name == "PATH")
        .and_then(|(_, value)| value.map(OsString::from));
    let old = set.or_else(|| std::env::var_os("PATH")).unwrap_or_default();
    let all = dirs.iter().cloned().chain(std::env::split_paths(&old));
    if let Ok(path) = std::env::join_paths(all) {
        command.env("PATH", path);
    }
}

pub(crate) fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).about(path.display())
}

pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).about(parent.display())?;
    }
    std::fs::write(path, text).about(path.display())
}

/// Removes a folder, if it is there.
pub(crate) fn remove(folder: &Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).about(folder.display())
        }
        _ => Ok(()),
    }
}

/// A short name for some content, to see whether it changed.
pub(crate) fn fingerprint(parts: &[&[u8]]) -> String {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Whether `stamp` says `wanted` already.
pub(crate) fn is_stamped(stamp: &Path, wanted: &str) -> bool {
    std::fs::read_to_string(stamp).is_ok_and(|found| found == wanted)
}
