//! Paths to routes and back: precedence, 404, 405, 501, decoding, reverse routes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
use http::Method;
use proptest::prelude::*;
use rest_core::Limits;
use rest_core::route::{Found, Pattern, PatternError, ReverseError, RouteError, Table};

fn table(patterns: &[&str]) -> Table<usize> {
    let mut table = Table::new();
    for (i, pattern) in patterns.iter().enumerate() {
        table.insert(pattern, Method::GET, i).unwrap();
    }
    table
}

fn get(table: &Table<usize>, path: &str) -> Option<(usize, Params)> {
    match table.find(&Method::GET, path) {
        Found::Route(r) => {
            Some((*r.value, r.params.iter().map(|(n, v)| (n.to_owned(), v.into_owned())).collect()))
        }
        Found::NotFound => None,
        other => panic!("{path}: {other:?}"),
    }
}

type Params = Vec<(String, String)>;

fn pairs(pairs: &[(&str, &str)]) -> Params {
    pairs.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect()
}

#[test]
fn literals_win_over_parameters_and_catch_alls() {
    let t = table(&["/users/me", "/users/{id}", "/files/{*rest}", "/", "/files/index", "/users/me/x"]);
    assert_eq!(get(&t, "/users/me"), Some((0, vec![])));
    assert_eq!(get(&t, "/users/42"), Some((1, pairs(&[("id", "42")]))));
    assert_eq!(get(&t, "/users/mer"), Some((1, pairs(&[("id", "mer")]))));
    assert_eq!(get(&t, "/files/a/b"), Some((2, pairs(&[("rest", "a/b")]))));
    assert_eq!(get(&t, "/files/index"), Some((4, vec![])));
    assert_eq!(get(&t, "/files/index/x"), Some((2, pairs(&[("rest", "index/x")]))));
    assert_eq!(get(&t, "/"), Some((3, vec![])));
    assert_eq!(get(&t, "/users"), None);
    assert_eq!(get(&t, "/files/"), None);
}

#[test]
fn a_parameter_is_a_whole_segment_and_never_empty() {
    let t = table(&["/users/{id}/posts/{post}"]);
    assert_eq!(get(&t, "/users/1/posts/2"), Some((0, pairs(&[("id", "1"), ("post", "2")]))));
    for path in [
        "/users//posts/2",
        "/users/1/posts/",
        "/users/1/posts/2/",
        "/users/1/posts/2/3",
        "users/1/posts/2",
        "",
    ] {
        assert_eq!(get(&t, path), None, "{path:?}");
    }
}

#[test]
fn more_parameters_than_fit_in_place() {
    let t = table(&["/{a}/{b}/{c}/{d}/{e}/{f}"]);
    let expected = pairs(&[("a", "1"), ("b", "2"), ("c", "3"), ("d", "4"), ("e", "5"), ("f", "6")]);
    assert_eq!(get(&t, "/1/2/3/4/5/6"), Some((0, expected)));
}

#[test]
fn rfc9110_section_4_2_3_equivalent_paths_find_the_same_route() {
    let t = table(&["/users/{id}", "/caf\u{e9}", "/a%2fb"]);
    assert_eq!(get(&t, "/%75sers/%7e"), Some((0, pairs(&[("id", "~")]))));
    assert_eq!(get(&t, "/caf%c3%A9"), Some((1, vec![])));
    assert_eq!(get(&t, "/a%2Fb"), Some((2, vec![])));
}

#[test]
fn an_encoded_slash_stays_inside_its_segment() {
    let t = table(&["/users/{id}", "/users/{id}/{x}"]);
    assert_eq!(get(&t, "/users/a%2Fb"), Some((0, pairs(&[("id", "a/b")]))));
    assert_eq!(get(&t, "/users/%252F"), Some((0, pairs(&[("id", "%2F")]))));
}

#[test]
fn broken_encodings_are_bad_paths() {
    let t = table(&["/users/{id}"]);
    for path in ["/users/%", "/users/%4", "/users/%zz", "/users/%ff", "/users/%C3%28"] {
        let found = t.find(&Method::GET, path);
        assert_eq!(found.to_problem().unwrap().status().as_u16(), 400, "{path}");
    }
}

