//! A shift at the factory: operators poll and move orders, others change them elsewhere, the board is killed again and again; and a recorder that knows every answered change looks at every answer.
//!
//! | variable | what |
//! |---|---|
//! | `LOADBOARD_SOAK_SECONDS` | twice as long as it takes, with the windows that ship |
//! | `LOADBOARD_SHIFT_SECONDS` | how long it takes, with the windows that ship; neither is set: short, with short windows |
//! | `LOADBOARD_SHIFT_REPORT` | a file that gets a line of JSON with what was measured |

use std::{
    collections::HashMap,
    fs::OpenOptions,
    io::Write,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use domain::orders::{Order, OrderId, Status, Statuses, messages::OrderList};
use serde_json::json;
use tests_http::{Loadboard, Simulator, begin_with_orders, order_to, until};
use tokio::time::{interval, sleep};

use crate::seconds;

struct Shift {
    lasts: Duration,
    readers: u64,
    reads_every: Duration,
    /// Writers, each of whom moves an order about so often.
    writers: usize,
    moves_every: Duration,
    /// Changes made elsewhere come so often.
    elsewhere_every: Duration,
    killed: u32,
    /// A list is read anew after so long, whatever nobody told.
    heals_within: Duration,
    is_long: bool,
}

impl Shift {
    fn from_environment() -> Self {
        let lasts = seconds("LOADBOARD_SHIFT_SECONDS")
            .or_else(|| Some(seconds("LOADBOARD_SOAK_SECONDS")? / 2));
        match lasts {
            Some(seconds) => Self {
                lasts: Duration::from_secs(seconds),
                readers: 100,
                reads_every: Duration::from_secs(5),
                writers: 18,
                moves_every: Duration::from_secs(1),
                elsewhere_every: Duration::from_millis(500),
                killed: 5,
                heals_within: Duration::from_secs(45),
                is_long: true,
            },
            None => Self {
                lasts: Duration::from_secs(8),
                readers: 20,
                reads_every: Duration::from_millis(500),
                writers: 6,
                moves_every: Duration::from_millis(400),
                elsewhere_every: Duration::from_millis(300),
                killed: 2,
                heals_within: Duration::from_secs(5),
                is_long: false,
            },
        }
    }
}

/// What was answered, order by order.
#[derive(Default)]
struct Recorder {
    answered: HashMap<OrderId, Answered>,
    faults: Vec<String>,
    changes: u64,
    lost_races: u64,
    unknown: u64,
    list_reads: Vec<Duration>,
}

#[derive(Clone)]
struct Answered {
    order: Order,
    /// Moves of it that were begun, by anybody.
    begun: u64,
    /// And answered.
    ended: u64,
}

type Record = Arc<Mutex<Recorder>>;

fn open(record: &Record) -> MutexGuard<'_, Recorder> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a list must show that was asked for when this was known.
fn check(
    before: &HashMap<OrderId, Answered>,
    after: &HashMap<OrderId, Answered>,
    asked: Statuses,
    list: &OrderList,
) -> Vec<String> {
    let mut faults = Vec::new();
    let shown: HashMap<OrderId, &Order> =
        list.orders.iter().map(|order| (order.id, order)).collect();
    let last = list
        .orders
        .last()
        .map(Order::rank)
        .filter(|_| list.next.is_some());
    for (id, known) in before {
        match shown.get(id) {
            Some(order) if order.version < known.order.version => {
                faults.push(format!(
                    "{id}: version {} after {} was answered",
                    order.version, known.order.version
                ));
            }
            Some(_) => {}
            None => {
                // Nobody has touched it while this was read.
                let is_still = known.begun == known.ended && after[id].begun == known.begun;
                let is_within = last.is_none_or(|last| known.order.rank() >= last);
                if is_still && is_within && asked.contains(known.order.status) {
                    faults.push(format!(
                        "{id}: not shown, though it is {}",
                        known.order.status
                    ));
                }
            }
        }
    }
    faults
}

async fn read_until(board: Loadboard, record: Record, number: u64, every: Duration, end: Instant) {
    const ASKED: [&str; 4] = [
        "approved",
        "started",
        "approved,started",
        "approved,started,completed,packaging",
    ];
    let statuses: Statuses = ASKED[number as usize % ASKED.len()]
        .parse()
        .expect("statuses");
    let mut epoch = 0;
    // They do not all come at once.
    sleep(every.mul_f64((number as f64 * 0.618).fract())).await;
    let mut ticks = interval(every);
    while Instant::now() < end {
        ticks.tick().await;
        let before = open(&record).answered.clone();
        // Every other reader knows nothing of what he was shown before.
        let known = if number.is_multiple_of(2) { epoch } else { 0 };
        let path = format!("/api/orders/?status={statuses}&limit=100&min_epoch={known}");
        let reply = board.get(&path).await;
        if reply.status != 200 {
            open(&record).faults.push(format!("{reply:?}"));
            continue;
        }
        let list = reply.orders();
        let mut record = open(&record);
        let mut faults = check(&before, &record.answered, statuses, &list);
        if list.epoch > 0 && list.epoch < epoch {
            faults.push(format!("epoch {} after {epoch}", list.epoch));
        }
        epoch = epoch.max(list.epoch);
        record.list_reads.push(reply.took);
        record.faults.extend(faults);
    }
}

/// There and back again.
fn next(status: Status) -> Status {
    match status {
        Status::Approved => Status::Started,
        _ => Status::Approved,
    }
}

async fn move_until(
    who: [Loadboard; 2],
    record: Record,
    orders: Vec<OrderId>,
    every: Duration,
    end: Instant,
) {
    let mut ticks = interval(every);
    for turn in 0.. {
        ticks.tick().await;
        if Instant::now() >= end {
            break;
        }
        let id = orders[turn % orders.len()];
        // Now and then two grab the same order.
        let grabbing = if turn % 5 == 4 { &who[..] } else { &who[..1] };
        let order = {
            let mut record = open(&record);
            let known = record
                .answered
                .get_mut(&id)
                .expect("known from the beginning");
            known.begun += 1;
            known.order.clone()
        };
        let moves = grabbing
            .iter()
            .map(|board| board.move_order(&order, next(order.status)));
        let replies = futures_util::future::join_all(moves).await;
        let made: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
        let lost = replies.iter().filter(|reply| reply.status == 409).count();
        // Who is not told what came of it looks.
        let now = match made.first() {
            Some(reply) => reply.changed().order,
            None => who[0].order(id).await.order.order,
        };
        let mut record = open(&record);
        if made.len() > 1
            || (made.len() + lost != replies.len()
                && made.is_empty()
                && now.version == order.version
                && lost > 0)
        {
            record.faults.push(format!("{id}: {replies:?}"));
        }
        record.changes += made.len() as u64;
        record.lost_races += lost as u64;
        record.unknown += (replies.len() - made.len() - lost) as u64;
        let known = record
            .answered
            .get_mut(&id)
            .expect("known from the beginning");
        known.order = now;
        known.ended += 1;
    }
}

async fn change_elsewhere_until(sim: Simulator, orders: Vec<Order>, every: Duration, end: Instant) {
    let mut ticks = interval(every);
    for turn in 0.. {
        ticks.tick().await;
        if Instant::now() >= end {
            break;
        }
        let status = if (turn / orders.len()).is_multiple_of(2) {
            Status::Approved
        } else {
            Status::Started
        };
        sim.change_elsewhere(orders[turn % orders.len()].id, status, false)
            .await;
    }
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted
        .get(sorted.len() * percent / 100)
        .copied()
        .unwrap_or_default()
}

// Who reads an answer keeps nobody else from noting when his came.
#[tokio::test(flavor = "multi_thread")]
async fn a_shift_at_the_factory() {
    let shift = Shift::from_environment();
    let (board, sim) = begin_with_orders().await;
    if shift.is_long {
        // As slow as it is started with.
        sim.tell_mes(
            json!({"list_base_ms": 100, "list_us_per_order": 10, "read_ms": 15, "write_ms": 40}),
        )
        .await;
    }
    let webhook = json!({"lose_percent": 5, "repeat_percent": 10, "delay_ms": 500});
    sim.tell_mes(json!({"webhook": webhook})).await;
    let mut free = sim.true_orders("status=approved&limit=120").await.orders;
    let others: Vec<Order> = sim.true_orders("status=started&limit=30").await.orders;
    // What the first page holds, so that it is looked at.
    free.truncate(if shift.is_long { 90 } else { 40 });
    let record = Record::default();
    for order in &free {
        let answered = Answered {
            order: order.clone(),
            begun: 0,
            ended: 0,
        };
        open(&record).answered.insert(order.id, answered);
    }
    for asked in [
        "approved",
        "started",
        "approved,started",
        "approved,started,completed,packaging",
    ] {
        board.orders(&format!("status={asked}&limit=100")).await;
    }
    sim.forget_counts().await;

    let end = Instant::now() + shift.lasts;
    let pair = [Loadboard::operator(0).await, Loadboard::operator(1).await];
    let mut at_work = Vec::new();
    for number in 0..shift.readers {
        let reader = pair[number as usize % 2].clone();
        at_work.push(tokio::spawn(read_until(
            reader,
            record.clone(),
            number,
            shift.reads_every,
            end,
        )));
    }
    for writer in 0..shift.writers {
        let own = free
            .iter()
            .skip(writer)
            .step_by(shift.writers)
            .map(|order| order.id)
            .collect();
        at_work.push(tokio::spawn(move_until(
            pair.clone(),
            record.clone(),
            own,
            shift.moves_every,
            end,
        )));
    }
    let elsewhere = change_elsewhere_until(sim.clone(), others, shift.elsewhere_every, end);
    at_work.push(tokio::spawn(elsewhere));
    // One who polls the MES itself, as everybody would without us.
    let probe = tokio::spawn({
        let sim = sim.clone();
        async move {
            let mut took = Vec::new();
            while Instant::now() < end {
                let began = Instant::now();
                sim.mes_list("status=approved,started&limit=100").await;
                took.push(began.elapsed());
                sleep(Duration::from_secs(1)).await;
            }
            took
        }
    });
    for _ in 0..shift.killed {
        sleep(shift.lasts / (shift.killed + 1)).await;
        board.invalidate(order_to("restart")).await.invalidated();
    }
    for one in at_work {
        one.await.expect("nobody fails");
    }
    let mut of_mes = probe.await.expect("the MES answers");
    let stats = sim.mes_stats().await;

    // Everything that was answered was done once, and nothing else.
    let recorder = std::mem::take(&mut *open(&record));
    let ids: Vec<String> = recorder.answered.keys().map(OrderId::to_string).collect();
    let mut made = 0;
    for ids in ids.chunks(50) {
        let truth = sim
            .true_orders(&format!("ids={}&ever=1", ids.join(",")))
            .await;
        for order in truth.orders {
            assert_eq!(
                order, recorder.answered[&order.id].order,
                "what was answered last is true"
            );
            let first = free
                .iter()
                .find(|first| first.id == order.id)
                .expect("one of those");
            made += truth.ever[&order.id]
                .iter()
                .filter(|change| change.version > first.version)
                .count() as u64;
        }
    }
    assert_eq!(recorder.faults, Vec::<String>::new());
    assert!(
        (recorder.changes..=recorder.changes + recorder.unknown).contains(&made),
        "{made} were made, {} answered, {} unknown",
        recorder.changes,
        recorder.unknown
    );
    // What nobody told is seen in time.
    for status in ["approved", "started", "completed"] {
        until(
            "the board shows what is true",
            shift.heals_within,
            async || {
                let query = format!("status={status}&limit=100");
                let shown = board.orders(&query).await.orders;
                (shown == sim.true_orders(&query).await.orders).then_some(shown.len())
            },
            Option::is_some,
        )
        .await;
    }

    let mut of_edge = recorder.list_reads;
    of_edge.sort_unstable();
    of_mes.sort_unstable();
    let reads = of_edge.len() as u64;
    let lists = stats.queries("list").calls - of_mes.len() as u64;
    let counts = stats.queries("counts").calls;
    let queries = lists + counts;
    let ms = |took: Duration| (took.as_secs_f64() * 10_000.0).round() / 10.0;
    let [edge, mes] =
        [&of_edge, &of_mes].map(|took| [50, 99].map(|percent| ms(percentile(took, percent))));
    let measured = json!({
        "orders": stats.rows,
        "reads": reads,
        "edge_p50_ms": edge[0],
        "edge_p99_ms": edge[1],
        "mes_p50_ms": mes[0],
        "mes_p99_ms": mes[1],
        "times": (mes[1] / edge[1]).round(),
        "queries": queries,
        "of_which_counts": counts,
        "saved": (1_000.0 - 1_000.0 * queries as f64 / reads as f64).round() / 10.0,
        "changes": recorder.changes,
        "lost_races": recorder.lost_races,
        "unknown": recorder.unknown,
        "killed": shift.killed,
    });
    println!("{measured}");
    if let Ok(report) = std::env::var("LOADBOARD_SHIFT_REPORT") {
        let file = OpenOptions::new().create(true).append(true).open(report);
        writeln!(file.expect("the report can be written"), "{measured}").expect("and is");
    }
    assert!(recorder.changes > 20 && recorder.lost_races > 0);
    if shift.is_long {
        assert!(queries * 20 <= reads, "{queries} queries for {reads} reads");
    }
}
