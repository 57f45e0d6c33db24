//! Everything that can be asked is asked at once, while CargoTech and the MES go through every weather: no answer is a surprise,
//! and nothing grows.
//!
//! | variable | what |
//! |---|---|
//! | `LOADBOARD_SOAK_SECONDS` | how long it takes, with the windows that ship; unset: short, with short windows |
//! | `LOADBOARD_WORKER_GROUP` | the process group of the Worker |
//! | `LOADBOARD_WORKER_STATE` | where its objects are kept |

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use domain::orders::{Order, Status};
use reqwest::Method;
use serde_json::{Value, json};
use tests_http::{ColdFilters, Loadboard, Reply, SessionToken, Simulator, begin_with_orders};
use tokio::time::{interval, sleep};

use crate::seconds;

/// What both upstreams do, one after the other, each for as long.
const WEATHER: [(&str, &str); 8] = [
    ("ok", "ok"),
    ("slow", "ok"),
    ("error500", "ok"),
    ("ok", "error503"),
    ("hang", "hang"),
    ("error429", "ok"),
    ("malformed", "malformed"),
    ("ok", "slow"),
];

/// So many have a key.
const SELLERS: u32 = 40;

/// After so long a client has an answer, whatever hangs: the longest of the Worker's own deadlines.
const LONGEST: Duration = Duration::from_secs(35);

struct Soak {
    clients: usize,
    weather: Duration,
    changes: usize,
    pause: Duration,
    is_long: bool,
}

impl Soak {
    fn from_environment() -> Self {
        match seconds("LOADBOARD_SOAK_SECONDS") {
            Some(seconds) => {
                let changes = (seconds / 60).max(WEATHER.len() as u64);
                Self {
                    clients: 500,
                    weather: Duration::from_secs(seconds) / changes as u32,
                    changes: changes as usize,
                    pause: Duration::from_secs(8),
                    is_long: seconds >= 600,
                }
            }
            None => Self {
                clients: 40,
                weather: Duration::from_millis(1_500),
                changes: WEATHER.len(),
                pause: Duration::from_secs(1),
                is_long: false,
            },
        }
    }
}

/// What was answered.
#[derive(Default)]
struct Answers {
    /// How often, and how late at the latest, by route and status.
    counts: BTreeMap<(&'static str, u16), (u64, Duration)>,
    /// The first of them.
    surprises: Vec<String>,
    surprising: u64,
}

type Record = Arc<Mutex<Answers>>;

fn open(record: &Record) -> MutexGuard<'_, Answers> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Answers {
    /// Notes an answer that has one of these statuses, or is an honest 503.
    fn note(&mut self, route: &'static str, reply: &Reply, expected: &[u16]) {
        let (count, slowest) = self.counts.entry((route, reply.status)).or_default();
        *count += 1;
        *slowest = reply.took.max(*slowest);
        let is_honest = reply.status == 503 && reply.header("retry-after").is_some();
        let is_expected = is_honest || expected.contains(&reply.status);
        let is_problem = reply.status < 400
            || reply
                .expect_header("content-type")
                .starts_with("application/problem+json")
            || route.starts_with("htmx");
        if !is_expected || !is_problem || reply.took > LONGEST {
            self.surprising += 1;
            if self.surprises.len() < 20 {
                self.surprises.push(format!("{route}: {reply:?}"));
            }
        }
    }
}

/// One client. What he asks for depends on his number and on how often he has asked.
struct Client {
    number: usize,
    turn: usize,
    board: Loadboard,
    filters: String,
    tag: Option<String>,
    cargo: Option<String>,
    orders: Vec<Order>,
    record: Record,
}

impl Client {
    fn new(number: usize, filters: String, record: Record) -> Self {
        let driver = SessionToken::ending_in(6_000_000_000_000 + number as i64, 7_200);
        Self {
            number,
            turn: number,
            board: Loadboard::from_environment().with_token(&driver.sign()),
            filters,
            tag: None,
            cargo: None,
            orders: Vec::new(),
            record,
        }
    }

