//! The program: see [`isomount::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    isomount::cli::run(std::env::args_os())
}
