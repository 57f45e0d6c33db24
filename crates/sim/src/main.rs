//! Runs the simulator until Ctrl-C or SIGTERM.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::Parser;
use sim::{Config, Sim, mes};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::pin::pin;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;

/// Plays the CargoTech API and, under /mes, the system of a factory; with weather.
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
    #[command(flatten)]
    mes: MesArguments,
}

/// What the factory's system is started with.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Factory (MES)")]
struct MesArguments {
    /// Its database; made if it is not there, gone on with if it was made with the same seed and number of orders. One
    /// in the temporary directory, removed at the end, unless given.
    #[arg(long, value_name = "FILE")]
    mes_file: Option<PathBuf>,
    /// How many orders it begins with.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(..=i64::from(mes::Config::MOST_ORDERS)))]
    mes_orders: u32,
    /// The Bearer token that it takes.
    #[arg(long, default_value = mes::Config::TOKEN)]
    mes_token: String,
    /// Its lists and counts take at least so long, besides what the database needs for them.
    #[arg(long, default_value_t = 100)]
    mes_list_base_ms: u64,
    /// And so many microseconds for each order in the table.
    #[arg(long, default_value_t = 10)]
    mes_list_us_per_order: u64,
    /// How many lists and counts are looked up at once; the others queue.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..))]
    mes_connections: u32,
    /// How long it takes to read orders by their names.
    #[arg(long, default_value_t = 15)]
    mes_read_ms: u64,
    /// How long it takes to write.
    #[arg(long, default_value_t = 40)]
    mes_write_ms: u64,
    /// How long a price is calculated.
    #[arg(long, default_value_t = 6_000)]
    mes_calculation_ms: u64,
    /// Who is told of changes, by http alone; nobody unless given.
    #[arg(long, value_name = "URL")]
    mes_webhook_url: Option<String>,
    /// What the telling is signed with.
    #[arg(long, default_value = mes::Config::WEBHOOK_SECRET)]
    mes_webhook_secret: String,
}

impl MesArguments {
    fn config(self) -> mes::Config {
        mes::Config {
            file: self.mes_file,
            orders: self.mes_orders,
            token: self.mes_token,
            list_base_ms: self.mes_list_base_ms,
            list_us_per_order: self.mes_list_us_per_order,
            connections: self.mes_connections,
            read_ms: self.mes_read_ms,
            write_ms: self.mes_write_ms,
            calculation_ms: self.mes_calculation_ms,
            webhook_url: self.mes_webhook_url,
            webhook_secret: self.mes_webhook_secret,
        }
    }
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
            mes: self.mes.config(),
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
    let sim = Sim::new(arguments.config());
    // A signal that comes while the orders are made ends it as well.
    let mut stopped = pin!(stopped());
    tokio::select! {
        opened = sim.open() => opened?,
        () = &mut stopped => return Ok(()),
    }
    println!("sim listens on http://{}", listener.local_addr()?);
    sim.serve(listener, stopped).await
}

/// Ends at Ctrl-C or, where there is such a thing, SIGTERM: the database in the temporary directory is to be removed.
async fn stopped() {
    let ctrl_c = async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without a signal to wait for, run until killed.
            std::future::pending().await
        }
    };
    #[cfg(unix)]
    let terminated = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending();
    tokio::select! {
        () = ctrl_c => {}
        () = terminated => {}
    }
}
