//! GitHub, "Validating webhook deliveries": the generic form under GitHub's own header.

use super::{Wire, generic};

pub(super) const WIRE: Wire = Wire { signature: "x-hub-signature-256", ..generic::WIRE };
