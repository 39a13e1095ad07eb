//! Lists of entity tags. Oracle: the grammar of RFC 9110 §8.8.3 and §5.6.1 read one octet at a time.
#![no_main]
use rest_core::Limits;
use rest_core::error::FieldError;
use rest_core::field::{ETag, ETagCondition};

/// `None` where the grammar is broken, else the members, `*` as itself.
fn oracle(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (mut members, mut i) = (Vec::new(), 0);
    let ows = |i: &mut usize| {
        while *i < line.len() && (line[*i] == b' ' || line[*i] == b'\t') {
            *i += 1;
        }
    };
    loop {
        ows(&mut i);
        if i < line.len() && line[i] != b',' {
            let start = i;
            if line[i] == b'*' {
                i += 1;
            } else {
                if line[i..].starts_with(b"W/") {
                    i += 2;
                }
                if line.get(i) != Some(&b'"') {
                    return None;
                }
                i += 1;
                while i < line.len() && line[i] != b'"' {
                    let etagc = line[i] == 0x21 || (0x23..=0x7e).contains(&line[i]) || line[i] >= 0x80;
                    if !etagc {
                        return None;
                    }
                    i += 1;
                }
                if i == line.len() {
                    return None;
                }
                i += 1;
            }
            members.push(line[start..i].to_vec());
            ows(&mut i);
        }
        match line.get(i) {
            None => break,
            Some(b',') => i += 1,
            Some(_) => return None,
        }
    }
    let stars = members.iter().filter(|m| m[..] == b"*"[..]).count();
    (stars == 0 || members.len() == 1).then_some(members)
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let expected = oracle(data);
    match ETagCondition::parse([data], &Limits::DEFAULT) {
        Ok(ETagCondition::Any) => assert_eq!(expected, Some(vec![b"*".to_vec()])),
        Ok(ETagCondition::Tags(tags)) => {
            let tags: Vec<_> = tags.iter().map(|t| t.to_header_value().as_bytes().to_vec()).collect();
            assert_eq!(expected, Some(tags.clone()));
            for tag in tags {
                let tag = ETag::parse(&tag).unwrap();
                assert!(tag.weak_eq(&tag));
                assert_eq!(tag.strong_eq(&tag), !tag.is_weak());
            }
        }
        Err(FieldError::Invalid(e)) => {
            assert_eq!(expected, None);
            assert!(e.offset <= data.len());
        }
        Err(_) => {
            assert!(data.len() > 16 * 1024 || data.iter().filter(|&&b| b == b'"' || b == b'*').count() > 256)
        }
    }
});
