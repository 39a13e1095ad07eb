//! A batch as JSON Lines: a head that says what is there already, then a line for each call as it ends
//! (`stream/jsonl.ts` of `@trpc/server`, which its client reads; we write the short form of it).

/// Appends the head: for each call its envelope (`{"result":…}` or `{"error":…}`) if it is ready, else the promise of the
/// chunk with its index.
///
/// ```
/// use rpc_typed::wire::jsonl::{chunk, head};
///
/// let mut out = Vec::new();
/// head(&mut out, [None, Some(&br#"{"result":{}}"#[..])]);
/// chunk(&mut out, 0, br#"{"result":{"data":1}}"#);
/// assert_eq!(
///     String::from_utf8(out).unwrap(),
///     "{\"0\":[[0],[null,0,0]],\"1\":[[{\"result\":{}}]]}\n[0,0,[[{\"result\":{\"data\":1}}]]]\n"
/// );
/// ```
pub fn head<'a>(out: &mut Vec<u8>, calls: impl IntoIterator<Item = Option<&'a [u8]>>) {
    let mut number = itoa::Buffer::new();
    for (n, call) in calls.into_iter().enumerate() {
        out.extend_from_slice(if n == 0 { b"{\"" } else { b",\"" });
        out.extend_from_slice(number.format(n).as_bytes());
        match call {
            Some(envelope) => {
                out.extend_from_slice(b"\":[[");
                out.extend_from_slice(envelope);
                out.extend_from_slice(b"]]");
            }
            None => {
                // The placeholder 0, replaced as a whole (null) by promise (0) number n.
                out.extend_from_slice(b"\":[[0],[null,0,");
                out.extend_from_slice(number.format(n).as_bytes());
                out.extend_from_slice(b"]]");
            }
        }
    }
    out.extend_from_slice(b"}\n");
}

/// Appends the line of a call that was promised.
pub fn chunk(out: &mut Vec<u8>, call: usize, envelope: &[u8]) {
    out.push(b'[');
    out.extend_from_slice(itoa::Buffer::new().format(call).as_bytes());
    out.extend_from_slice(b",0,[[");
    out.extend_from_slice(envelope);
    out.extend_from_slice(b"]]]\n");
}
