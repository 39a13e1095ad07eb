//! Lexical tokens (GraphQL September 2025, §2.1).

use crate::{
    error::{GraphqlError, code},
    limits::Limits,
    span::Span,
};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// The end of the document.
    End,
    /// `!`
    Bang,
    /// `$`
    Dollar,
    /// `&`
    Ampersand,
    /// `(`
    OpenParen,
    /// `)`
    CloseParen,
    /// `...`
    Spread,
    /// `:`
    Colon,
    /// `=`
    Equals,
    /// `@`
    At,
    /// `[`
    OpenBracket,
    /// `]`
    CloseBracket,
    /// `{`
    OpenBrace,
    /// `|`
    Pipe,
    /// `}`
    CloseBrace,
    /// A name.
    Name,
    /// A whole number.
    Int,
    /// A number with a fraction or an exponent.
    Float,
    /// A text in single quotes.
    String,
    /// A text in triple quotes.
    BlockString,
}

impl TokenKind {
    /// What it is, for a message.
    pub(crate) const fn describe(self) -> &'static str {
        match self {
            Self::End => "the end of the document",
            Self::Bang => "`!`",
            Self::Dollar => "`$`",
            Self::Ampersand => "`&`",
            Self::OpenParen => "`(`",
            Self::CloseParen => "`)`",
            Self::Spread => "`...`",
            Self::Colon => "`:`",
            Self::Equals => "`=`",
            Self::At => "`@`",
            Self::OpenBracket => "`[`",
            Self::CloseBracket => "`]`",
            Self::OpenBrace => "`{`",
            Self::Pipe => "`|`",
            Self::CloseBrace => "`}`",
            Self::Name => "a name",
            Self::Int => "an integer",
            Self::Float => "a float",
            Self::String => "a string",
            Self::BlockString => "a block string",
        }
    }
}

/// A token: what it is, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it stands, quotes included.
    pub span: Span,
}

/// Reads tokens from a text. It never fails to move on or to end: after an error it stays at the end.
///
/// ```
/// use graphql_exec::{Limits, syntax::{Lexer, TokenKind}};
///
/// let mut lexer = Lexer::new("{ a(b: 1e9) }", &Limits::default())?;
/// let mut kinds = Vec::new();
/// loop {
///     let token = lexer.next_token()?;
///     if token.kind == TokenKind::End {
///         break;
///     }
///     kinds.push(token.kind);
/// }
/// assert_eq!(kinds[5], TokenKind::Float);
/// # Ok::<(), graphql_exec::GraphqlError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Lexer<'a> {
    source: &'a str,
    at: usize,
    tokens_left: usize,
    max_tokens: usize,
}

/// What a byte can begin.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Class {
    Other,
    Blank,
    Comment,
    Name,
    Digit,
    Minus,
    Quote,
    Dot,
    Mark,
}

const CLASS: [Class; 256] = {
    let mut table = [Class::Other; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => Class::Blank,
            b'#' => Class::Comment,
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => Class::Name,
            b'0'..=b'9' => Class::Digit,
            b'-' => Class::Minus,
            b'"' => Class::Quote,
            b'.' => Class::Dot,
            b'!' | b'$' | b'&' | b'(' | b')' | b':' | b'=' | b'@' | b'[' | b']' | b'{' | b'|' | b'}' => {
                Class::Mark
            }
            _ => Class::Other,
        };
        byte += 1;
    }
    table
};

const fn mark(byte: u8) -> TokenKind {
    match byte {
        b'!' => TokenKind::Bang,
        b'$' => TokenKind::Dollar,
        b'&' => TokenKind::Ampersand,
        b'(' => TokenKind::OpenParen,
        b')' => TokenKind::CloseParen,
        b':' => TokenKind::Colon,
        b'=' => TokenKind::Equals,
        b'@' => TokenKind::At,
        b'[' => TokenKind::OpenBracket,
        b']' => TokenKind::CloseBracket,
        b'{' => TokenKind::OpenBrace,
        b'|' => TokenKind::Pipe,
        _ => TokenKind::CloseBrace,
    }
}

impl<'a> Lexer<'a> {
    /// A lexer at the start of `source`.
    ///
    /// # Errors
    /// The source is longer than [`Limits::max_document`].
    pub fn new(source: &'a str, limits: &Limits) -> Result<Self, GraphqlError> {
        if source.len() > limits.max_document || u32::try_from(source.len()).is_err() {
            return Err(GraphqlError::limit("max_document", limits.max_document as u64));
        }
        Ok(Self { source, at: 0, tokens_left: limits.max_tokens, max_tokens: limits.max_tokens })
    }