    async fn ask_until(mut self, pause: Duration, end: Instant) {
        // They do not all come at once.
        sleep(pause.mul_f64((self.number as f64 * 0.618).fract())).await;
        let mut ticks = interval(pause);
        while Instant::now() < end {
            ticks.tick().await;
            self.turn += 1;
            match self.number % 10 {
                0..6 => self.as_an_app().await,
                6 => self.as_htmx().await,
                7 => self.in_dictionaries().await,
                8 => self.at_the_factory().await,
                _ => self.as_a_nuisance().await,
            }
        }
    }

    async fn get(&self, route: &'static str, path: &str, expected: &[u16]) -> Reply {
        let reply = self.board.get(path).await;
        open(&self.record).note(route, &reply, expected);
        reply
    }

    async fn post(&self, route: &'static str, path: &str, body: String, expected: &[u16]) -> Reply {
        let reply = self.board.post(path, body).await;
        open(&self.record).note(route, &reply, expected);
        reply
    }

    async fn as_an_app(&mut self) {
        let filters = &self.filters;
        match self.turn % 6 {
            0 => {
                let offset = self.turn % 5 * 20;
                let path = format!("/api/cargos/?{filters}&offset={offset}");
                let reply = self.get("list", &path, &[200]).await;
                if reply.status == 200 {
                    self.cargo = reply
                        .list()
                        .cargos
                        .first()
                        .map(|cargo| cargo.id.to_string());
                }
            }
            1 => {
                if let Some(id) = &self.cargo {
                    let path = format!("/api/cargos/{id}/");
                    self.get("cargo", &path, &[200, 404]).await;
                    let path = format!("/api/cargos/{id}/history");
                    self.get("history", &path, &[200, 404]).await;
                }
            }
            _ => {
                let path = format!("/api/cargos/prices/?{filters}&limit=40");
                let known = self.tag.clone().unwrap_or_default();
                let reply = self.board.get_unless(&path, &known).await;
                open(&self.record).note("prices", &reply, &[200, 304]);
                self.tag = reply.header("etag").map(str::to_owned);
            }
        }
    }

    async fn as_htmx(&mut self) {
        let (route, path) = match self.turn % 3 {
            0 => ("htmx list", format!("/api/cargos/?{}", self.filters)),
            _ => (
                "htmx prices",
                format!("/api/cargos/prices/?{}&seen_ids=5,6,7", self.filters),
            ),
        };
        let request = self.board.request(Method::GET, &path);
        let reply = self.board.send(request.header("hx-request", "true")).await;
        open(&self.record).note(route, &reply, &[200]);
    }

    async fn in_dictionaries(&self) {
        let path = match self.turn % 3 {
            0 => "/api/dictionaries/points?name=мос",
            1 => "/api/dictionaries/load_types",
            _ => "/api/dictionaries/truck_types",
        };
        self.get("dictionaries", path, &[200]).await;
    }

    async fn at_the_factory(&mut self) {
        self.board = match self.turn % 8 {
            0 => Loadboard::crm(),
            1 => Loadboard::seller(1 + self.number as u32 % SELLERS),
            _ => Loadboard::from_environment().for_operator(self.number / 10 % 2),
        };
        match self.turn % 8 {
            0 | 1 => {
                self.get("orders", "/api/orders/?limit=20", &[200]).await;
            }
            2 | 3 => {
                let status = ["approved", "started"][self.turn % 2];
                let path = format!("/api/orders/?status={status}&limit=50");
                let reply = self.get("orders", &path, &[200]).await;
                if reply.status == 200 {
                    self.orders = reply.orders().orders;
                }
            }
            4 => {
                let name = format!("solid {}", self.number % 5);
                let path = "/api/quotes?material=PA12&quantity=4";
                self.post("quotes", path, name, &[200, 202]).await;
            }
            turn => {
                let Some(order) = self.orders.get(self.number % self.orders.len().max(1)) else {
                    return;
                };
                let path = format!("/api/orders/{}/", order.id);
                self.get("order", &path, &[200]).await;
                if turn == 7 {
                    let to = match order.status {
                        Status::Approved => Status::Started,
                        _ => Status::Approved,
                    };
                    let change =
                        json!({"status": to, "expected_version": order.version}).to_string();
                    let path = format!("/api/orders/{}/status", order.id);
                    // 504: the MES has not said whether it was moved, and nobody pretends to know.
                    self.post("order status", &path, change, &[200, 409, 504])
                        .await;
                }
            }
        }
    }

