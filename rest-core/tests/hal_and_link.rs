//! draft-kelly-json-hal and RFC 8288.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
use http::Method;
use rest_core::Reply;
use rest_core::hypermedia::{Hal, Link, LinkSet, METHOD_PROFILE};
use serde_json::{Value, json};

#[test]
fn draft_section_4_and_6_the_order_examples() {
    let order = |n: u32, basket: u32, customer: u32, total: f64, currency: &str, status: &str| {
        Hal::new(json!({"total": total, "currency": currency, "status": status}))
            .link("self", Link::new(format!("/orders/{n}")))
            .link("basket", Link::new(format!("/baskets/{basket}")))
            .link("customer", Link::new(format!("/customers/{customer}")))
    };
    let document = Hal::new(json!({"currentlyProcessing": 14, "shippedToday": 20}))
        .link("self", Link::new("/orders"))
        .link("next", Link::new("/orders?page=2"))
        .link("find", Link::templated("/orders{?id}"))
        .embed_many(
            "orders",
            [
                order(123, 98712, 7809, 30.0, "USD", "shipped"),
                order(124, 97213, 12369, 20.0, "USD", "processing"),
            ],
        )
        .unwrap();
    let expected = json!({
        "_links": {
            "self": {"href": "/orders"}, "next": {"href": "/orders?page=2"},
            "find": {"href": "/orders{?id}", "templated": true}
        },
        "_embedded": {"orders": [
            {"_links": {"self": {"href": "/orders/123"}, "basket": {"href": "/baskets/98712"},
                        "customer": {"href": "/customers/7809"}},
             "total": 30.0, "currency": "USD", "status": "shipped"},
            {"_links": {"self": {"href": "/orders/124"}, "basket": {"href": "/baskets/97213"},
                        "customer": {"href": "/customers/12369"}},
             "total": 20.0, "currency": "USD", "status": "processing"}
        ]},
        "currentlyProcessing": 14, "shippedToday": 20
    });
    assert_eq!(serde_json::to_value(&document).unwrap(), expected);
    let read: Hal<Value> = serde_json::from_str(&serde_json::to_string(&document).unwrap()).unwrap();
    assert_eq!(read, document);
}

#[test]
fn draft_section_8_2_curies() {
    let document = Hal::new(json!({}))
        .curie("acme", "https://docs.acme.com/relations/{rel}")
        .link("acme:widgets", Link::new("/widgets"));
    let json = serde_json::to_value(&document).unwrap();
    let curie = json!([{"name": "acme", "href": "https://docs.acme.com/relations/{rel}", "templated": true}]);
    assert_eq!(json["_links"]["curies"], curie);
    assert_eq!(document.links.expand("acme:widgets").unwrap(), "https://docs.acme.com/relations/widgets");
    assert_eq!(document.links.expand("other:widgets"), None);
    assert_eq!(document.links.get("https://docs.acme.com/relations/widgets")[0].href(), "/widgets");
}

#[test]
fn a_link_has_all_its_members_and_no_empty_ones() {
    let link = Link::new("/a")
        .media_type("text/html")
        .deprecation("https://x/d")
        .name("n")
        .profile("https://x/p")
        .title("t")
        .hreflang("de")
        .method(&Method::PUT);
    let expected = json!({"href": "/a", "type": "text/html", "deprecation": "https://x/d", "name": "n",
        "profile": "https://x/p", "title": "t", "hreflang": "de", "method": "PUT"});
    assert_eq!(serde_json::to_value(&link).unwrap(), expected);
    assert_eq!(serde_json::from_value::<Link>(expected).unwrap(), link);
    assert_eq!(serde_json::to_value(Link::new("/a")).unwrap(), json!({"href": "/a"}));
}

#[test]
fn one_link_is_an_object_and_several_are_an_array() {
    let mut links = rest_core::hypermedia::Links::new();
    links.push("item", Link::new("/1"));
    links.set("self", Link::new("/"));
    assert_eq!(
        serde_json::to_value(&links).unwrap(),
        json!({"item": [{"href": "/1"}], "self": {"href": "/"}})
    );
    links.push("item", Link::new("/2"));
    links.push("self", Link::new("/x"));
    assert_eq!(links.get("item").len(), 2);
    assert!(links.iter().all(|(_, set)| matches!(set, LinkSet::Many(l) if l.len() == 2)));
}

#[test]
fn an_answer_with_methods_names_their_profile() {
    let plain = Hal::new(json!({})).link("self", Link::new("/"));
    let inner = Hal::new(json!({})).link("edit", Link::new("/").method(&Method::PUT));
    let outer = plain.clone().embed("a", &inner).unwrap();
    assert!(!plain.uses_method() && inner.uses_method() && outer.uses_method());
    let reply = Reply::ok().hal(&outer).unwrap();
    assert_eq!(reply.headers()["content-type"], "application/hal+json");
    assert_eq!(reply.headers()["link"], format!("<{METHOD_PROFILE}>; rel=\"profile\""));
    assert!(!Reply::ok().hal(&plain).unwrap().headers().contains_key("link"));
}

#[test]
fn a_resource_may_have_a_member_called_method() {
    let document = Hal::new(json!({}))
        .embed("log", &json!({"method": "PUT", "_links": {"self": {"href": "/"}}}))
        .unwrap();
    assert!(!document.uses_method());
}

#[test]
fn rfc8288_section_3_5_examples() {
    let value = |link: Link, rel: &str| link.to_header_value(rel).unwrap().to_str().unwrap().to_owned();
    assert_eq!(
        value(Link::new("http://example.com/TheBook/chapter2").title("previous chapter"), "previous"),
        r#"<http://example.com/TheBook/chapter2>; rel="previous"; title="previous chapter""#
    );
    assert_eq!(
        value(Link::new("/TheBook/chapter2").title("letztes Kapitel\u{20ac}"), "previous"),
        r#"</TheBook/chapter2>; rel="previous"; title*=UTF-8''letztes%20Kapitel%E2%82%AC"#
    );
    assert_eq!(value(Link::new("/"), "http://example.net/foo"), r#"</>; rel="http://example.net/foo""#);
}

#[test]
fn a_link_field_cannot_be_broken_out_of() {
    let link = Link::new("/a>; rel=\"x\"\r\nx: y").title("q\"; rel=\"evil\r\n");
    let value = link.to_header_value("next").unwrap();
    assert_eq!(
        value,
        "</a%3E;%20rel=%22x%22%0D%0Ax:%20y>; rel=\"next\"; title*=UTF-8''q%22%3B%20rel%3D%22evil%0D%0A"
    );
    assert_eq!(Link::templated("/a{?b}").to_header_value("next"), None);
}
