//! The program: what it says when it cannot start, and what it says when asked.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests open sockets")]

mod common;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

fn showcase(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_showcase")).args(args).output().unwrap()
}

#[track_caller]
fn refused_with_one_sentence(output: &Output, words: &[&str]) {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    for word in words {
        assert!(said.contains(word), "{word} is not in: {said}");
    }
    assert!(output.stdout.is_empty());
}

#[test]
fn a_busy_port_is_one_sentence_and_exit_code_2() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = holder.local_addr().unwrap().to_string();
    refused_with_one_sentence(
        &showcase(&["--memory", "--addr", &addr]),
        &[&addr, "address in use", "--addr"],
    );
}

#[test]
fn an_unwritable_folder_is_one_sentence_and_exit_code_2() {
    // A file where a folder should be cannot be written into by anyone, not even by root.
    let below_a_file = format!("{}/data", env!("CARGO_BIN_EXE_showcase"));
    let output = showcase(&["--addr", "127.0.0.1:0", "--data", &below_a_file]);
    refused_with_one_sentence(&output, &[&below_a_file, "--data", "--memory"]);
}

#[test]
fn a_file_that_is_no_database_is_one_sentence_and_exit_code_2() {
    let folder = common::Folder::new();
    std::fs::write(
        folder.path().join("showcase.sqlite"),
        "a letter to grandmother, long enough to have a header",
    )
    .unwrap();
    let output = showcase(&["--addr", "127.0.0.1:0", "--data", folder.path().to_str().unwrap()]);
    refused_with_one_sentence(&output, &["database"]);
}

#[test]
fn a_folder_in_use_is_one_sentence_and_exit_code_2() {
    let folder = common::Folder::new();
    let args = ["--addr", "127.0.0.1:0", "--data", folder.path().to_str().unwrap()];
    let mut first =
        Command::new(env!("CARGO_BIN_EXE_showcase")).args(args).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(first.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let second = showcase(&args);
    first.kill().unwrap();
    first.wait().unwrap();
    refused_with_one_sentence(&second, &["another process", "--data"]);
}

#[test]
fn a_secret_that_is_none_is_one_sentence_and_exit_code_2() {
    let output = showcase(&["--memory", "--addr", "127.0.0.1:0", "--inbound-secret", "whsec_%%%"]);
    refused_with_one_sentence(&output, &["--inbound-secret"]);
    assert!(!String::from_utf8(output.stderr).unwrap().contains("%%%"), "a secret is not repeated");
}

#[test]
fn help_teaches_by_example() {
    let output = showcase(&["--help"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    for word in [
        "--addr",
        "--data",
        "--memory",
        "--token",
        "--inbound-secret",
        "--webhook-targets",
        "--log",
        "curl",
        "/users/42",
        "Last-Event-ID",
        "/ws/users",
        "/webhooks/endpoints",
        "Exit codes",
    ] {
        assert!(text.contains(word), "{word} is not in the help");
    }
}

#[test]
fn it_is_ready_soon_and_tells_where() {
    let started = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_showcase"))
        .args(["--memory", "--addr", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let took = started.elapsed();
    child.kill().unwrap();
    child.wait().unwrap();
    let port = line.trim().strip_prefix("listening on http://127.0.0.1:").unwrap_or_else(|| panic!("{line}"));
    assert_ne!(port.parse::<u16>().unwrap(), 0);
    // The promise is one second for a release build on a quiet machine; this catches a start that waits for something.
    assert!(took < Duration::from_secs(5), "{took:?}");
}
