//! The console: one static page.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, header};
use rest_core::Reply;
use rest_core::field::{CacheControl, ETag};
use sha2::{Digest, Sha256};

use super::call::Call;
use crate::failure::Failure;

pub(crate) async fn show(call: Call) -> Result<Reply, Failure> {
    let page = &call.state().page;
    let reply = Reply::ok().content("text/html; charset=utf-8", page.html.clone()).etag(&page.etag);
    Ok(reply
        .cache_control(&CacheControl::new().no_cache())
        .header(header::CONTENT_SECURITY_POLICY, page.policy.clone())
        .header(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")))
}

pub(crate) async fn health(_: Call) -> Result<Reply, Failure> {
    let reply = Reply::ok().content("application/json", r#"{"status":"ok"}"#);
    Ok(reply.cache_control(&CacheControl::new().no_store()))
}

/// The page, its validator, and the policy under which a browser runs it.
pub(crate) struct Page {
    pub(crate) html: Bytes,
    pub(crate) etag: ETag,
    pub(crate) policy: HeaderValue,
}

impl Page {
    /// Reads the page once. The policy names the page's own script and styles by their hashes (CSP Level 3 §6.7.3),
    /// so nothing that is slipped into the page runs.
    pub(crate) fn new() -> Page {
        let html = include_str!("../console/index.html");
        let scripts = hashes(blocks(html, "<script>", "</script>"));
        let styles = hashes(blocks(html, "<style>", "</style>"));
        let attributes = hashes(blocks(html, " style=\"", "\""));
        let policy = format!(
            "default-src 'none'; script-src {scripts}; style-src {styles} 'unsafe-hashes' {attributes}; img-src data:; \
             connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        Page {
            html: Bytes::from_static(html.as_bytes()),
            etag: ETag::from_content(html),
            // Base64 and our own words: always a field value. Were it none, the page would do nothing at all.
            policy: HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'")),
        }
    }
}

fn blocks<'h>(html: &'h str, open: &'h str, close: &'h str) -> impl Iterator<Item = &'h str> {
    html.split(open).skip(1).filter_map(move |rest| rest.split_once(close)).map(|(block, _)| block)
}

fn hashes<'h>(blocks: impl Iterator<Item = &'h str>) -> String {
    let mut all: Vec<String> = blocks.map(|block| format!("'sha256-{}'", hash(block))).collect();
    all.sort();
    all.dedup();
    if all.is_empty() { "'none'".to_owned() } else { all.join(" ") }
}

fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_inline_block_is_named_by_its_hash() {
        assert_eq!(
            hashes(blocks("<b style=\"a:b\"></b><i style=\"a:b\">", " style=\"", "\"")),
            format!("'sha256-{}'", hash("a:b"))
        );
        assert_eq!(hashes(blocks("<p>", "<style>", "</style>")), "'none'");
        let page = Page::new();
        let policy = page.policy.to_str().unwrap();
        assert!(policy.contains("script-src 'sha256-"), "{policy}");
        assert!(!policy.contains("unsafe-inline"), "{policy}");
    }
}
