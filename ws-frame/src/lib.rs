//! ws-frame
