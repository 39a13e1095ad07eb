//! Results and errors as they stand in a response.

use crate::error::{PathSegment, RpcError};

use super::write_string;

/// Before the data of a result.
pub const DATA: &[u8] = br#"{"result":{"data":"#;
/// Behind it.
pub const DATA_END: &[u8] = b"}}";
/// The result of a procedure that gives nothing: JavaScript's `undefined`.
pub const UNDEFINED: &[u8] = br#"{"result":{}}"#;

/// Appends `{"error":…}`.
///
/// ```
/// use rpc_typed::{Code, RpcError, wire::response::write_error};
///
/// let mut out = Vec::new();
/// write_error(&mut out, &RpcError::new(Code::NotFound, "No such user"), Some("users.getById"));
/// assert_eq!(
///     String::from_utf8(out).unwrap(),
///     r#"{"error":{"message":"No such user","code":-32004,"data":{"code":"NOT_FOUND","httpStatus":404,"path":"users.getById"}}}"#
/// );
/// ```
pub fn write_error(out: &mut Vec<u8>, error: &RpcError, path: Option<&str>) {
    out.extend_from_slice(br#"{"error":"#);
    write_shape(out, error, path);
    out.push(b'}');
}

/// Appends the error alone, as event streams carry it. `path` is the procedure's; an error of the request has none.
pub fn write_shape(out: &mut Vec<u8>, error: &RpcError, path: Option<&str>) {
    let code = error.code();
    let mut number = itoa::Buffer::new();
    out.extend_from_slice(br#"{"message":"#);
    write_string(out, error.message());
    out.extend_from_slice(br#","code":"#);
    out.extend_from_slice(number.format(code.number()).as_bytes());
    out.extend_from_slice(br#","data":{"code":""#);
    out.extend_from_slice(code.as_str().as_bytes());
    out.extend_from_slice(br#"","httpStatus":"#);
    out.extend_from_slice(number.format(code.http_status()).as_bytes());
    if let Some(path) = path {
        out.extend_from_slice(br#","path":"#);
        write_string(out, path);
    }
    for (n, issue) in error.issues().iter().enumerate() {
        out.extend_from_slice(if n == 0 { br#","issues":[{"path":["# } else { br#",{"path":["# });
        for (n, segment) in issue.path.iter().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            match segment {
                PathSegment::Key(key) => write_string(out, key),
                PathSegment::Index(index) => out.extend_from_slice(number.format(*index).as_bytes()),
            }
        }
        out.extend_from_slice(br#"],"message":"#);
        write_string(out, &issue.message);
        out.push(b'}');
    }
    if !error.issues().is_empty() {
        out.push(b']');
    }
    out.extend_from_slice(b"}}");
}
