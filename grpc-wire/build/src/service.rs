//! The code of a service: the trait, the server, the client.
//!
//! Every path is absolute, since a message may be called `Result`, `Send` or `Status`.

use std::fmt::Write as _;

use prost_build::{Comments, Method, Service, ServiceGenerator};

use crate::name::{self, Names, ServiceNames};

/// Writes services behind the messages of their package.
pub(crate) struct Writer {
    names: Names,
    server: bool,
    client: bool,
}

impl Writer {
    pub(crate) fn new(names: Names, server: bool, client: bool) -> Writer {
        Writer { names, server, client }
    }
}

impl ServiceGenerator for Writer {
    fn generate(&mut self, service: Service, out: &mut String) {
        let full_name = name::full_name(&service.package, &service.proto_name);
        // Every service of the set has its names.
        let Some(names) = self.names.get(&full_name) else { return };
        let methods =
            name::methods(service.methods.iter().map(|method| method.proto_name.as_str()), &RESERVED);
        let calls: Vec<Call<'_>> = service
            .methods
            .iter()
            .zip(methods)
            .map(|(method, name)| Call { name, path: format!("/{full_name}/{}", method.proto_name), method })
            .collect();
        let service = Described { full_name, comments: &service.comments, names, calls };
        if self.server {
            service.write_trait(out);
            service.write_server(out);
        }
        if self.client {
            service.write_client(out);
        }
    }
}

/// A service and what it is called in Rust.
struct Described<'a> {
    full_name: String,
    comments: &'a Comments,
    names: &'a ServiceNames,
    calls: Vec<Call<'a>>,
}

/// A method and what it is called in Rust.
struct Call<'a> {
    name: String,
    path: String,
    method: &'a Method,
}

#[derive(Clone, Copy)]
enum Kind {
    Unary,
    ServerStreaming,
    ClientStreaming,
    Bidi,
}

impl Call<'_> {
    fn kind(&self) -> Kind {
        match (self.method.client_streaming, self.method.server_streaming) {
            (false, false) => Kind::Unary,
            (false, true) => Kind::ServerStreaming,
            (true, false) => Kind::ClientStreaming,
            (true, true) => Kind::Bidi,
        }
    }

    /// The comment of the rpc, and its name on the wire.
    fn docs(&self, out: &mut String) {
        self.method.comments.append_with_indent(0, out);
        if !self.method.comments.leading.is_empty() || !self.method.comments.trailing.is_empty() {
            out.push_str("///\n");
        }
        let _ = writeln!(out, "/// {} `{}`", self.kind().label(), self.path);
        if self.method.options.deprecated() {
            out.push_str("#[deprecated]\n");
        }
    }

    /// The description of the method, as a constant inside a function.
    fn describe(&self, out: &mut String) {
        let (path, kind) = (&self.path, self.kind().variant());
        let _ = writeln!(
            out,
            "const METHOD: &::grpc_wire::MethodDesc = &::grpc_wire::MethodDesc::new(\"{path}\", ::grpc_wire::Kind::{kind});"
        );
    }
}

impl Kind {
    fn label(self) -> &'static str {
        match self {
            Kind::Unary => "Unary:",
            Kind::ServerStreaming => "Server streaming:",
            Kind::ClientStreaming => "Client streaming:",
            Kind::Bidi => "Bidirectional streaming:",
        }
    }

    fn variant(self) -> &'static str {
        match self {
            Kind::Unary => "Unary",
            Kind::ServerStreaming => "ServerStreaming",
            Kind::ClientStreaming => "ClientStreaming",
            Kind::Bidi => "Bidi",
        }
    }

    /// The function of `Routes` and of `Client`, and the builder that the client gets.
    fn function(self) -> (&'static str, &'static str) {
        match self {
            Kind::Unary => ("unary", "Unary"),
            Kind::ServerStreaming => ("server_streaming", "ServerStreaming"),
            Kind::ClientStreaming => ("client_streaming", "ClientStreaming"),
            Kind::Bidi => ("bidi", "BidiStreaming"),
        }
    }

    /// The parameters of a handler behind its context.
    fn parameters(self) -> &'static str {
        match self {
            Kind::Unary => "request",
            Kind::ServerStreaming => "request, tx",
            Kind::ClientStreaming => "rx",
            Kind::Bidi => "rx, tx",
        }
    }
}