#[test]
fn methods_404_405_501_and_options() {
    let mut t = table(&["/users/{id}"]);
    t.insert("/users/{id}", Method::PUT, 9).unwrap();
    let custom = Method::from_bytes(b"PURGE").unwrap();
    let status = |method: &Method, path: &str| t.find(method, path).to_problem().map(|p| p.status().as_u16());
    assert_eq!(status(&Method::GET, "/users/1"), None);
    assert_eq!(status(&Method::HEAD, "/users/1"), None);
    assert_eq!(status(&Method::POST, "/users/1"), Some(405));
    assert_eq!(status(&Method::TRACE, "/users/1"), Some(405));
    assert_eq!(status(&Method::GET, "/nothing"), Some(404));
    assert_eq!(status(&custom, "/users/1"), Some(501));
    assert_eq!(status(&custom, "/nothing"), Some(501));
    let Found::Options(allow) = t.find(&Method::OPTIONS, "/users/1") else { panic!("options") };
    assert_eq!(allow.to_string(), "GET, HEAD, OPTIONS, PUT");
    let refused = t.find(&Method::DELETE, "/users/1").to_problem().unwrap();
    assert_eq!(refused.headers()["allow"], "GET, HEAD, OPTIONS, PUT");
    let Found::ServerOptions(allow) = t.find(&Method::OPTIONS, "*") else { panic!("server options") };
    assert_eq!(allow.to_string(), "GET, HEAD, OPTIONS, PUT");
}

#[test]
fn a_method_that_some_route_takes_is_implemented() {
    let mut t = table(&["/a", "/b"]);
    let purge = Method::from_bytes(b"PURGE").unwrap();
    t.insert("/a", purge.clone(), 7).unwrap();
    assert!(matches!(t.find(&purge, "/a"), Found::Route(_)));
    assert!(matches!(t.find(&purge, "/b"), Found::MethodNotAllowed(_)));
}

#[test]
fn a_route_for_any_method_leaves_the_others_alone() {
    let mut t = table(&["/ws"]);
    t.insert_any("/ws", 5).unwrap();
    let value = |method: &Method| if let Found::Route(r) = t.find(method, "/ws") { *r.value } else { 99 };
    assert_eq!(value(&Method::GET), 0);
    assert_eq!(value(&Method::HEAD), 0);
    assert_eq!(value(&Method::CONNECT), 5);
    assert_eq!(value(&Method::OPTIONS), 5);
    assert_eq!(value(&Method::from_bytes(b"BREW").unwrap()), 5);
}

#[test]
fn what_cannot_be_told_apart_is_refused() {
    let mut t = table(&["/users/{id}"]);
    assert_eq!(
        t.insert("/users/{id}", Method::GET, 1),
        Err(RouteError::Duplicate("/users/{id}".into(), Method::GET))
    );
    assert!(matches!(t.insert("/users/{name}", Method::PUT, 1), Err(RouteError::Conflict(_))));
    assert!(matches!(t.insert("/users/{*rest}", Method::GET, 1), Err(RouteError::Conflict(_))));
    assert!(t.insert("/users/{name}/x", Method::GET, 1).is_ok());
    assert!(t.insert("/%75sers/{id}", Method::PUT, 1).is_ok());
}

#[test]
fn patterns_are_checked() {
    let error = |text: &str| Pattern::parse(text).unwrap_err();
    assert_eq!(error("users"), PatternError::NotAbsolute);
    assert_eq!(error("/{*a}/b"), PatternError::CatchAllNotLast);
    assert_eq!(error("/{a}/{a}"), PatternError::Duplicate("a".into()));
    for bad in ["/{}", "/{*}", "/{a", "/a}", "/x{a}", "/{a}.json", "/{a b}", "/{{a}}"] {
        assert!(matches!(error(bad), PatternError::Parameter(_)), "{bad}");
    }
    for bad in ["/a%", "/%zz", "/a?b", "/a#b"] {
        assert!(matches!(error(bad), PatternError::Literal(_)), "{bad}");
    }
}

#[test]
fn a_path_is_bounded() {
    let t = table(&["/{*rest}"]);
    assert!(get(&t, &format!("/{}", "x".repeat(8191))).is_some());
    let found = t.find(&Method::GET, &format!("/{}", "x".repeat(8192)).repeat(1)).to_problem();
    assert_eq!(found.unwrap().status().as_u16(), 414);
    assert_eq!(Limits::DEFAULT.max_path, 8192);
}

