//! The elements of `users.wsdl`.

use soap_envelope::codec::{Cursor, DateTime, Decode, DecodeError, Encode};
use soap_envelope::xml::{EncodeError, QName, Writer};

use crate::failure::{Failure, Violation};
use crate::store::users::User;

pub(super) const NAMESPACE: &str = "urn:octavo:users:v1";

pub(super) const fn name(local: &'static str) -> QName<'static> {
    QName::from_static(NAMESPACE, local)
}

/// The header block that opens what writes.
pub(super) struct AuthToken(pub(super) String);

pub(super) struct GetUser {
    pub(super) id: i64,
}

pub(super) struct CreateUser {
    pub(super) name: String,
    pub(super) email: String,
}

pub(super) struct GetUserResponse(pub(super) User);
pub(super) struct CreateUserResponse(pub(super) User);

/// The detail of a fault.
pub(super) struct UserFault<'a> {
    pub(super) code: &'static str,
    pub(super) failure: &'a Failure,
}

impl Decode for AuthToken {
    const NAME: QName<'static> = name("AuthToken");

    fn decode(c: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        c.content().map(AuthToken)
    }
}

impl Decode for GetUser {
    const NAME: QName<'static> = name("GetUser");

    fn decode(c: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        Ok(GetUser { id: c.value(name("UserId"))? })
    }
}

impl Decode for CreateUser {
    const NAME: QName<'static> = name("CreateUser");

    fn decode(c: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        Ok(CreateUser { name: c.value(name("Name"))?, email: c.value(name("Email"))? })
    }
}

impl Encode for GetUserResponse {
    const NAME: QName<'static> = name("GetUserResponse");

    fn encode(&self, w: &mut Writer) -> Result<(), EncodeError> {
        write(&self.0, w)
    }
}

impl Encode for CreateUserResponse {
    const NAME: QName<'static> = name("CreateUserResponse");

    fn encode(&self, w: &mut Writer) -> Result<(), EncodeError> {
        write(&self.0, w)
    }
}

fn write(user: &User, w: &mut Writer) -> Result<(), EncodeError> {
    w.start(name("User"))?;
    w.value(name("Id"), &user.id)?;
    w.string(name("Name"), &user.name)?;
    w.string(name("Email"), &user.email)?;
    w.value(name("CreatedAt"), &DateTime::from_unix_millis(user.created_at.millis()))?;
    w.end()
}

impl Encode for UserFault<'_> {
    const NAME: QName<'static> = name("UserFault");

    fn encode(&self, w: &mut Writer) -> Result<(), EncodeError> {
        w.string(name("Code"), self.code)?;
        w.string(name("Message"), &self.failure.to_string())?;
        for Violation { pointer, detail } in self.failure.violations() {
            w.start(name("Violation"))?;
            w.string(name("Field"), element(&pointer))?;
            w.string(name("Rule"), &detail)?;
            w.end()?;
        }
        Ok(())
    }
}

/// The element that a member of the JSON forms is here.
fn element(pointer: &str) -> &str {
    match pointer {
        "/name" => "Name",
        "/email" => "Email",
        other => other,
    }
}
