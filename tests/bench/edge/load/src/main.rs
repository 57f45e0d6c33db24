//! Sends one request over and over on keep-alive connections, and tells how often and how fast it was answered.
//!
//! ```text
//! bench-edge-load PORT PATH CONNECTIONS MILLISECONDS ['name: value']...
//! ```
//!
//! GET, to this machine only. Each connection sends the next request when it has the last answer. Prints one line of
//! JSON: answers by status, their bytes, the seconds taken, and the latency's percentiles in microseconds. An answer
//! that is cut short, or a connection that fails, ends the run with an error.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    net::Ipv4Addr,
    process::ExitCode,
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::LocalSet,
};

/// Bounds of a run, so that a slip of the pen is no flood.
const MOST_CONNECTIONS: usize = 256;
const LONGEST: Duration = Duration::from_secs(60);
/// Longer heads and bodies than this are not expected here.
const LARGEST_ANSWER: usize = 1 << 20;
/// One answer must come within this.
const PATIENCE: Duration = Duration::from_secs(10);

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What one connection saw, or all together.
#[derive(Default)]
struct Seen {
    statuses: BTreeMap<u16, u64>,
    bytes: u64,
    latencies_us: Vec<u32>,
}

struct Load {
    port: u16,
    request: Vec<u8>,
    connections: usize,
    lasts: Duration,
}

impl Load {
    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut next = |name: &str| arguments.next().ok_or(format!("{name} is missing"));
        let port = next("PORT")?.parse()?;
        let path = next("PATH")?;
        let connections = next("CONNECTIONS")?.parse()?;
        let lasts = Duration::from_millis(next("MILLISECONDS")?.parse()?);
        if !(1..=MOST_CONNECTIONS).contains(&connections) || lasts > LONGEST {
            return Err(format!("1 to {MOST_CONNECTIONS} connections, {LONGEST:?} at most").into());
        }
        let headers: String = arguments.map(|header| header + "\r\n").collect();
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n{headers}\r\n");
        Ok(Self {
            port,
            request: request.into_bytes(),
            connections,
            lasts,
        })
    }

    /// One connection, until `end`.
    async fn connection(&self, end: Instant) -> Result<Seen> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await?;
        stream.set_nodelay(true)?;
        let mut seen = Seen::default();
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let start = Instant::now();
            if start >= end {
                return Ok(seen);
            }
            stream.write_all(&self.request).await?;
            let mut read = 0;
            let status = loop {
                let more =
                    tokio::time::timeout(PATIENCE, stream.read(&mut buffer[read..])).await??;
                if more == 0 {
                    return Err("the connection was closed in the middle of an answer".into());
                }
                read += more;
                if let Some((status, length)) = answer(&buffer[..read])? {
                    if read > length {
                        return Err("more was answered than was asked for".into());
                    }
                    if read == length {
                        break status;
                    }
                }
                if read == buffer.len() {
                    if read >= LARGEST_ANSWER {
                        return Err("the answer is too large".into());
                    }
                    buffer.resize(read * 2, 0);
                }
            };
            *seen.statuses.entry(status).or_default() += 1;
            seen.bytes += read as u64;
            seen.latencies_us.push(start.elapsed().as_micros() as u32);
        }
    }
}

/// The status of an answer and its length in all, once its head is complete.
fn answer(bytes: &[u8]) -> Result<Option<(u16, usize)>> {
    let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&bytes[..head])?;
    let status = text.get(9..12).ok_or("this is no HTTP")?.parse()?;
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>())
    });
    let body = match (status, length) {
        (204 | 304, _) => 0,
        (_, Some(length)) => length?,
        (_, None) => return Err("an answer without Content-Length".into()),
    };
    Ok(Some((status, head + 4 + body)))
}

async fn run(load: Load) -> Result<String> {
    let load = Rc::new(load);
    let tasks = LocalSet::new();
    let start = Instant::now();
    let connections: Vec<_> = (0..load.connections)
        .map(|_| {
            let load = load.clone();
            tasks.spawn_local(async move { load.connection(start + load.lasts).await })
        })
        .collect();
    let mut all = Seen::default();
    tasks
        .run_until(async {
            for connection in connections {
                let seen = connection.await??;
                for (status, count) in seen.statuses {
                    *all.statuses.entry(status).or_default() += count;
                }
                all.bytes += seen.bytes;
                all.latencies_us.extend(seen.latencies_us);
            }
            Ok::<_, Box<dyn Error>>(())
        })
        .await?;
    let seconds = start.elapsed().as_secs_f64();
    all.latencies_us.sort_unstable();
    let percentile = |percent: usize| {
        let last = all.latencies_us.len().saturating_sub(1);
        all.latencies_us.get(last * percent / 100).unwrap_or(&0)
    };
    let statuses: Vec<String> = (all.statuses.iter())
        .map(|(status, count)| format!("\"{status}\":{count}"))
        .collect();
    Ok(format!(
        "{{\"answers\":{},\"statuses\":{{{}}},\"bytes\":{},\"seconds\":{seconds:.3},\"p50_us\":{},\"p99_us\":{}}}",
        all.latencies_us.len(),
        statuses.join(","),
        all.bytes,
        percentile(50),
        percentile(99),
    ))
}

// One thread: the other cores are for what is measured.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let outcome = match Load::from_arguments(env::args().skip(1)) {
        Ok(load) => run(load).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("bench-edge-load: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_where_its_head_says() {
        let complete = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
        assert_eq!(answer(complete).unwrap(), Some((200, complete.len())));
        assert_eq!(
            answer(&complete[..40]).unwrap(),
            Some((200, complete.len()))
        );
        assert_eq!(answer(&complete[..20]).unwrap(), None);
        let head = b"HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n";
        assert_eq!(answer(head).unwrap(), Some((304, head.len())));
        assert!(answer(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(answer(b"\r\n\r\n").is_err());
    }
}
