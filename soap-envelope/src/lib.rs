//! SOAP 1.1 and 1.2 without I/O: a strict XML scanner, envelopes, header blocks, faults, the HTTP binding.
