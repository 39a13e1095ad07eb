//! What both parsers share: tokens, values, types, arguments, directives.

use super::{
    ast::{Argument, Directive, Nodes, Run, TypeRef, ValueId, ValueKind, ValueNode, Wrappers},
    lexer::{Lexer, Token, TokenKind},
};
use crate::{
    error::{GraphqlError, code},
    limits::Limits,
    span::Span,
};

pub(super) type Parse<T> = Result<T, GraphqlError>;

pub(super) struct Parser<'a, 'l> {
    lexer: Lexer<'a>,
    pub(super) limits: &'l Limits,
    pub(super) nodes: Nodes<'a>,
    /// The next token, not yet taken.
    pub(super) token: Token,
    /// Where the last taken token ends.
    pub(super) last_end: u32,
    pub(super) definitions: usize,
    /// Lists and objects that are open while a value is read.
    open: Vec<u32>,
}

impl<'a, 'l> Parser<'a, 'l> {
    pub(super) fn new(source: &'a str, limits: &'l Limits) -> Parse<Self> {
        let mut lexer = Lexer::new(source, limits)?;
        let token = lexer.next_token()?;
        let nodes = Nodes { source: source.into(), ..Nodes::default() };
        Ok(Self { lexer, limits, nodes, token, last_end: 0, definitions: 0, open: Vec::new() })
    }

