//! Child processes that never outlive us.
//!
//! Every child leads a process group of its own, so that it can be ended together with whatever it started (wrangler
//! starts workerd, npm starts node). An interrupt ends all groups; so does dropping a [`Child`].

use std::collections::BTreeSet;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

/// How long a process may take over SIGTERM before it gets SIGKILL; workerd with requests in flight takes any time it is given.
const PATIENCE: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(20);

static GROUPS: LazyLock<Mutex<BTreeSet<Pid>>> = LazyLock::new(Mutex::default);
static INTERRUPTED: AtomicBool = AtomicBool::new(false);
/// The shell's way to say "ended by SIGINT".
static CODE_WHEN_INTERRUPTED: AtomicI32 = AtomicI32::new(130);

fn groups() -> MutexGuard<'static, BTreeSet<Pid>> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A child process and all that it starts.
pub struct Child {
    process: std::process::Child,
    group: Pid,
}

impl Child {
    /// Starts `command` in a process group of its own, without standard input.
    pub fn spawn(command: &mut Command) -> Result<Child> {
        let name = command.get_program().to_string_lossy().into_owned();
        // Held over the start: an interrupt in between waits, and then finds the new group.
        let mut groups = groups();
        if INTERRUPTED.load(Ordering::SeqCst) {
            drop(groups);
            leave_to_interrupt();
            bail!("`{name}` was not started: this run is ending");
        }
        let process = command
            .stdin(Stdio::null())
            .process_group(0)
            .spawn()
            .with_context(|| format!("`{name}` cannot be started"))?;
        let group = Pid::from_raw(process.id().cast_signed());
        groups.insert(group);
        Ok(Child { process, group })
    }

    /// The process group of it and all that it starts.
    pub fn group(&self) -> i32 {
        self.group.as_raw()
    }

    pub fn stdout(&mut self) -> Option<impl Read + Send + use<>> {
        self.process.stdout.take()
    }

    pub fn stderr(&mut self) -> Option<impl Read + Send + use<>> {
        self.process.stderr.take()
    }

    /// The exit status, once there is one.
    pub fn try_wait(&mut self) -> Result<Option<ExitStatus>> {
        match self.process.try_wait() {
            Ok(status) => Ok(status),
            Err(error) => {
                leave_to_interrupt();
                Err(error).context("a child process cannot be waited for")
            }
        }
    }

    /// Waits for the end.
    pub fn wait(mut self) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.try_wait()? {
                return Ok(status);
            }
            thread::sleep(POLL);
        }
    }

    /// Waits for the end until `limit` has passed; then ends the process and says so.
    pub fn wait_at_most(mut self, limit: Duration) -> Result<ExitStatus> {
        let started = Instant::now();
        while started.elapsed() < limit {
            if let Some(status) = self.try_wait()? {
                return Ok(status);
            }
            thread::sleep(POLL);
        }
        self.end();
        bail!("it did not end within {}", crate::step::seconds(limit));
    }

    /// Ends the whole group: SIGTERM, then SIGKILL for what is left.
    pub fn end(&mut self) {
        if !groups().remove(&self.group) {
            return;
        }
        let gone = |process: &mut std::process::Child| {
            let ended = !matches!(process.try_wait(), Ok(None));
            ended && killpg(self.group, None).is_err()
        };
        if killpg(self.group, Signal::SIGTERM).is_ok() {
            let deadline = Instant::now() + PATIENCE;
            while !gone(&mut self.process) && Instant::now() < deadline {
                thread::sleep(POLL);
            }
            let _ = killpg(self.group, Signal::SIGKILL);
        }
        let _ = self.process.wait();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.end();
    }
}

/// From here on Ctrl-C, SIGTERM and SIGHUP end every child, then this process.
pub fn end_children_on_interrupt() -> Result<()> {
    ctrlc::set_handler(|| {
        INTERRUPTED.store(true, Ordering::SeqCst);
        end_all();
        std::process::exit(CODE_WHEN_INTERRUPTED.load(Ordering::SeqCst));
    })
    .context("signals cannot be handled")
}

/// An interrupt is from here on the expected end, and no failure.
pub fn expect_interrupt() {
    CODE_WHEN_INTERRUPTED.store(0, Ordering::SeqCst);
}

/// Never returns once an interrupt is being handled: its handler ends the process, and whatever fails meanwhile fails because of it.
pub fn leave_to_interrupt() {
    while INTERRUPTED.load(Ordering::SeqCst) {
        thread::park();
    }
}

