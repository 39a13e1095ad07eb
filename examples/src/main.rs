//! `showcase`: starts the service, tells where, and stops it in good order.
#![allow(clippy::disallowed_methods, reason = "the program itself")]

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use showcase::{Args, Config, Showcase};
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    let args = Args::parse();
    tracing_subscriber::fmt().with_max_level(args.log).with_writer(std::io::stderr).with_target(false).init();
    if let Some(file) = &args.emit_trpc {
        return ended(emit(file));
    }
    // Two threads carry a demo, and each more costs memory while idle.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run(args.into())),
        Err(cause) => Err(format!("cannot start threads: {cause}")),
    };
    ended(outcome)
}

fn emit(file: &Path) -> Result<(), String> {
    let types = showcase::trpc_types().map_err(|e| e.to_string())?;
    std::fs::write(file, types).map_err(|e| format!("cannot write {}: {}", file.display(), e.kind()))
}

fn ended(outcome: Result<(), String>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            // Nothing is left to do when stderr is closed.
            let _ = writeln!(std::io::stderr(), "showcase: {sentence}");
            ExitCode::from(2)
        }
    }
}

async fn run(config: Config) -> Result<(), String> {
    // Before the start, so that no signal finds the default of an instant death while data is open.
    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    let (Ok(mut interrupt), Ok(mut terminate)) = signals else {
        return Err("cannot listen for signals".to_owned());
    };
    let running = Showcase::start(config).await.map_err(|e| e.to_string())?;
    // Whoever started us may not listen to it.
    let _ = writeln!(std::io::stdout(), "listening on http://{}", running.addr());
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    running.shutdown().await;
    Ok(())
}
