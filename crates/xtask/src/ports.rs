//! TCP ports: free ones, and who has the one that is not.

use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::processes;

/// Some port that is free now.
pub fn any_free() -> Result<u16> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("this machine gives no free port")?;
    Ok(listener.local_addr()?.port())
}

pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Stops with the name of whoever listens on `port`.
pub fn require_free(port: u16, option: &str) -> Result<()> {
    if is_free(port) {
        return Ok(());
    }
    bail!("{}", taken(port, owner(port).as_deref(), option));
}

fn taken(port: u16, owner: Option<&str>, option: &str) -> String {
    let by = owner
        .map(|owner| format!(" by {owner}"))
        .unwrap_or_default();
    format!("port {port} is taken{by}; end that, or choose another port with {option}")
}

/// The process that listens on `port`, as far as we may know: `node (process 4711)`.
fn owner(port: u16) -> Option<String> {
    if cfg!(target_os = "linux") {
        owner_by_proc(port)
    } else {
        owner_by_lsof(port)
    }
}

fn owner_by_lsof(port: u16) -> Option<String> {
    let listener = format!("-iTCP:{port}");
    let listing =
        processes::ask(Command::new("lsof").args(["-nP", &listener, "-sTCP:LISTEN", "-Fpc"]))?;
    parse_lsof(&listing)
}

/// The first process in the output of `lsof -Fpc`: a line `p` with its number, a line `c` with its name.
fn parse_lsof(listing: &str) -> Option<String> {
    let field = |letter: char| listing.lines().find_map(|line| line.strip_prefix(letter));
    Some(format!("{} (process {})", field('c')?, field('p')?))
}

fn owner_by_proc(port: u16) -> Option<String> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"]
        .map(|table| std::fs::read_to_string(table).unwrap_or_default());
    let inode = tables
        .iter()
        .find_map(|table| inode_of_listener(table, port))?;
    let socket = format!("socket:[{inode}]");
    let processes = std::fs::read_dir("/proc").ok()?.flatten();
    processes.into_iter().find_map(|process| {
        let number: u32 = process.file_name().to_str()?.parse().ok()?;
        let mut files = std::fs::read_dir(process.path().join("fd")).ok()?.flatten();
        files.find(|file| {
            std::fs::read_link(file.path())
                .is_ok_and(|target| target.as_os_str() == socket.as_str())
        })?;
        let name = std::fs::read_to_string(process.path().join("comm")).ok()?;
        Some(format!("{} (process {number})", name.trim_end()))
    })
}

/// The inode of the socket that listens on `port`, in a table as /proc/net/tcp.
fn inode_of_listener(table: &str, port: u16) -> Option<&str> {
    const LISTEN: &str = "0A";
    let suffix = format!(":{port:04X}");
    table.lines().skip(1).find_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        (columns.get(1)?.ends_with(&suffix) && *columns.get(3)? == LISTEN)
            .then(|| columns.get(9).copied())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:A2C4 0100007F:2253 01 00000000:00000000 00:00000000 00000000     0        0 11111 1 0000000000000000 20 4 30 10 -1
   1: 0100007F:2253 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 24601 1 0000000000000000 100 0 0 10 0";

    #[test]
    fn a_listener_is_found_by_its_port_and_a_connection_is_not_one() {
        assert_eq!(inode_of_listener(TABLE, 8787), Some("24601"));
        assert_eq!(inode_of_listener(TABLE, 0xA2C4), None);
    }

    #[test]
    fn the_message_names_port_owner_and_way_out() {
        let message = taken(8787, parse_lsof("p4711\ncnode\nf13\n").as_deref(), "--port");
        assert_eq!(
            message,
            "port 8787 is taken by node (process 4711); end that, or choose another port with --port"
        );
        assert_eq!(
            taken(1, None, "--port"),
            "port 1 is taken; end that, or choose another port with --port"
        );
    }

    #[test]
    fn a_port_that_somebody_listens_on_is_not_free() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let error = require_free(port, "--port").unwrap_err().to_string();
        assert!(error.contains(&port.to_string()), "{error}");
        if cfg!(target_os = "linux") {
            assert!(
                error.contains(&format!("(process {})", std::process::id())),
                "{error}"
            );
        }
    }
}
