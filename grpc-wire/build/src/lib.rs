//! Code from `.proto` files for grpc-wire, without protoc.
