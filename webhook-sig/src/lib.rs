//! webhook-sig
