//! `POST /soap` in SOAP 1.1 and 1.2, and `GET /soap?wsdl`.

mod types;

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Full;
use rest_core::tower::Body;
use serde_json::json;
use soap_envelope::Limits;
use soap_envelope::codec::Decode;
use soap_envelope::envelope::Fault;
use soap_envelope::server::{self, Dispatcher, Wsdl, WsdlError};
use soap_envelope::tower::{ResponseFuture, SoapService};
use soap_envelope::xml::Fragment;
use tower_service::Service;

use crate::app::App;
use crate::failure::Failure;
use crate::input::{Fields, NewUser};
use crate::stats::count;
use crate::store::users;
use types::{
    AuthToken, CreateUser, CreateUserResponse, GetUser, GetUserResponse, NAMESPACE, UserFault, name,
};

/// The service as it is mounted.
pub(crate) fn door(app: &Arc<App>) -> Door {
    let mut limits = Limits::default();
    limits.max_envelope = app.config.max_body;
    let service = Dispatcher::shared(Arc::clone(app))
        .limits(limits)
        .understands(AuthToken::NAME)
        .prefer("u", NAMESPACE)
        .operation("GetUser", Some("urn:octavo:users:v1/GetUser"), get_user)
        .operation("CreateUser", Some("urn:octavo:users:v1/CreateUser"), create_user);
    let service = match wsdl() {
        Ok(wsdl) => service.wsdl(wsdl),
        Err(cause) => {
            tracing::error!(%cause, "users.wsdl cannot be served");
            service
        }
    };
    Door { app: Arc::clone(app), soap: SoapService::new(service.build()) }
}

fn wsdl() -> Result<Wsdl, WsdlError> {
    Wsdl::parse(include_str!("users.wsdl"))
}

/// Counts messages before they are read.
#[derive(Clone)]
pub(crate) struct Door {
    app: Arc<App>,
    soap: SoapService<App>,
}

impl Service<Request<Body>> for Door {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request<Body>>::poll_ready(&mut self.soap, cx)
    }

    fn call(&mut self, request: Request<Body>) -> ResponseFuture {
        if request.method() == Method::POST {
            count(&self.app.counters.soap);
        }
        self.soap.call(request)
    }
}

type Cx = server::Context<App>;

async fn get_user(cx: Cx, request: GetUser) -> Result<GetUserResponse, Fault> {
    authenticate(&cx, false)?;
    let user = cx.state().store.read(move |db| users::require(db, request.id)).await;
    user.map(GetUserResponse).map_err(|failure| fault(&failure))
}

async fn create_user(cx: Cx, request: CreateUser) -> Result<CreateUserResponse, Fault> {
    authenticate(&cx, true)?;
    let fields = Fields::of(json!({ "name": request.name, "email": request.email }));
    let new = fields.and_then(NewUser::read).map_err(|failure| fault(&failure))?;
    let user = cx.state().store.write(move |w| users::create(w, None, new)).await;
    user.map(CreateUserResponse).map_err(|failure| fault(&failure))
}

/// A token that is there has to be right, also where none is needed: who sends a wrong one is to hear of it.
fn authenticate(cx: &Cx, is_needed: bool) -> Result<(), Fault> {
    let detail = match cx.header::<AuthToken>()? {
        Some(AuthToken(token)) if cx.state().token.matches(token.trim()) => return Ok(()),
        Some(_) => "the AuthToken is not the right one",
        None if is_needed => "the header block AuthToken is missing",
        None => return Ok(()),
    };
    Err(told("Unauthenticated", Fault::sender(detail), &Failure::bad_request(detail)))
}

/// A refusal of the store or of the rules for input.
fn fault(failure: &Failure) -> Fault {
    let reason = failure.to_string();
    match failure.problem().status().as_u16() {
        404 => told("NotFound", Fault::sender(reason), failure),
        409 => told("Conflict", Fault::sender(reason), failure),
        400..500 => told("Invalid", Fault::sender(reason), failure),
        _ => told("Unavailable", Fault::receiver(reason), failure),
    }
}

fn told(code: &'static str, fault: Fault, failure: &Failure) -> Fault {
    let fault = fault.subcode(name(code));
    // A rule may quote what was sent, and that came out of XML; should it not go into it, the reason has to do.
    match Fragment::encode(&UserFault { code, failure }) {
        Ok(detail) => fault.with_detail(detail),
        Err(_) => fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_can_be_served() {
        let served = wsdl().unwrap().at("http://example.org/soap");
        assert_eq!(served.matches(r#"location="http://example.org/soap""#).count(), 2);
    }
}
