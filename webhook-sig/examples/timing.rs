//! Whether the time of a verification tells how much of a signature is right: a t-test in the manner of dudect (Reparaz, Balasch and
//! Verbauwhede, 2017), over 10^6 samples by default. Prints t for each comparison; |t| < 4.5 means that no difference was found.
//!
//! ```text
//! cargo run --release -p webhook-sig --example timing [SAMPLES]
//! ```
#![allow(clippy::print_stdout, reason = "that is how it answers")]
#![allow(clippy::disallowed_methods, reason = "a clock is what it is about")]

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use webhook_sig::{KeyRing, Scheme, Secret, UnixMillis};

const NOW: UnixMillis = UnixMillis::from_secs(1_700_000_000);
const BODY: &[u8] = br#"{"type":"user.create"}"#;

/// Mean and variance of what has been seen so far (Welford).
#[derive(Default)]
struct Samples {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Samples {
    fn push(&mut self, value: f64) {
        self.count += 1.0;
        let delta = value - self.mean;
        self.mean += delta / self.count;
        self.squares += delta * (value - self.mean);
    }

    fn error(&self) -> f64 {
        self.squares / (self.count - 1.0) / self.count
    }
}

/// Welch's t for two classes of requests.
fn t(a: &Samples, b: &Samples) -> f64 {
    (a.mean - b.mean) / (a.error() + b.error()).sqrt()
}

/// The signature with its first `right` hex digits right and all others wrong.
fn signature(ring: &KeyRing, right: usize) -> Result<String, Box<dyn Error>> {
    let signed = ring.signer(Scheme::Generic).sign("", NOW, BODY)?;
    let value = signed.iter().next().ok_or("no header")?.1;
    let digits = value.strip_prefix("sha256=").ok_or("no label")?;
    // A wrong digit is another number, or another letter: to read it is public and takes as long.
    let other = |digit: char| match digit {
        '0'..='8' | 'a'..='e' => char::from_u32(u32::from(digit) + 1).unwrap_or(digit),
        '9' => '0',
        _ => 'a',
    };
    let digits: String = digits
        .chars()
        .enumerate()
        .map(|(index, digit)| if index < right { digit } else { other(digit) })
        .collect();
    Ok(format!("sha256={digits}"))
}

fn main() -> Result<(), Box<dyn Error>> {
    let samples: usize = std::env::args().nth(1).map_or(Ok(1_000_000), |text| text.parse())?;
    let ring = KeyRing::new().hmac("k", Secret::raw("secret")?)?;
    let verifier = ring.scheme(Scheme::Generic);
    // A xorshift: which class a sample is of must not follow a pattern that the machine's own rhythm could have.
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut worst = 0.0_f64;
    for right in [1, 16, 32, 63] {
        let classes = [signature(&ring, 0)?, signature(&ring, right)?];
        // Both classes stand in the same place of memory, whose alignment would tell them apart otherwise.
        let mut header = [("x-signature-256", classes[0].clone().into_bytes())];
        let mut time = |class: usize| {
            header[0].1.copy_from_slice(classes[class].as_bytes());
            let from = Instant::now();
            let refused = black_box(verifier.verify(black_box(&header), BODY, NOW)).is_err();
            (from.elapsed().as_nanos() as f64, refused)
        };
        // What interrupts a sample says nothing of it: the slowest tenth of a trial run is where the cut is.
        let mut trial: Vec<f64> = (0..10_000).map(|n| time(n % 2).0).collect();
        trial.sort_by(f64::total_cmp);
        let cut = trial[trial.len() * 9 / 10];
        let mut seen = [Samples::default(), Samples::default()];
        for _ in 0..samples {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let class = usize::from(random & 1 == 1);
            let (nanos, refused) = time(class);
            assert!(refused, "a wrong signature was accepted");
            if nanos <= cut {
                seen[class].push(nanos);
            }
        }
        let t = t(&seen[0], &seen[1]);
        worst = worst.max(t.abs());
        println!(
            "no digit right against {right:>2} of 64: t = {t:+.2} ({:.1} ns and {:.1} ns, {} of {samples} samples kept)",
            seen[0].mean,
            seen[1].mean,
            seen[0].count + seen[1].count
        );
    }
    println!("largest |t| = {worst:.2}; a leak shows as 4.5 and more");
    Ok(())
}
