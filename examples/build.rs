//! Makes the messages and the service of the gRPC door from their `.proto` file.

fn main() -> Result<(), grpc_wire_build::Error> {
    println!("cargo:rerun-if-changed=build.rs");
    grpc_wire_build::compile(&["proto/octavo/users/v1/users.proto"], &["proto"])
}