impl Described<'_> {
    fn write_trait(&self, out: &mut String) {
        let ServiceNames { service, server, .. } = self.names;
        self.comments.append_with_indent(0, out);
        if !self.comments.leading.is_empty() || !self.comments.trailing.is_empty() {
            out.push_str("///\n");
        }
        let _ = writeln!(
            out,
            "/// What a server of `{}` implements, with `async fn`; [`{server}`] serves it.\n\
             pub trait {service}: ::core::marker::Send + ::core::marker::Sync + 'static {{",
            self.full_name
        );
        for call in &self.calls {
            call.docs(out);
            let (request, response) = (&call.method.input_type, &call.method.output_type);
            let (parameters, answer) = match call.kind() {
                Kind::Unary => (format!("request: {request}"), response.as_str()),
                Kind::ServerStreaming => {
                    (format!("request: {request}, tx: ::grpc_wire::Outbound<{response}>"), "()")
                }
                Kind::ClientStreaming => (format!("rx: ::grpc_wire::Inbound<{request}>"), response.as_str()),
                Kind::Bidi => (
                    format!("rx: ::grpc_wire::Inbound<{request}>, tx: ::grpc_wire::Outbound<{response}>"),
                    "()",
                ),
            };
            let _ = writeln!(
                out,
                "fn {}(&self, cx: &::grpc_wire::Cx, {parameters}) -> impl ::core::future::Future<\
                 Output = ::core::result::Result<{answer}, ::grpc_wire::Status>> + ::core::marker::Send;",
                call.name
            );
        }
        out.push_str("}\n");
    }

    fn write_server(&self, out: &mut String) {
        let ServiceNames { service, server, implementation: t, .. } = self.names;
        let _ = writeln!(
            out,
            "/// Serves an implementation of [`{service}`]: `grpc_wire::Server::new().add({server}::new(it))`.\n\
             pub struct {server}<{t}>(::std::sync::Arc<{t}>);\n\
             impl<{t}: {service}> {server}<{t}> {{\n\
             /// The full name of the service.\n\
             pub const NAME: &'static str = \"{}\";\n\
             /// Serves `implementation`.\n\
             pub fn new(implementation: {t}) -> Self {{ Self(::std::sync::Arc::new(implementation)) }}\n\
             /// Serves an implementation that others hold too.\n\
             pub fn from_arc(implementation: ::std::sync::Arc<{t}>) -> Self {{ Self(implementation) }}\n\
             }}\n\
             impl<{t}> ::core::clone::Clone for {server}<{t}> {{\n\
             fn clone(&self) -> Self {{ Self(::std::sync::Arc::clone(&self.0)) }}\n\
             }}\n\
             impl<{t}> ::core::fmt::Debug for {server}<{t}> {{\n\
             fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {{ f.write_str(\"{server}\") }}\n\
             }}\n\
             impl<{t}: {service}> ::grpc_wire::Service for {server}<{t}> {{\n\
             fn register(self, routes: &mut ::grpc_wire::Routes) {{",
            self.full_name
        );
        for call in &self.calls {
            out.push_str("{\n");
            call.describe(out);
            let (function, _) = call.kind().function();
            let parameters = call.kind().parameters();
            let _ = writeln!(
                out,
                "routes.{function}(METHOD, &self.0, |service, cx, {parameters}| async move {{ \
                 <{t} as {service}>::{}(&service, &cx, {parameters}).await }});\n}}",
                call.name
            );
        }
        out.push_str("}\n}\n");
    }

    fn write_client(&self, out: &mut String) {
        let ServiceNames { client, transport: c, .. } = self.names;
        let _ = writeln!(
            out,
            "/// A client of `{}` over any transport. Cloning is cheap.\n\
             #[derive(::core::clone::Clone, ::core::fmt::Debug)]\n\
             pub struct {client}<{c}>(::grpc_wire::Client<{c}>);\n\
             impl<{c}> ::core::convert::From<::grpc_wire::Client<{c}>> for {client}<{c}> {{\n\
             /// Calls as `client` does: with its limits and its dialect.\n\
             fn from(client: ::grpc_wire::Client<{c}>) -> Self {{ Self(client) }}\n\
             }}\n\
             impl<{c}: ::grpc_wire::Transport> {client}<{c}> {{\n\
             /// Calls over `transport`.\n\
             pub fn new(transport: {c}) -> Self {{ Self(::grpc_wire::Client::new(transport)) }}",
            self.full_name
        );
        for call in &self.calls {
            call.docs(out);
            let (request, response) = (&call.method.input_type, &call.method.output_type);
            let (function, builder) = call.kind().function();
            let (parameter, argument) = match call.kind() {
                Kind::Unary | Kind::ServerStreaming => (format!(", request: {request}"), ", request"),
                Kind::ClientStreaming | Kind::Bidi => (String::new(), ""),
            };
            let _ = writeln!(
                out,
                "pub fn {}(&self{parameter}) -> ::grpc_wire::client::{builder}<{c}, {request}, {response}> {{",
                call.name
            );
            call.describe(out);
            let _ = writeln!(out, "self.0.{function}(METHOD{argument})\n}}");
        }
        out.push_str("}\n");
    }
}

/// What the client has beside the methods of its service.
const RESERVED: [&str; 1] = ["new"];
