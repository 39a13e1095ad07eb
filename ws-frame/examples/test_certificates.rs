//! Writes an authority of its own and three servers' certificates for tests into a folder, as PEM:
//! `cargo run -p ws-frame --example test_certificates -- /tmp/certificates`.
//!
//! `ca.pem` is the authority; `good`, `elsewhere` (another host's) and `expired` each have a `.pem` and a `.key`.
#![allow(clippy::disallowed_methods, reason = "a program, not a core")]

use std::fs;
use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("give a folder")?);
    fs::create_dir_all(&folder)?;
    let mut params = CertificateParams::new([])?;
    // Another name than the servers', or OpenSSL takes them for their own issuers.
    params.distinguished_name.push(DnType::CommonName, "an authority for tests");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    fs::write(folder.join("ca.pem"), authority.pem())?;
    for (name, hosts) in [
        ("good", ["localhost", "127.0.0.1"]),
        ("elsewhere", ["elsewhere.example", "192.0.2.1"]),
        ("expired", ["localhost", "127.0.0.1"]),
    ] {
        let mut params = CertificateParams::new(hosts.map(str::to_owned))?;
        if name == "expired" {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2021, 1, 1);
        }
        let key = KeyPair::generate()?;
        fs::write(folder.join(format!("{name}.pem")), params.signed_by(&key, &authority)?.pem())?;
        fs::write(folder.join(format!("{name}.key")), key.serialize_pem())?;
    }
    Ok(())
}