    async fn as_a_nuisance(&self) {
        match self.turn % 8 {
            0 => {
                let none = self.board.signed_out();
                let reply = none.get("/api/cargos/prices/").await;
                open(&self.record).note("no session", &reply, &[401, 429]);
            }
            1 => {
                let reply = self
                    .board
                    .post_sign_in("{\"init_data\": \"nonsense\"}")
                    .await;
                open(&self.record).note("sign in", &reply, &[401, 429]);
            }
            2 => {
                let path = "/api/cargos/?limit=x&weight_volume=1";
                self.get("wrong query", path, &[422]).await;
            }
            3 => {
                self.get("no such route", "/api/nonsense", &[404]).await;
            }
            4 => {
                let long = format!("/api/cargos/prices/?x={}", "y".repeat(9_000));
                self.get("long query", &long, &[414]).await;
            }
            5 => {
                self.post("wrong method", "/api/cargos/", String::new(), &[405])
                    .await;
            }
            6 => {
                self.get("no such cargo", "/api/cargos/1/", &[404]).await;
            }
            _ => {
                self.get("ready", "/health/ready", &[200]).await;
                self.get("live", "/health/live", &[200]).await;
            }
        }
    }
}

fn weather(kind: &str, lasts: Duration) -> Value {
    match kind {
        "error429" => {
            let pause = (lasts.as_secs() / 4).max(1);
            json!({"kind": kind, "latency_ms": 300, "reset_after_s": pause})
        }
        "slow" => json!({"kind": "ok", "latency_ms": 2_500, "jitter_ms": 1_000}),
        kind => json!({"kind": kind, "latency_ms": 300}),
    }
}

async fn turn(sim: &Simulator, (cargotech, mes): (&str, &str), lasts: Duration) {
    sim.tell(json!({"weather": weather(cargotech, lasts)}))
        .await;
    sim.tell_mes(match mes {
        "slow" => json!({"weather": "ok", "slow_factor": 4.0}),
        mes => json!({"weather": mes, "slow_factor": 1.0}),
    })
    .await;
}

/// Megabytes that workerd has in memory, if it is to be found.
fn memory() -> Option<u64> {
    let group = std::env::var("LOADBOARD_WORKER_GROUP").ok()?;
    let listed = Command::new("ps")
        .args(["-A", "-o", "pgid=,rss=,comm="])
        .output()
        .ok()?;
    let kilobytes: u64 = String::from_utf8_lossy(&listed.stdout)
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let (of, rss, name) = (words.next()?, words.next()?, words.next()?);
            (of == group && name.ends_with("workerd")).then(|| rss.parse::<u64>().ok())?
        })
        .sum();
    (kilobytes > 0).then_some(kilobytes / 1_024)
}

/// Of each table of each kind of object: how many objects, the most rows in one, and all rows.
type Rows = BTreeMap<String, (u64, u64, u64)>;

fn rows() -> Rows {
    let Ok(state) = std::env::var("LOADBOARD_WORKER_STATE") else {
        return Rows::new();
    };
    let mut rows = Rows::new();
    for kind in fs::read_dir(Path::new(&state).join("v3/do"))
        .expect("there are objects")
        .flatten()
    {
        let class = kind.file_name().to_string_lossy().replace("loadboard-", "");
        for file in fs::read_dir(kind.path()).expect("of this kind").flatten() {
            let path = file.path();
            let is_object = path
                .extension()
                .is_some_and(|extension| extension == "sqlite")
                && path.file_stem().is_some_and(|stem| stem != "metadata");
            if is_object {
                count_rows(&path, &class, &mut rows);
            }
        }
    }
    rows
}

