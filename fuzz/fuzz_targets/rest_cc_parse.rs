//! Cache-Control: what is printed reads back as the same, cutting the field into lines changes nothing, and a
//! directive added in front is seen whatever follows.
#![no_main]
use rest_core::Limits;
use rest_core::field::CacheControl;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let limits = Limits::DEFAULT;
    let Ok(read) = CacheControl::parse([data], &limits) else {
        // Syntax is never an error: only size is.
        let directives =
            data.split(|&b| b == b',').filter(|d| d.iter().any(|b| !matches!(b, b' ' | b'\t'))).count();
        assert!(data.len() > limits.max_field || directives > limits.max_directives);
        return;
    };
    let mut wide = limits.clone();
    wide.max_field *= 4;
    wide.max_directives *= 4;
    let printed = read.to_string();
    assert_eq!(CacheControl::parse([&printed], &wide).as_ref(), Ok(&read));

    let strict = CacheControl::parse([b"no-store, max-age=7", data], &wide).unwrap();
    assert!(strict.no_store);
    assert_eq!(strict.max_age.map(|age| age.as_secs()), Some(7));
    let joined = CacheControl::parse([[b"no-store, max-age=7, ", data].concat()], &wide).unwrap();
    assert_eq!(joined, strict);

    for seconds in [read.max_age, read.s_maxage, read.max_stale, read.min_fresh].into_iter().flatten() {
        assert!(seconds.as_secs() <= 1 << 31);
    }
});