#[test]
fn reverse_routes_refuse_what_would_lead_elsewhere() {
    let p = Pattern::parse("/users/{id}").unwrap();
    for value in ["", ".", ".."] {
        assert_eq!(p.reverse(&[("id", &value)]), Err(ReverseError::Value("id".into())));
    }
    assert_eq!(p.reverse(&[]), Err(ReverseError::Missing("id".into())));
    assert_eq!(p.reverse(&[("id", &1), ("x", &2)]), Err(ReverseError::Unknown("x".into())));
    assert_eq!(p.reverse(&[("id", &"..%2f?#\r\n")]).unwrap().as_str(), "/users/..%252f%3F%23%0D%0A");
    let files = Pattern::parse("/files/{*path}").unwrap();
    assert_eq!(files.reverse(&[("path", &"a b/c/")]).unwrap().as_str(), "/files/a%20b/c/");
    assert_eq!(files.reverse(&[("path", &"a/../b")]), Err(ReverseError::Value("path".into())));
    assert!(Pattern::parse("/{*path}").unwrap().reverse(&[("path", &"/evil.example")]).is_err());
}

/// A matcher that tries everything: at each segment the literal first, then the parameter, then the catch-all.
fn naive(patterns: &[Pattern], path: &str) -> Option<(usize, Params)> {
    let parts: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
    let mut best: Option<(Vec<u8>, usize, Params)> = None;
    for (i, pattern) in patterns.iter().enumerate() {
        let segments: Vec<&str> = pattern.as_str()[1..].split('/').collect();
        let (mut rank, mut params, mut matched) = (vec![], vec![], true);
        for (k, segment) in segments.iter().enumerate() {
            if let Some(name) = segment.strip_prefix("{*").and_then(|s| s.strip_suffix('}')) {
                let rest = parts.get(k..).unwrap_or_default().join("/");
                matched &= !rest.is_empty();
                rank.push(2);
                params.push((name.to_owned(), rest));
            } else if let Some(name) = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) {
                matched &= parts.get(k).is_some_and(|p| !p.is_empty());
                rank.push(1);
                params.push((name.to_owned(), parts.get(k).unwrap_or(&"").to_string()));
            } else {
                matched &= parts.get(k) == Some(segment);
                rank.push(0);
            }
        }
        matched &= segments.len() == parts.len() || rank.last() == Some(&2);
        if matched && best.as_ref().is_none_or(|(r, ..)| rank < *r) {
            best = Some((rank, i, params));
        }
    }
    best.map(|(_, i, params)| (i, params))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn agrees_with_a_matcher_that_tries_everything(
        patterns in proptest::collection::vec(proptest::collection::vec(0_u8..5, 1..4), 1..8),
        paths in proptest::collection::vec("(/[a-c]{0,2}){1,4}", 1..8),
    ) {
        let mut t = Table::new();
        let mut kept = Vec::new();
        for segments in patterns {
            let text: String = segments.iter().enumerate().map(|(i, s)| match s {
                0 => "/a".to_owned(),
                1 => "/b".to_owned(),
                2 => "/ab".to_owned(),
                3 => format!("/{{p{i}}}"),
                _ if i + 1 == segments.len() => "/{*rest}".to_owned(),
                _ => "/c".to_owned(),
            }).collect();
            if t.insert(&text, Method::GET, kept.len()).is_ok() {
                kept.push(Pattern::parse(&text).unwrap());
            }
        }
        for path in paths {
            prop_assert_eq!(get(&t, &path), naive(&kept, &path), "{} in {:?}", path, kept.iter().map(Pattern::as_str).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_reverse_route_leads_back(id in ".{1,12}", rest in proptest::collection::vec("[^/]{1,6}", 1..4)) {
        let t = table(&["/x/{id}/y/{*rest}"]);
        let rest = rest.join("/");
        if let Ok(path) = Pattern::parse("/x/{id}/y/{*rest}").unwrap().reverse(&[("id", &id), ("rest", &rest)]) {
            prop_assert!(path.as_str().bytes().all(|b| b.is_ascii_graphic()));
            prop_assert_eq!(get(&t, path.as_str()), Some((0, pairs(&[("id", &id), ("rest", &rest)]))));
        } else {
            prop_assert!(id == "." || id == ".." || rest.split('/').any(|s| s == "." || s == ".."));
        }
    }
}