/// Of a copy: workerd has the file open.
fn count_rows(path: &Path, class: &str, rows: &mut Rows) {
    let copy = std::env::temp_dir().join(format!("loadboard-rows-{}.sqlite", std::process::id()));
    let beside = |path: &Path, end: &str| PathBuf::from(format!("{}{end}", path.display()));
    for end in ["-wal", "-shm"] {
        let _ = fs::remove_file(beside(&copy, end));
    }
    fs::copy(path, &copy).expect("it can be read");
    let _ = fs::copy(beside(path, "-wal"), beside(&copy, "-wal"));
    let database = rusqlite::Connection::open(&copy).expect("a database");
    let mut tables = database
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'")
        .expect("a database");
    let names = tables
        .query_map([], |row| row.get::<_, String>(0))
        .expect("with tables");
    for name in names.flatten() {
        let count = format!("SELECT count(*) FROM \"{name}\"");
        let count: u64 = database
            .query_row(&count, [], |row| row.get(0))
            .expect("that can be counted");
        let (objects, most, all) = rows.entry(format!("{class}.{name}")).or_default();
        *objects += 1;
        *most = count.max(*most);
        *all += count;
    }
    let _ = fs::remove_file(&copy);
}

/// No object may hold more rows of a table.
fn bound(table: &str) -> u64 {
    match table {
        // The newest 5,000 of each status.
        "OrderBoard.orders" => 5_000 * Status::ALL.len() as u64,
        "OrderBoard.progress" => 3,
        // Those that nobody has told the end of, for a minute.
        "OrderBoard.doubts" => 500,
        // Names are remembered for as long as a signature is good; a few come each second.
        "OrderBoard.deliveries" => 6_000,
        "PriceHistories.histories" => 20_000,
        "UpstreamGuard.keys" => 20_000,
        "UpstreamGuard.used" => 1_000,
        // One line each: a state, a token, sums.
        _ => 2,
    }
}

fn median(samples: &[u64]) -> u64 {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_routes_in_every_weather() {
    let soak = Soak::from_environment();
    let (_, sim) = begin_with_orders().await;
    sim.tell(json!({"walk_ms": 700, "churn_ms": 4_000})).await;
    let webhook = json!({"lose_percent": 5, "repeat_percent": 10, "delay_ms": 500});
    sim.tell_mes(json!({"webhook": webhook})).await;

    let record = Record::default();
    let lists: Vec<String> = (0..20).map(|_| ColdFilters::new().to_string()).collect();
    let end = Instant::now() + soak.weather * soak.changes as u32;
    let clients: Vec<_> = (0..soak.clients)
        .map(|number| {
            let filters = lists[number % lists.len()].clone();
            let client = Client::new(number, filters, record.clone());
            tokio::spawn(client.ask_until(soak.pause, end))
        })
        .collect();
    let mut megabytes = Vec::new();
    for change in 0..soak.changes {
        let kinds = WEATHER[change % WEATHER.len()];
        turn(&sim, kinds, soak.weather).await;
        sleep(soak.weather).await;
        megabytes.extend(memory());
        let answers = open(&record);
        let count: u64 = answers.counts.values().map(|(count, _)| count).sum();
        let surprising = answers.surprising;
        let megabytes = megabytes.last().copied().unwrap_or_default();
        println!("{kinds:?}: {count} answers, {surprising} surprises, {megabytes} MB");
    }
    turn(&sim, ("ok", "ok"), soak.weather).await;
    for client in clients {
        client.await.expect("no client fails");
    }

    let answers = std::mem::take(&mut *open(&record));
    for ((route, status), (count, slowest)) in &answers.counts {
        println!("{route:>14} {status} {count:>8}, the slowest after {slowest:.1?}");
    }
    let rows = rows();
    for (table, (objects, most, all)) in &rows {
        println!("{table:>26}: {objects} objects, at most {most} rows, {all} in all");
    }
    let Answers {
        surprises,
        surprising,
        ..
    } = answers;
    assert_eq!(surprising, 0, "surprises, the first of them {surprises:#?}");
    for (table, (_, most, _)) in &rows {
        assert!(*most <= bound(table), "{table}: {most} rows");
    }
    if soak.is_long {
        // The first fifth is for what fills up and then stays.
        let fifth = megabytes.len() / 5;
        let [early, late] = [
            &megabytes[fifth..2 * fifth],
            &megabytes[megabytes.len() - fifth..],
        ]
        .map(median);
        println!("workerd: {early} MB, and {late} MB in the end");
        assert!(late <= early + early / 5, "it grows: {megabytes:?}");
    }
}
