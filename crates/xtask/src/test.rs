//! Every check of the project: all stages run, whatever the earlier ones say.
mod counts;
mod stages;

use std::time::{Duration, Instant};

use crate::failure::{Failure, Result};
use crate::project::Project;
use crate::setup;
use crate::tell;

use counts::Counts;
use stages::{Context, STAGES, Stage};

#[derive(Debug, Default)]
struct Options {
    /// Runs the tests with this in their name; stages that have no tests are left out.
    filter: Option<String>,
    only: Vec<String>,
}

impl Options {
    fn parse(args: &[String]) -> Result<Self> {
        let mut options = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--only" => {
                    let names = args
                        .next()
                        .ok_or_else(|| Failure::new("--only wants a stage").mend(stage_names()))?;
                    options.only.extend(names.split(',').map(str::to_owned));
                }
                _ if arg.starts_with('-') || options.filter.is_some() => {
                    return Err(Failure::new(format!("test takes no `{arg}`"))
                        .mend("cargo xtask test [filter] [--only stage]"));
                }
                _ => options.filter = Some(arg.clone()),
            }
        }
        if let Some(unknown) = options
            .only
            .iter()
            .find(|name| STAGES.iter().all(|stage| stage.name != *name))
        {
            return Err(Failure::new(format!("there is no stage `{unknown}`")).mend(stage_names()));
        }
        Ok(options)
    }

    fn wants(&self, project: &Project, stage: &Stage) -> bool {
        (self.only.is_empty() || self.only.iter().any(|name| name == stage.name))
            && (self.filter.is_none() || stage.has_tests)
            && stage
                .folder
                .is_none_or(|folder| project.root(folder).is_dir())
    }
}

fn stage_names() -> String {
    let names: Vec<&str> = STAGES.iter().map(|stage| stage.name).collect();
    format!("the stages: {}", names.join(", "))
}

struct Row {
    name: &'static str,
    counts: Counts,
    took: Duration,
}

pub(crate) fn verb(project: &Project, args: &[String]) -> Result<()> {
    let options = Options::parse(args)?;
    let wanted: Vec<&Stage> = STAGES
        .iter()
        .filter(|stage| options.wants(project, stage))
        .collect();
    tell::headline("setup");
    let start = Instant::now();
    let context = Context {
        project,
        tools: setup::tools(project)?,
        filter: options.filter,
    };
    tell::done("tools", start.elapsed());

    let mut built = false;
    let mut rows = Vec::new();
    for stage in wanted {
        // `--only e2e` is about what the code says now, not about what was built once.
        if stage.wants_build && !built {
            rows.push(run(&stages::BUILD, &context));
        }
        built = built || stage.wants_build || stage.name == stages::BUILD.name;
        rows.push(run(stage, &context));
    }
    summary(&rows)
}

fn run(stage: &Stage, context: &Context<'_>) -> Row {
    tell::headline(&format!("{}: {}", stage.name, stage.about));
    let start = Instant::now();
    let counts = match (stage.run)(context) {
        Ok(finished) => {
            let counts = Counts::of(&finished.output, finished.success, stage.has_tests);
            if counts.failed > 0 {
                tell::text(&finished.output);
            }
            counts
        }
        Err(failure) => {
            tell::failure(&failure);
            Counts {
                passed: 0,
                failed: 1,
            }
        }
    };
    let took = start.elapsed();
    if counts.failed > 0 {
        tell::failed(&format!("{}: {} failed", stage.name, counts.failed), took);
    } else {
        tell::done(&format!("{}: {} passed", stage.name, counts.passed), took);
    }
    Row {
        name: stage.name,
        counts,
        took,
    }
}

fn summary(rows: &[Row]) -> Result<()> {
    tell::headline("summary");
    let mut all = Counts {
        passed: 0,
        failed: 0,
    };
    for Row { name, counts, took } in rows {
        let result = if counts.failed > 0 {
            tell::red("failed")
        } else {
            tell::green("passed")
        };
        let seconds = took.as_secs_f64();
        tell::line(&format!(
            "{name:<12} {result} {:>6} passed {:>4} failed {seconds:>8.1} s",
            counts.passed, counts.failed
        ));
        all.passed += counts.passed;
        all.failed += counts.failed;
    }
    if rows.is_empty() {
        return Err(Failure::new("no stage fits"));
    }
    // The last line is read by programs, so a failure adds none.
    tell::line(&format!("{} passed, {} failed", all.passed, all.failed));
    if all.failed > 0 {
        std::process::exit(1);
    }
    Ok(())
}
