//! The benchmarks of tests/bench, on the package as it is built.
use crate::build;
use crate::failure::{Failure, Result};
use crate::project::Project;
use crate::run;
use crate::setup;
use crate::tell;

pub(crate) fn verb(project: &Project, args: &[String]) -> Result<()> {
    if let Some(arg) = args.first() {
        return Err(Failure::new(format!("bench takes no `{arg}`")));
    }
    let tools = setup::tools(project)?;
    build::package_only(project, &tools)?;
    let mut node = project.command(project.npm_bin("node"));
    node.arg("tests/bench/compare.mjs")
        .env("KEYWARD_XTASK", format!("/proc/{}/exe", std::process::id()));
    let finished = run::watch("bench", node)?;
    tell::text(&finished.output);
    if finished.success {
        Ok(())
    } else {
        Err(Failure::new("the benchmarks did not run to their end"))
    }
}
