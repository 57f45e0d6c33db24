//! Runs the simulator until Ctrl-C.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::Parser;
use sim::{Config, Sim};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;

/// Plays the CargoTech API, with weather.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Address to listen on.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// Port to listen on; 0 takes a free one. The address is printed.
    #[arg(long, default_value_t = 8790)]
    port: u16,
    /// Decides the world: equal seeds give equal worlds.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The day that counts as today, like 2026-01-15; the real one unless given.
    #[arg(long)]
    today: Option<NaiveDate>,
    /// Every answer of the API takes at least so long.
    #[arg(long, default_value_t = 300)]
    latency_ms: u64,
    /// And up to so much longer.
    #[arg(long, default_value_t = 0)]
    jitter_ms: u64,
    /// Refuse calls beyond so many a minute; off unless given.
    #[arg(long)]
    limit_per_minute: Option<u32>,
    /// Interval at which prices walk; 0 keeps them still.
    #[arg(long, default_value_t = 2_000)]
    walk_ms: u64,
    /// Interval at which a cargo comes or goes; 0 keeps the list still.
    #[arg(long, default_value_t = 20_000)]
    churn_ms: u64,
    /// Phone of the account.
    #[arg(long, default_value = "+79990000000")]
    phone: String,
    /// Password of the account.
    #[arg(long, default_value = "development")]
    password: String,
    /// No log line for each call.
    #[arg(long)]
    quiet: bool,
}

impl Arguments {
    fn config(self) -> Config {
        Config {
            seed: self.seed,
            start: self.today.map_or_else(real_now, morning),
            latency_ms: self.latency_ms,
            jitter_ms: self.jitter_ms,
            limit_per_minute: self.limit_per_minute,
            walk_ms: self.walk_ms,
            churn_ms: self.churn_ms,
            phone: self.phone,
            password: self.password,
            quiet: self.quiet,
        }
    }
}

fn real_now() -> DateTime<Utc> {
    let since_1970 = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since_1970.as_millis())
        .ok()
        .and_then(DateTime::from_timestamp_millis)
        .unwrap_or_default()
}

fn morning(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::from_hms_opt(9, 0, 0).unwrap_or_default())
        .and_utc()
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> io::Result<()> {
    let address = SocketAddr::new(arguments.host, arguments.port);
    let listener = TcpListener::bind(address).await.map_err(|error| {
        io::Error::new(error.kind(), format!("can't listen on {address}: {error}"))
    })?;
    println!("sim listens on http://{}", listener.local_addr()?);
    let ctrl_c = async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without a signal to wait for, run until killed.
            std::future::pending().await
        }
    };
    Sim::new(arguments.config()).serve(listener, ctrl_c).await
}
