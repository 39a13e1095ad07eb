//! The parser of type system documents (GraphQL September 2025, §3).

use super::{
    ast::{OperationType, Run},
    lexer::TokenKind,
    parser::{Parse, Parser, count},
    sdl::{
        Definition, DefinitionKind, EnumValueDefinition, FieldDefinition, InputValueDefinition,
        RootOperation, SchemaDocument,
    },
};
use crate::limits::Limits;

pub(super) fn parse<'a>(source: &'a str, limits: &Limits) -> Parse<SchemaDocument<'a>> {
    let mut reader = Reader { parser: Parser::new(source, limits)?, document: SchemaDocument::default() };
    while reader.document.definitions.is_empty() || !reader.parser.at(TokenKind::End) {
        let definition = reader.definition()?;
        reader.document.definitions.push(definition);
    }
    Ok(SchemaDocument { nodes: reader.parser.nodes, ..reader.document })
}

struct Reader<'a, 'l> {
    parser: Parser<'a, 'l>,
    document: SchemaDocument<'a>,
}

impl Reader<'_, '_> {
    fn definition(&mut self) -> Parse<Definition> {
        self.parser.definition()?;
        let description = self.parser.description()?;
        let start = self.parser.token.span.start;
        let extend = description.is_none() && self.parser.eat_keyword("extend")?;
        let kind = match self.parser.text() {
            "schema" => DefinitionKind::Schema,
            "scalar" => DefinitionKind::Scalar,
            "type" => DefinitionKind::Object,
            "interface" => DefinitionKind::Interface,
            "union" => DefinitionKind::Union,
            "enum" => DefinitionKind::Enum,
            "input" => DefinitionKind::InputObject,
            "directive" if !extend => DefinitionKind::Directive,
            _ => return Err(self.parser.expected("a definition of the type system")),
        };
        if !self.parser.at(TokenKind::Name) {
            return Err(self.parser.expected("a definition of the type system"));
        }
        let keyword = self.parser.bump()?.span;
        if kind == DefinitionKind::Directive {
            self.parser.expect(TokenKind::At)?;
        }
        let name = if kind == DefinitionKind::Schema { keyword } else { self.parser.name()? };
        let mut definition = Definition {
            kind,
            extend,
            description,
            name,
            directives: Run::default(),
            names: Run::default(),
            fields: Run::default(),
            inputs: Run::default(),
            values: Run::default(),
            roots: Run::default(),
            repeatable: false,
            span: keyword,
        };
        if kind == DefinitionKind::Directive {
            definition.inputs = self.inputs(TokenKind::OpenParen, TokenKind::CloseParen)?;
            definition.repeatable = self.parser.eat_keyword("repeatable")?;
            self.parser.expect_keyword("on")?;
            definition.names = self.names(TokenKind::Pipe)?;
        } else {
            if matches!(kind, DefinitionKind::Object | DefinitionKind::Interface)
                && self.parser.eat_keyword("implements")?
            {
                definition.names = self.names(TokenKind::Ampersand)?;
            }
            definition.directives = self.parser.directives(true)?;
            match kind {
                DefinitionKind::Object | DefinitionKind::Interface => definition.fields = self.fields()?,
                DefinitionKind::Union if self.parser.eat(TokenKind::Equals)? => {
                    definition.names = self.names(TokenKind::Pipe)?;
                }
                DefinitionKind::Enum => definition.values = self.enum_values()?,
                DefinitionKind::InputObject => {
                    definition.inputs = self.inputs(TokenKind::OpenBrace, TokenKind::CloseBrace)?;
                }
                DefinitionKind::Schema => definition.roots = self.roots(extend)?,
                _ => {}
            }
        }
        definition.span = self.parser.span_from(start);
        let Definition { directives, names, fields, inputs, values, roots, .. } = definition;
        if extend && [directives, names, fields, inputs, values, roots].iter().all(|run| run.is_empty()) {
            return Err(self.parser.expected("what the extension adds"));
        }
        Ok(definition)
    }

    /// Names between marks, of which one may stand in front.
    fn names(&mut self, between: TokenKind) -> Parse<Run> {
        let start = count(&self.document.names);
        self.parser.eat(between)?;
        loop {
            let name = self.parser.name()?;
            self.document.names.push(name);
            if !self.parser.eat(between)? {
                break;
            }
        }
        Ok(Run { start, end: count(&self.document.names) })
    }

    fn fields(&mut self) -> Parse<Run> {
        let start = count(&self.document.fields);
        if self.parser.eat(TokenKind::OpenBrace)? {
            loop {
                let description = self.parser.description()?;
                let name = self.parser.name()?;
                let arguments = self.inputs(TokenKind::OpenParen, TokenKind::CloseParen)?;
                self.parser.expect(TokenKind::Colon)?;
                let ty = self.parser.type_ref()?;
                let directives = self.parser.directives(true)?;
                self.document.fields.push(FieldDefinition { description, name, arguments, ty, directives });
                if self.parser.eat(TokenKind::CloseBrace)? {
                    break;
                }
            }
        }
        Ok(Run { start, end: count(&self.document.fields) })
    }

    fn inputs(&mut self, open: TokenKind, close: TokenKind) -> Parse<Run> {
        let start = count(&self.document.inputs);
        if self.parser.eat(open)? {
            loop {
                let description = self.parser.description()?;
                let name = self.parser.name()?;
                self.parser.expect(TokenKind::Colon)?;
                let ty = self.parser.type_ref()?;
                let default =
                    if self.parser.eat(TokenKind::Equals)? { Some(self.parser.value(true)?) } else { None };
                let directives = self.parser.directives(true)?;
                self.document.inputs.push(InputValueDefinition {
                    description,
                    name,
                    ty,
                    default,
                    directives,
                });
                if self.parser.eat(close)? {
                    break;
                }
            }
        }
        Ok(Run { start, end: count(&self.document.inputs) })
    }

    fn enum_values(&mut self) -> Parse<Run> {
        let start = count(&self.document.values);
        if self.parser.eat(TokenKind::OpenBrace)? {
            loop {
                let description = self.parser.description()?;
                if matches!(self.parser.text(), "true" | "false" | "null") {
                    return Err(self.parser.expected("the name of an enum value"));
                }
                let name = self.parser.name()?;
                let directives = self.parser.directives(true)?;
                self.document.values.push(EnumValueDefinition { description, name, directives });
                if self.parser.eat(TokenKind::CloseBrace)? {
                    break;
                }
            }
        }
        Ok(Run { start, end: count(&self.document.values) })
    }

    fn roots(&mut self, extend: bool) -> Parse<Run> {
        let start = count(&self.document.roots);
        if extend && !self.parser.at(TokenKind::OpenBrace) {
            return Ok(Run { start, end: start });
        }
        self.parser.expect(TokenKind::OpenBrace)?;
        loop {
            let kind = match self.parser.text() {
                "query" => OperationType::Query,
                "mutation" => OperationType::Mutation,
                "subscription" => OperationType::Subscription,
                _ => return Err(self.parser.expected("`query`, `mutation` or `subscription`")),
            };
            self.parser.name()?;
            self.parser.expect(TokenKind::Colon)?;
            let ty = self.parser.name()?;
            self.document.roots.push(RootOperation { kind, ty });
            if self.parser.eat(TokenKind::CloseBrace)? {
                break;
            }
        }
        Ok(Run { start, end: count(&self.document.roots) })
    }
}
