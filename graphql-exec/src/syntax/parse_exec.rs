//! The parser of executable documents (GraphQL September 2025, §2.2 to §2.8).

use super::{
    ast::{
        Document, Fragment, Operation, OperationType, Run, Selection, SelectionId, SelectionKind,
        SelectionSet, VariableDefinition,
    },
    lexer::TokenKind,
    parser::{Parse, Parser, count},
};
use crate::limits::Limits;

pub(super) fn parse<'a>(source: &'a str, limits: &Limits) -> Parse<Document<'a>> {
    let mut parser = Parser::new(source, limits)?;
    let mut operations = Vec::new();
    let mut fragments = Vec::new();
    while operations.is_empty() && fragments.is_empty() || !parser.at(TokenKind::End) {
        parser.definition()?;
        let description = parser.description()?;
        let start = parser.token.span.start;
        let kind = match (parser.token.kind, parser.text()) {
            (TokenKind::OpenBrace, _) if description.is_none() => None,
            (TokenKind::Name, "query") => Some(OperationType::Query),
            (TokenKind::Name, "mutation") => Some(OperationType::Mutation),
            (TokenKind::Name, "subscription") => Some(OperationType::Subscription),
            (TokenKind::Name, "fragment") => {
                parser.bump()?;
                if parser.at_keyword("on") {
                    return Err(parser.expected("the name of a fragment"));
                }
                let name = parser.name()?;
                parser.expect_keyword("on")?;
                let condition = parser.name()?;
                let directives = parser.directives(false)?;
                let selection_set = parser.selection_set()?;
                let span = parser.span_from(start);
                fragments.push(Fragment { name, condition, directives, selection_set, description, span });
                continue;
            }
            (
                TokenKind::Name,
                "schema" | "scalar" | "type" | "interface" | "union" | "enum" | "input" | "directive"
                | "extend",
            ) => {
                return Err(parser.expected("an operation or a fragment, which alone can be executed"));
            }
            _ => return Err(parser.expected("an operation or a fragment")),
        };
        let (mut name, mut variables, mut directives) = (None, Run::default(), Run::default());
        if kind.is_some() {
            parser.bump()?;
            if parser.at(TokenKind::Name) {
                name = Some(parser.name()?);
            }
            variables = parser.variables()?;
            directives = parser.directives(false)?;
        }
        let selection_set = parser.selection_set()?;
        operations.push(Operation {
            kind: kind.unwrap_or(OperationType::Query),
            name,
            variables,
            directives,
            selection_set,
            description,
            span: parser.span_from(start),
        });
    }
    Ok(Document { nodes: parser.nodes, operations, fragments })
}

impl Parser<'_, '_> {
    fn variables(&mut self) -> Parse<Run> {
        let start = count(&self.nodes.variables);
        if self.eat(TokenKind::OpenParen)? {
            loop {
                let description = self.description()?;
                let from = self.expect(TokenKind::Dollar)?.start;
                let name = self.name()?;
                self.expect(TokenKind::Colon)?;
                let ty = self.type_ref()?;
                let default = if self.eat(TokenKind::Equals)? { Some(self.value(true)?) } else { None };
                let directives = self.directives(true)?;
                let span = self.span_from(from);
                self.nodes.variables.push(VariableDefinition {
                    name,
                    ty,
                    default,
                    directives,
                    description,
                    span,
                });
                if self.eat(TokenKind::CloseParen)? {
                    break;
                }
            }
        }
        Ok(Run { start, end: count(&self.nodes.variables) })
    }

    /// `SelectionSet` (§2.4). Open sets stand on a stack of their own; at least one selection is in each.
    fn selection_set(&mut self) -> Parse<SelectionSet> {
        self.expect(TokenKind::OpenBrace)?;
        let start = count(&self.nodes.selections);
        let mut open: Vec<SelectionId> = Vec::new();
        let mut empty = true;
        loop {
            if !empty && self.eat(TokenKind::CloseBrace)? {
                let Some(closed) = open.pop() else { break };
                let end = count(&self.nodes.selections);
                let selection = &mut self.nodes.selections[closed.index()];
                selection.end = end;
                selection.span.end = self.last_end;
                continue;
            }
            let id = SelectionId(count(&self.nodes.selections));
            let opens = self.selection()?;
            empty = false;
            if opens {
                // The root set is the first level.
                if open.len() + 1 >= self.limits.max_nesting {
                    return Err(self.limit("max_nesting", self.limits.max_nesting));
                }
                self.expect(TokenKind::OpenBrace)?;
                open.push(id);
                empty = true;
            }
        }
        Ok(SelectionSet { start, end: count(&self.nodes.selections) })
    }

    /// One selection up to its braces; whether braces follow.
    fn selection(&mut self) -> Parse<bool> {
        let start = self.token.span.start;
        let (kind, directives);
        let mut opens = false;
        if self.at(TokenKind::Name) {
            let mut name = self.bump()?.span;
            let mut alias = None;
            if self.eat(TokenKind::Colon)? {
                alias = Some(name);
                name = self.name()?;
            }
            let arguments = self.arguments(false)?;
            kind = SelectionKind::Field { alias, name, arguments };
            directives = self.directives(false)?;
            opens = self.at(TokenKind::OpenBrace);
        } else if self.eat(TokenKind::Spread)? {
            if self.at(TokenKind::Name) && self.text() != "on" {
                kind = SelectionKind::Spread { name: self.name()? };
                directives = self.directives(false)?;
            } else {
                let condition = if self.eat_keyword("on")? { Some(self.name()?) } else { None };
                kind = SelectionKind::Inline { condition };
                directives = self.directives(false)?;
                opens = true;
            }
        } else {
            return Err(self.expected("a field, `...` or `}`"));
        }
        let end = count(&self.nodes.selections) + 1;
        self.nodes.selections.push(Selection { kind, span: self.span_from(start), directives, end });
        Ok(opens)
    }
}
