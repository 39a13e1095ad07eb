//! Ratios out of one run: the contenders take turns, so that what slows the machine down slows all of them down.

use std::time::Instant;

/// How often each contender has its turn.
const ROUNDS: usize = 401;
/// How long a turn takes, about.
const TURN_NS: f64 = 100_000.0;

/// A named piece of work.
pub(crate) struct Contender<'a> {
    name: &'static str,
    run: Box<dyn FnMut() + 'a>,
    /// Nanoseconds of one run, by turn; sorted at the end.
    times: Vec<f64>,
}

impl<'a> Contender<'a> {
    pub(crate) fn new(name: &'static str, run: impl FnMut() + 'a) -> Self {
        Self { name, run: Box::new(run), times: Vec::new() }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn run(&mut self) {
        (self.run)();
    }
}

/// What the contenders took.
pub(crate) struct Times<'a>(Vec<Contender<'a>>);

/// Lets the contenders take turns.
pub(crate) fn race(mut contenders: Vec<Contender<'_>>) -> Times<'_> {
    let runs: Vec<u32> = contenders
        .iter_mut()
        .map(|contender| {
            let from = Instant::now();
            for _ in 0..20 {
                (contender.run)();
            }
            let once = from.elapsed().as_nanos() as f64 / 20.0;
            (TURN_NS / once).clamp(1.0, 10_000.0) as u32
        })
        .collect();
    for _ in 0..ROUNDS {
        for (contender, runs) in contenders.iter_mut().zip(&runs) {
            let from = Instant::now();
            for _ in 0..*runs {
                (contender.run)();
            }
            contender.times.push(from.elapsed().as_nanos() as f64 / f64::from(*runs));
        }
    }
    for contender in &mut contenders {
        contender.times.sort_by(f64::total_cmp);
    }
    Times(contenders)
}

impl Times<'_> {
    fn of(&self, name: &str) -> (f64, f64) {
        let times = &self.0.iter().find(|contender| contender.name == name).unwrap().times;
        (times[ROUNDS / 2], times[0])
    }

    /// Every contender's median and best.
    pub(crate) fn print(&self, what: &str) {
        for contender in &self.0 {
            let (median, best) = self.of(contender.name);
            println!("{what}: {:<28} median {median:>10.0} ns   best {best:>10.0} ns", contender.name);
        }
    }

    /// How many times `a` takes as long as `b`, beside the most that it should.
    pub(crate) fn at_most(&self, what: &str, a: &str, b: &str, target: f64) {
        let (median, best) = self.ratio(a, b);
        println!(
            "{what}: {a} / {b} = {median:.3} (best of each {best:.3}), target <= {target}: {}",
            verdict(median <= target)
        );
    }

    /// How many times `b` takes as long as `a`, beside the least that it should.
    pub(crate) fn at_least(&self, what: &str, a: &str, b: &str, target: f64) {
        let (median, best) = self.ratio(b, a);
        println!(
            "{what}: {b} / {a} = {median:.2} (best of each {best:.2}), target >= {target}: {}",
            verdict(median >= target)
        );
    }

    fn ratio(&self, a: &str, b: &str) -> (f64, f64) {
        let (a, b) = (self.of(a), self.of(b));
        (a.0 / b.0, a.1 / b.1)
    }
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}
