//! Makes the service of the gRPC chapter from its `.proto` file.

fn main() -> Result<(), grpc_wire_build::Error> {
    grpc_wire_build::compile(&["proto/greeter.proto"], &["proto"])
}
