// A release build on Windows opens no console window beside the program's own.
#![cfg_attr(all(not(debug_assertions), windows), windows_subsystem = "windows")]

use std::process::ExitCode;

fn main() -> ExitCode {
    liveroom_app::run()
}
