//! gRPC and gRPC-Web without I/O: framing, status, metadata, deadlines, call machines.
