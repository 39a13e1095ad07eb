//! The benches of the family; each group has a peer and a floor (`benches/*.rs`).
