//! The words after `dev`.
use std::path::PathBuf;

use crate::failure::{About, Failure, Result};
use crate::project::Project;

#[derive(Debug)]
pub(super) struct Options {
    pub(super) raw: bool,
    pub(super) port: u16,
    // The rest is for tests.
    /// `--no-build`: what is there is what is run.
    pub(super) build: bool,
    /// `--json`: one line on stdout says where things are, all else goes to stderr.
    pub(super) json: bool,
    /// `--seed FILE`: other variables and records than the demonstration's.
    pub(super) seed: Option<PathBuf>,
    /// `--state DIR`: another folder for what KV keeps.
    state: Option<PathBuf>,
}

impl Options {
    pub(super) fn parse(args: &[String]) -> Result<Self> {
        let mut options = Self {
            raw: false,
            port: 8787,
            build: true,
            json: false,
            seed: None,
            state: None,
        };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || {
                args.next()
                    .ok_or_else(|| Failure::new(format!("{arg} wants something after it")))
            };
            match arg.as_str() {
                "--raw" => options.raw = true,
                "--port" => options.port = value()?.parse().about("--port")?,
                "--no-build" => options.build = false,
                "--json" => options.json = true,
                "--seed" => options.seed = Some(std::path::absolute(value()?).about("--seed")?),
                "--state" => options.state = Some(std::path::absolute(value()?).about("--state")?),
                _ => {
                    return Err(Failure::new(format!("dev takes no `{arg}`"))
                        .mend("cargo xtask dev [--raw] [--port N]"));
                }
            }
        }
        Ok(options)
    }

    pub(super) fn state(&self, project: &Project) -> Result<PathBuf> {
        let usual = project.root(if self.raw {
            ".keyward/raw"
        } else {
            ".keyward/wrangler"
        });
        let state = self.state.clone().unwrap_or(usual);
        std::fs::create_dir_all(&state).about(state.display())?;
        Ok(state)
    }
}