fn end_all() {
    let groups = std::mem::take(&mut *groups());
    for &group in &groups {
        let _ = killpg(group, Signal::SIGTERM);
    }
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline && groups.iter().any(|&group| is_alive(group)) {
        thread::sleep(POLL);
    }
    for &group in &groups {
        let _ = killpg(group, Signal::SIGKILL);
    }
}

/// Whether anything runs in the group, once those of it that have ended are reaped.
fn is_alive(group: Pid) -> bool {
    let members = Pid::from_raw(-group.as_raw());
    while waitpid(members, Some(WaitPidFlag::WNOHANG)).is_ok_and(|status| status.pid().is_some()) {}
    killpg(group, None).is_ok()
}

/// Runs `command` to its end, with its output shown.
pub fn run(command: &mut Command) -> Result<()> {
    let line = describe(command);
    let status = Child::spawn(command)?.wait()?;
    leave_to_interrupt();
    if !status.success() {
        bail!("`{line}` failed ({status})");
    }
    Ok(())
}

/// Runs `command` to its end within `limit`, without showing anything; what it said is part of the error when it fails.
pub fn run_quietly(command: &mut Command, limit: Duration) -> Result<String> {
    Ok(listen(command, limit)?.0)
}

/// The same, with what it complained of though it did not fail.
pub fn listen(command: &mut Command, limit: Duration) -> Result<(String, String)> {
    let line = describe(command);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = Child::spawn(command)?;
    let output = read_behind(child.stdout());
    let complaints = read_behind(child.stderr());
    let status = child
        .wait_at_most(limit)
        .with_context(|| format!("`{line}` was given up"))?;
    leave_to_interrupt();
    let output = output.join().unwrap_or_default();
    let complaints = complaints.join().unwrap_or_default();
    if status.success() {
        return Ok((output, complaints));
    }
    let said = if complaints.trim().is_empty() {
        output
    } else {
        complaints
    };
    bail!("`{line}` failed ({status}):\n{}", last_lines(&said, 20));
}

/// What `command` prints, trimmed; nothing when it cannot run or fails.
pub fn ask(command: &mut Command) -> Option<String> {
    command.stdin(Stdio::null()).stderr(Stdio::null());
    let output = command
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn read_behind(source: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut source) = source {
            // A read that fails leaves what was read so far, which is all that can be shown.
            let _ = source.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn describe(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let name = program.rsplit('/').next().unwrap_or(&program).to_owned();
    command.get_args().fold(name, |line, argument| {
        line + " " + &argument.to_string_lossy()
    })
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn ending_a_child_ends_what_it_started_even_when_sigterm_is_ignored() {
        let mut command = shell("trap '' TERM; (trap '' TERM; sleep 600) & echo started; wait");
        command.stdout(Stdio::piped());
        let mut child = Child::spawn(&mut command).unwrap();
        let mut first = [0; 7];
        child.stdout().unwrap().read_exact(&mut first).unwrap();
        let group = child.group;
        assert!(killpg(group, None).is_ok());

        let started = Instant::now();
        child.end();
        assert!(started.elapsed() < PATIENCE * 5);

        // Orphans are reaped by whoever inherits them; give that a moment.
        let deadline = Instant::now() + PATIENCE;
        while is_running(group) && Instant::now() < deadline {
            thread::sleep(POLL);
        }
        assert!(!is_running(group));
    }

    /// Whether a process of the group is more than a zombie.
    fn is_running(group: Pid) -> bool {
        let listing = ask(Command::new("ps").args(["-A", "-o", "pgid=,stat="])).unwrap_or_default();
        listing.lines().any(|line| {
            let mut columns = line.split_whitespace();
            columns.next() == Some(&group.to_string())
                && columns.next().is_some_and(|state| !state.starts_with('Z'))
        })
    }

    #[test]
    fn a_quiet_failure_shows_what_was_said() {
        let error =
            run_quietly(&mut shell("echo out; echo wrong >&2; exit 3"), PATIENCE).unwrap_err();
        assert!(error.to_string().contains("wrong"), "{error}");
    }

    #[test]
    fn a_limit_is_kept() {
        let started = Instant::now();
        let error = run_quietly(&mut shell("sleep 60"), Duration::from_millis(100)).unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(5));
        assert!(format!("{error:#}").contains("within"), "{error:#}");
    }

    #[test]
    fn only_the_last_lines_of_a_long_text_are_shown() {
        assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc");
        assert_eq!(last_lines("a", 2), "a");
    }
}