    pub(super) fn source(&self) -> &'a str {
        self.lexer.source()
    }

    #[inline]
    pub(super) fn at(&self, kind: TokenKind) -> bool {
        self.token.kind == kind
    }

    pub(super) fn text(&self) -> &'a str {
        self.token.span.of(self.lexer.source())
    }

    #[inline]
    pub(super) fn at_keyword(&self, keyword: &str) -> bool {
        self.at(TokenKind::Name) && self.text() == keyword
    }

    /// Takes the next token.
    #[inline]
    pub(super) fn bump(&mut self) -> Parse<Token> {
        let token = self.token;
        self.last_end = token.span.end;
        self.token = self.lexer.next_token()?;
        Ok(token)
    }

    #[inline]
    pub(super) fn eat(&mut self, kind: TokenKind) -> Parse<bool> {
        if self.at(kind) {
            self.bump()?;
            Ok(true)
        } else {
            Ok(false)
        }
    }

    pub(super) fn eat_keyword(&mut self, keyword: &str) -> Parse<bool> {
        if self.at_keyword(keyword) {
            self.bump()?;
            Ok(true)
        } else {
            Ok(false)
        }
    }

    #[inline]
    pub(super) fn expect(&mut self, kind: TokenKind) -> Parse<Span> {
        if self.at(kind) { Ok(self.bump()?.span) } else { Err(self.expected(kind.describe())) }
    }

    #[inline]
    pub(super) fn name(&mut self) -> Parse<Span> {
        self.expect(TokenKind::Name)
    }

    pub(super) fn expect_keyword(&mut self, keyword: &str) -> Parse<Span> {
        if self.at_keyword(keyword) {
            Ok(self.bump()?.span)
        } else {
            Err(self.expected(&format!("`{keyword}`")))
        }
    }

    pub(super) fn expected(&self, what: &str) -> GraphqlError {
        let found = match self.token.kind {
            TokenKind::Name | TokenKind::Int | TokenKind::Float => format!("`{}`", short(self.text())),
            kind => kind.describe().to_owned(),
        };
        self.error(self.token.span, &format!("expected {what}, found {found}"))
    }

    pub(super) fn error(&self, span: Span, message: &str) -> GraphqlError {
        GraphqlError::new(format!("syntax error: {message}"))
            .with_code(code::PARSE_FAILED)
            .at(self.source(), span)
    }

    pub(super) fn limit(&self, name: &'static str, max: usize) -> GraphqlError {
        GraphqlError::limit(name, max as u64).at(self.source(), self.token.span)
    }

    pub(super) fn span_from(&self, start: u32) -> Span {
        Span::new(start, self.last_end)
    }

    /// Counts a definition.
    pub(super) fn definition(&mut self) -> Parse<()> {
        self.definitions += 1;
        if self.definitions > self.limits.max_definitions {
            return Err(self.limit("max_definitions", self.limits.max_definitions));
        }
        Ok(())
    }

    /// A string before a definition.
    pub(super) fn description(&mut self) -> Parse<Option<ValueId>> {
        if self.at(TokenKind::String) || self.at(TokenKind::BlockString) {
            self.value(true).map(Some)
        } else {
            Ok(None)
        }
    }

    /// `Arguments` (§2.6), none where there are no parentheses.
    pub(super) fn arguments(&mut self, constant: bool) -> Parse<Run> {
        let start = count(&self.nodes.arguments);
        if self.eat(TokenKind::OpenParen)? {
            loop {
                let name = self.name()?;
                self.expect(TokenKind::Colon)?;
                let value = self.value(constant)?;
                self.nodes.arguments.push(Argument { name, value });
                if self.eat(TokenKind::CloseParen)? {
                    break;
                }
            }
        }
        Ok(Run { start, end: count(&self.nodes.arguments) })
    }

    /// `Directives` (§2.12).
    #[inline]
    pub(super) fn directives(&mut self, constant: bool) -> Parse<Run> {
        let start = count(&self.nodes.directives);
        while self.at(TokenKind::At) {
            let at = self.bump()?.span.start;
            let name = self.name()?;
            let arguments = self.arguments(constant)?;
            let span = self.span_from(at);
            self.nodes.directives.push(Directive { name, arguments, span });
            let total = self.nodes.directives.len();
            if total > self.limits.max_directives {
                return Err(self.limit("max_directives", self.limits.max_directives));
            }
            if total - start as usize > self.limits.max_directives_per_location {
                return Err(
                    self.limit("max_directives_per_location", self.limits.max_directives_per_location)
                );
            }
        }
        Ok(Run { start, end: count(&self.nodes.directives) })
    }

    /// `Type` (§2.11).
    pub(super) fn type_ref(&mut self) -> Parse<TypeRef> {
        let start = self.token.span.start;
        let most = self.limits.max_type_wrappers.min(Wrappers::MAX_LISTS);
        let mut lists = 0;
        while self.eat(TokenKind::OpenBracket)? {
            lists += 1;
            if lists > most {
                return Err(self.limit("max_type_wrappers", most));
            }
        }
        let name = self.name()?;
        let mut wrappers = Wrappers::NAMED;
        loop {
            if self.eat(TokenKind::Bang)? {
                wrappers = wrappers.non_null();
            }
            if lists == 0 {
                break;
            }
            self.expect(TokenKind::CloseBracket)?;
            lists -= 1;
            wrappers = wrappers.list();
        }
        Ok(TypeRef { name, wrappers, span: self.span_from(start) })
    }

    /// `Value` (§2.10), without variables where it is constant. Open lists and objects stand on a stack of their own.
    pub(super) fn value(&mut self, constant: bool) -> Parse<ValueId> {
        let first = count(&self.nodes.values);
        self.open.clear();
        loop {
            if let Some(&top) = self.open.last() {
                let list = self.nodes.values[top as usize].kind == ValueKind::List;
                if self.eat(if list { TokenKind::CloseBracket } else { TokenKind::CloseBrace })? {
                    let end = count(&self.nodes.values);
                    let node = &mut self.nodes.values[top as usize];
                    node.end = end;
                    node.span.end = self.last_end;
                    self.open.pop();
                    if self.open.is_empty() {
                        break;
                    }
                    continue;
                }
                if !list {
                    let name = self.name()?;
                    self.expect(TokenKind::Colon)?;
                    self.push_value(ValueKind::Field, name);
                }
            }
            let span = self.token.span;
            let kind = match self.token.kind {
                TokenKind::Int => ValueKind::Int,
                TokenKind::Float => ValueKind::Float,
                TokenKind::String => ValueKind::String,
                TokenKind::BlockString => ValueKind::BlockString,
                TokenKind::Name => match self.text() {
                    "true" => ValueKind::True,
                    "false" => ValueKind::False,
                    "null" => ValueKind::Null,
                    _ => ValueKind::Enum,
                },
                TokenKind::OpenBracket => ValueKind::List,
                TokenKind::OpenBrace => ValueKind::Object,
                TokenKind::Dollar if constant => {
                    return Err(self.error(span, "a variable cannot stand in a constant value"));
                }
                TokenKind::Dollar => ValueKind::Variable,
                _ => return Err(self.expected("a value")),
            };
            self.bump()?;
            match kind {
                ValueKind::List | ValueKind::Object => {
                    // What coerces a value calls itself, so here the limit has a most of its own.
                    let most = self.limits.max_nesting.min(MAX_VALUE_NESTING);
                    if self.open.len() >= most {
                        return Err(self.limit("max_nesting", most));
                    }
                    self.open.push(count(&self.nodes.values));
                    self.push_value(kind, span);
                    continue;
                }
                ValueKind::Variable => {
                    let name = self.name()?;
                    self.push_value(kind, Span::new(span.start, name.end));
                }
                _ => self.push_value(kind, span),
            }
            if self.open.is_empty() {
                break;
            }
        }
        Ok(ValueId(first))
    }

    fn push_value(&mut self, kind: ValueKind, span: Span) {
        let end = count(&self.nodes.values) + 1;
        self.nodes.values.push(ValueNode { kind, span, end });
    }
}

/// The deepest value, however high [`Limits::max_nesting`] is.
const MAX_VALUE_NESTING: usize = 500;

/// How many nodes there are: the index of the next.
#[expect(
    clippy::cast_possible_truncation,
    reason = "each node has a token, and the source is at most u32::MAX bytes long"
)]
pub(super) fn count<T>(nodes: &[T]) -> u32 {
    nodes.len() as u32
}

/// The first characters of a text that a message quotes.
fn short(text: &str) -> &str {
    text.char_indices().nth(40).map_or(text, |(end, _)| &text[..end])
}
