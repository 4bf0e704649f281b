//! The `latchkey` program.

use std::process::ExitCode;

/// A page is some thousands of small pieces of text, made and dropped by several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    latchkey::cli::run()
}
