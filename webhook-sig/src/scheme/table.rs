//! The schemes of HMAC keys, each as its provider's documentation has it (the name in quotes is the page's).

use core::time::Duration;

use super::layout::Content;
use super::{Encoding, Layout, Part, TimeIn, TimeUnit};

/// The form that many senders share.
pub(super) static GENERIC: Layout = Layout::new("x-signature-256", Encoding::Hex).label("sha256=");

/// "Validating webhook deliveries". GitHub caps payloads at 25 MB ("Webhook events and payloads").
pub(super) static GITHUB: Layout =
    Layout::new("x-hub-signature-256", Encoding::Hex).label("sha256=").max_body(25 * 1024 * 1024);

/// "Validating webhook deliveries", the header that is kept for old receivers.
pub(super) static GITHUB_SHA1: Layout =
    Layout::new("x-hub-signature", Encoding::Hex).label("sha1=").max_body(25 * 1024 * 1024);

/// "Verify webhook signatures": `t=SECONDS,v1=HEX,v0=HEX`. `v0` marks test events, so to accept it would be a downgrade.
pub(super) static STRIPE: Layout = Layout::new("stripe-signature", Encoding::Hex)
    .label("v1=")
    .list(b',')
    .time(TimeIn::Element("t="))
    .before(&[Part::Time, Part::Text(".")]);

/// "Verifying requests from Slack".
pub(super) static SLACK: Layout = Layout::new("x-slack-signature", Encoding::Hex)
    .label("v0=")
    .time(TimeIn::Header("x-slack-request-timestamp"))
    .before(&[Part::Text("v0:"), Part::Time, Part::Text(":")]);

/// "Verify webhooks", "Validate webhook events".
pub(super) static ZOOM: Layout = Layout::new("x-zm-signature", Encoding::Hex)
    .label("v0=")
    .time(TimeIn::Header("x-zm-request-timestamp"))
    .before(&[Part::Text("v0:"), Part::Time, Part::Text(":")]);

/// "Verify webhook deliveries".
pub(super) static SHOPIFY: Layout = Layout::new("x-shopify-hmac-sha256", Encoding::Base64);

/// Standard Webhooks 1.0.0, "Signature scheme": `v1,BASE64 v1,BASE64 v1a,BASE64`.
pub(super) static STANDARD_WEBHOOKS: Layout = Layout::new("webhook-signature", Encoding::Base64)
    .label("v1,")
    .list(b' ')
    .id("webhook-id")
    .time(TimeIn::Header("webhook-timestamp"))
    .before(&[Part::Id, Part::Text("."), Part::Time, Part::Text(".")]);

/// "Verifying webhooks manually": Standard Webhooks under the names it had before it was one.
pub(super) static SVIX: Layout = Layout::new("svix-signature", Encoding::Base64)
    .label("v1,")
    .list(b' ')
    .id("svix-id")
    .time(TimeIn::Header("svix-timestamp"))
    .before(&[Part::Id, Part::Text("."), Part::Time, Part::Text(".")]);

/// "Validate webhook notifications".
pub(super) static SQUARE: Layout =
    Layout::new("x-square-hmacsha256-signature", Encoding::Base64).before(&[Part::Url]);

/// "Securing webhooks": the time is a member of the body, and a minute is allowed for.
pub(super) static LINEAR: Layout = Layout::new("linear-signature", Encoding::Hex)
    .time(TimeIn::Json("webhookTimestamp"))
    .unit(TimeUnit::Millis)
    .tolerance(Duration::from_secs(60));

/// "Securing webhooks", X Account Activity API.
pub(super) static TWITTER: Layout =
    Layout::new("x-twitter-webhooks-signature", Encoding::Base64).label("sha256=");

/// "Webhooks security".
pub(super) static TWILIO: Layout =
    Layout::new("x-twilio-signature", Encoding::Base64).content(Content::Twilio);