    /// The text that is read.
    #[must_use]
    pub const fn source(&self) -> &'a str {
        self.source
    }

    /// How many tokens were read.
    #[must_use]
    pub const fn tokens(&self) -> usize {
        self.max_tokens - self.tokens_left
    }

    /// The next token, [`TokenKind::End`] at the end.
    ///
    /// # Errors
    /// The text at this place begins no token, or [`Limits::max_tokens`] is crossed.
    #[inline]
    pub fn next_token(&mut self) -> Result<Token, GraphqlError> {
        let bytes = self.source.as_bytes();
        let mut at = self.at;
        loop {
            let Some(&byte) = bytes.get(at) else {
                self.at = at;
                return Ok(token(TokenKind::End, at, at));
            };
            match CLASS[usize::from(byte)] {
                Class::Blank => at += 1,
                Class::Name => {
                    let start = at;
                    at += 1;
                    while bytes.get(at).is_some_and(|&byte| is_name_byte(byte)) {
                        at += 1;
                    }
                    return self.found(TokenKind::Name, start, at);
                }
                Class::Mark => return self.found(mark(byte), at, at + 1),
                Class::Comment => {
                    at =
                        memchr::memchr2(b'\n', b'\r', &bytes[at..]).map_or(bytes.len(), |length| at + length);
                }
                Class::Dot => {
                    if bytes[at..].starts_with(b"...") {
                        return self.found(TokenKind::Spread, at, at + 3);
                    }
                    return Err(self.unexpected(at));
                }
                Class::Digit | Class::Minus => return self.number(at),
                Class::Quote => return self.string(at),
                Class::Other => {
                    if bytes[at..].starts_with("\u{FEFF}".as_bytes()) {
                        at += 3;
                    } else {
                        return Err(self.unexpected(at));
                    }
                }
            }
        }
    }

    #[inline]
    fn found(&mut self, kind: TokenKind, start: usize, end: usize) -> Result<Token, GraphqlError> {
        if self.tokens_left == 0 {
            self.at = self.source.len();
            return Err(
                GraphqlError::limit("max_tokens", self.max_tokens as u64).at(self.source, span(start, end))
            );
        }
        self.tokens_left -= 1;
        self.at = end;
        Ok(token(kind, start, end))
    }

    /// `IntValue` and `FloatValue` (§2.10.1, §2.10.2): no leading zeros, and no name, digit or dot right behind.
    fn number(&mut self, start: usize) -> Result<Token, GraphqlError> {
        let bytes = self.source.as_bytes();
        let mut at = start + usize::from(bytes[start] == b'-');
        let mut kind = TokenKind::Int;
        if bytes.get(at) == Some(&b'0') {
            at += 1;
        } else {
            at = self.digits(at)?;
        }
        if bytes.get(at) == Some(&b'.') {
            kind = TokenKind::Float;
            at = self.digits(at + 1)?;
        }
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            kind = TokenKind::Float;
            at += 1;
            if matches!(bytes.get(at), Some(b'+' | b'-')) {
                at += 1;
            }
            at = self.digits(at)?;
        }
        if bytes.get(at).is_some_and(|&byte| is_name_byte(byte) || byte == b'.') {
            return Err(self.error(at, "a number ends before a space, a comma or a mark"));
        }
        self.found(kind, start, at)
    }

    fn digits(&mut self, start: usize) -> Result<usize, GraphqlError> {
        let bytes = self.source.as_bytes();
        let mut at = start;
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        if at == start { Err(self.error(at, "a number needs a digit here")) } else { Ok(at) }
    }

    /// `StringValue` (§2.10.4).
    fn string(&mut self, start: usize) -> Result<Token, GraphqlError> {
        let bytes = self.source.as_bytes();
        if bytes[start..].starts_with(b"\"\"\"") {
            return self.block_string(start);
        }
        let mut at = start + 1;
        loop {
            while bytes.get(at).is_some_and(|byte| !matches!(byte, b'"' | b'\\' | b'\n' | b'\r')) {
                at += 1;
            }
            match bytes.get(at) {
                Some(b'"') => return self.found(TokenKind::String, start, at + 1),
                Some(b'\\') => at = self.escape(at)?,
                _ => return Err(self.error(start, "a string does not end on its line")),
            }
        }
    }

    /// Checks the escape that begins at `start` and gives the place behind it.
    fn escape(&mut self, start: usize) -> Result<usize, GraphqlError> {
        let bytes = self.source.as_bytes();
        match bytes.get(start + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(start + 2),
            Some(b'u') => match super::text::unicode_escape(&bytes[start..]) {
                Some((_, length)) => Ok(start + length),
                None => Err(self.error(start, "an escape names no character")),
            },
            _ => Err(self.error(start, "an escape is not one of the grammar")),
        }
    }

    fn block_string(&mut self, start: usize) -> Result<Token, GraphqlError> {
        let bytes = self.source.as_bytes();
        let mut at = start + 3;
        loop {
            let Some(found) = memchr::memchr2(b'"', b'\\', &bytes[at..]) else {
                return Err(self.error(start, "a block string does not end"));
            };
            at += found;
            if bytes[at..].starts_with(b"\"\"\"") {
                return self.found(TokenKind::BlockString, start, at + 3);
            }
            at += if bytes[at..].starts_with(b"\\\"\"\"") { 4 } else { 1 };
        }
    }

    fn unexpected(&mut self, at: usize) -> GraphqlError {
        let found = self.source.get(at..).and_then(|rest| rest.chars().next());
        let message = match found {
            Some(found) if !found.is_control() => format!("syntax error: unexpected character `{found}`"),
            Some(found) => format!("syntax error: unexpected character U+{:04X}", u32::from(found)),
            None => "syntax error: unexpected end".to_owned(),
        };
        self.at = self.source.len();
        GraphqlError::new(message).with_code(code::PARSE_FAILED).at(self.source, span(at, at))
    }

    fn error(&mut self, at: usize, message: &str) -> GraphqlError {
        self.at = self.source.len();
        GraphqlError::new(format!("syntax error: {message}"))
            .with_code(code::PARSE_FAILED)
            .at(self.source, span(at, at))
    }
}

#[inline]
const fn is_name_byte(byte: u8) -> bool {
    matches!(CLASS[byte as usize], Class::Name | Class::Digit)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the source is at most u32::MAX bytes long, as `Lexer::new` checks"
)]
const fn span(start: usize, end: usize) -> Span {
    Span::new(start as u32, end as u32)
}

#[inline]
const fn token(kind: TokenKind, start: usize, end: usize) -> Token {
    Token { kind, span: span(start, end) }
}
