//! The machine this runs on, and what it lets us do to it.

use std::path::Path;
use std::process::Command;

use nix::unistd::Uid;

use crate::processes;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Debian or what is made of it: has apt-get.
    Debian,
    OtherLinux,
    MacOs,
}

/// With what right system packages can be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privilege {
    Root,
    /// `sudo` that asks for no password.
    Sudo,
    None,
}

#[derive(Debug, Clone, Copy)]
pub struct System {
    pub kind: Kind,
}

impl System {
    pub fn look() -> System {
        let kind = if cfg!(target_os = "macos") {
            Kind::MacOs
        } else if Path::new("/etc/debian_version").exists()
            && Path::new("/usr/bin/apt-get").exists()
        {
            Kind::Debian
        } else {
            Kind::OtherLinux
        };
        System { kind }
    }

    pub fn privilege(self) -> Privilege {
        if Uid::effective().is_root() {
            Privilege::Root
        } else if processes::ask(Command::new("sudo").args(["-n", "true"])).is_some() {
            Privilege::Sudo
        } else {
            Privilege::None
        }
    }

    /// A command that runs as root, if we may; it asks nothing.
    pub fn as_root(self, program: &str) -> Option<Command> {
        match self.privilege() {
            Privilege::Root => {
                let mut command = Command::new(program);
                command.env("DEBIAN_FRONTEND", "noninteractive");
                Some(command)
            }
            Privilege::Sudo => {
                let mut command = Command::new("sudo");
                command.args(["-n", "env", "DEBIAN_FRONTEND=noninteractive", program]);
                Some(command)
            }
            Privilege::None => None,
        }
    }
}
