//! The lexer: tokens lie in order within the text, what is between them is ignorable, and no number or string is two.
#![no_main]

use graphql_exec::{
    Limits,
    syntax::{Lexer, TokenKind},
};

libfuzzer_sys::fuzz_target!(|source: &str| {
    let mut lexer = Lexer::new(source, &Limits::SCHEMA).unwrap();
    let mut end = 0;
    loop {
        let Ok(token) = lexer.next_token() else {
            // After an error there is nothing more.
            assert_eq!(lexer.next_token().map(|token| token.kind), Ok(TokenKind::End));
            return;
        };
        let (start, stop) = (token.span.start as usize, token.span.end as usize);
        assert!(end <= start && start <= stop && stop <= source.len());
        let mut between = source[end..start].chars();
        while let Some(char) = between.next() {
            match char {
                '#' => while between.next().is_some_and(|char| !matches!(char, '\n' | '\r')) {},
                ' ' | '\t' | '\n' | '\r' | ',' | '\u{FEFF}' => {}
                other => panic!("{other:?} was passed over"),
            }
        }
        if token.kind == TokenKind::End {
            assert_eq!(start, source.len());
            return;
        }
        // The token alone is the same token.
        let text = &source[start..stop];
        let alone = Lexer::new(text, &Limits::SCHEMA).unwrap().next_token().unwrap();
        assert_eq!((alone.kind, alone.span.end as usize), (token.kind, text.len()));
        end = stop;
    }
});
