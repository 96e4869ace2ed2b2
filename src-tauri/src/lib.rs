//! The shell of the desktop program: windows, signals, and the bridge between the web UI and
//! [`desk`], in which everything is that can be tested without a window.
//!
//! * [`bridge`] – the commands and types that the UI sees; its TypeScript side is generated
//! * `windows` – the windows, and who sits in front of them

pub mod bridge;
mod windows;

use clap::Parser;
use desk::{Account, Desk, Options};
use std::process::ExitCode;
use tauri::{Manager, RunEvent};
use tracing_subscriber::EnvFilter;

/// Simulated viewers of the demo room.
const DEFAULT_CROWD: u32 = 14;
const MAX_CROWD: u32 = 200;

/// Command line of the desktop program.
#[derive(Debug, Parser)]
#[command(name = "liveroom-app", version, about = "Liveroom: a live room on your desk")]
struct Arguments {
    /// Simulated viewers in the demo room, 0 to 200
    #[arg(long, default_value_t = DEFAULT_CROWD, value_parser = clap::value_parser!(u32).range(0..=i64::from(MAX_CROWD)))]
    crowd: u32,
    /// Seed of the crowd: the same seed says the same
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Opens the window and returns when it is closed.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_env("LIVEROOM_LOG").unwrap_or_else(|_| "info".into()))
        .with_writer(std::io::stderr)
        .init();
    match open(arguments) {
        Ok(app) => {
            app.run(|app, event| {
                if matches!(event, RunEvent::Exit) {
                    tauri::async_runtime::block_on(close(app));
                }
            });
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("liveroom: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Why the program cannot start, in words for the person who started it.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the window cannot be opened: {0}")]
    Window(#[from] tauri::Error),
    #[error("the room cannot be opened: {}", .0.info)]
    Room(#[from] chat_types::ApiError),
    #[error("the system refuses to report signals: {0}")]
    Signals(#[from] std::io::Error),
}

/// Everything that may fail happens here, before the window is shown.
fn open(arguments: Arguments) -> Result<tauri::App, Error> {
    let bridge = bridge::builder();
    let app = tauri::Builder::default()
        .invoke_handler(bridge.invoke_handler())
        .on_window_event(windows::follow)
        .build(tauri::generate_context!())?;
    let data_dir = app.path().app_data_dir()?.join("service");
    let options = Options { data_dir, crowd: arguments.crowd, seed: arguments.seed };
    let desk = tauri::async_runtime::block_on(async {
        let desk = Desk::start(options).await?;
        desk.seat(windows::MAIN, Account::Viewer).await?;
        Ok::<_, chat_types::ApiError>(desk)
    })?;
    app.manage(desk);
    app.manage(windows::Opening::default());
    close_on_signal(app.handle())?;
    Ok(app)
}

/// Ctrl-C in the terminal and a supervisor's SIGTERM close the window like its own button does.
#[cfg(unix)]
fn close_on_signal(app: &tauri::AppHandle) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let app = app.clone();
    let _runtime = tauri::async_runtime::handle().inner().enter();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tauri::async_runtime::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        app.exit(0);
    });
    Ok(())
}

#[cfg(not(unix))]
fn close_on_signal(_app: &tauri::AppHandle) -> std::io::Result<()> {
    Ok(())
}

/// Signs out and stops the services before the process ends.
async fn close(app: &tauri::AppHandle) {
    if let Some(desk) = app.try_state::<Desk>() {
        desk.close().await;
    }
}
