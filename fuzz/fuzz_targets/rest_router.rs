//! The router. Oracle: a matcher that decodes each segment by itself and tries every pattern.
#![no_main]
use arbitrary::Arbitrary;
use http::Method;
use rest_core::route::{Found, Pattern, Table};

#[derive(Arbitrary, Debug)]
struct Case {
    patterns: Vec<Vec<Segment>>,
    paths: Vec<Vec<Piece>>,
    raw: String,
}

#[derive(Arbitrary, Debug)]
enum Segment {
    Literal(u8),
    Param,
    CatchAll,
}

#[derive(Arbitrary, Debug)]
enum Piece {
    Slash,
    Letter(u8),
    Encoded(u8),
}

const LITERALS: [&str; 5] = ["a", "b", "ab", "c~", "a%2Fb"];

type Params = Vec<(String, String)>;

/// `None` for a path that is not valid.
fn decoded(path: &str) -> Option<Vec<Vec<u8>>> {
    path.split('/')
        .map(|part| {
            let (mut out, bytes, mut i) = (Vec::new(), part.as_bytes(), 0);
            while i < bytes.len() {
                if bytes[i] == b'%' {
                    let hex = bytes.get(i + 1..i + 3).filter(|h| h.iter().all(u8::is_ascii_hexdigit))?;
                    out.push(u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?);
                    i += 3;
                } else {
                    out.push(bytes[i]);
                    i += 1;
                }
            }
            Some(out)
        })
        .collect()
}

/// The best match: its pattern, and its parameters unless one is not UTF-8.
fn oracle(patterns: &[String], path: &str) -> Option<Option<(usize, Option<Params>)>> {
    let parts = decoded(path)?;
    if !path.starts_with('/') {
        return Some(None);
    }
    let mut best: Option<(Vec<u8>, usize, Option<Params>)> = None;
    for (index, pattern) in patterns.iter().enumerate() {
        let (mut rank, mut params, mut fits) = (Vec::new(), Some(Vec::new()), true);
        let segments: Vec<&str> = pattern.split('/').collect();
        let mut add = |name: &str, value: Vec<u8>| match (String::from_utf8(value), &mut params) {
            (Ok(value), Some(params)) => params.push((name.to_owned(), value)),
            _ => params = None,
        };
        for (k, segment) in segments.iter().enumerate() {
            if let Some(name) = segment.strip_prefix("{*") {
                let rest = parts.get(k..).unwrap_or_default().join(&b'/');
                fits &= path.split('/').skip(k).any(|p| !p.is_empty()) || parts.len() > k + 1;
                add(name.trim_end_matches('}'), rest);
                rank.push(2);
            } else if let Some(name) = segment.strip_prefix('{') {
                let part = parts.get(k).cloned().unwrap_or_default();
                fits &= !part.is_empty();
                add(name.trim_end_matches('}'), part);
                rank.push(1);
            } else {
                fits &= parts.get(k).map(Vec::as_slice) == decoded(segment)?.first().map(Vec::as_slice);
                rank.push(0);
            }
        }
        fits &= segments.len() == parts.len() || rank.last() == Some(&2);
        if fits && best.as_ref().is_none_or(|(r, ..)| rank < *r) {
            best = Some((rank, index, params));
        }
    }
    Some(best.map(|(_, index, params)| (index, params)))
}

libfuzzer_sys::fuzz_target!(|case: Case| {
    let (mut table, mut kept) = (Table::new(), Vec::new());
    for segments in case.patterns.iter().take(12) {
        let last = segments.len().min(5).saturating_sub(1);
        let text: String = segments
            .iter()
            .take(5)
            .enumerate()
            .map(|(i, segment)| match segment {
                Segment::Literal(n) => format!("/{}", LITERALS[usize::from(*n) % LITERALS.len()]),
                Segment::CatchAll if i == last => "/{*rest}".to_owned(),
                _ => format!("/{{p{i}}}"),
            })
            .collect();
        if !text.is_empty() && table.insert(&text, Method::GET, kept.len()).is_ok() {
            kept.push(text);
        }
    }
    let built = case.paths.iter().take(12).map(|pieces| {
        pieces.iter().fold("/".to_owned(), |path, piece| match piece {
            Piece::Slash => path + "/",
            Piece::Letter(n) => path + ["a", "b", "c", "~"][usize::from(*n) % 4],
            Piece::Encoded(n) => path + &format!("%{n:02x}"),
        })
    });
    for path in built.chain([case.raw.clone()]) {
        let expected = oracle(&kept, &path);
        match table.find(&Method::GET, &path) {
            Found::Route(route) => {
                let params: Params =
                    route.params.iter().map(|(n, v)| (n.to_owned(), v.into_owned())).collect();
                assert_eq!(
                    expected,
                    Some(Some((*route.value, Some(params.clone())))),
                    "{path:?} in {kept:?}"
                );
                // And back, where the parameters are path segments.
                let pattern = Pattern::parse(&kept[*route.value]).unwrap();
                let params: Vec<(&str, &dyn std::fmt::Display)> =
                    params.iter().map(|(n, v)| (n.as_str(), v as &dyn std::fmt::Display)).collect();
                if let Ok(back) = pattern.reverse(&params) {
                    let Found::Route(again) = table.find(&Method::GET, back.as_str()) else {
                        panic!("{back}")
                    };
                    // A catch-all whose value has a decoded slash may now fit a pattern with more segments.
                    if !kept[*route.value].contains('*') {
                        assert_eq!(again.value, route.value);
                    }
                }
            }
            Found::NotFound => assert_eq!(expected, Some(None), "{path:?} in {kept:?}"),
            Found::BadPath => {
                assert!(matches!(expected, None | Some(Some((_, None)))), "{path:?} in {kept:?}")
            }
            Found::TooLong(_) => assert!(path.len() > 8192),
            other => panic!("{other:?}"),
        }
    }
});
