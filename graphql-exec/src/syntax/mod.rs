//! Documents: the lexer, the parsers of executable and type system documents, their trees, and the printer.
//!
//! The grammar is that of GraphQL September 2025, §2 and §3, with appendix B. A tree holds byte ranges of its source and
//! no copies; nesting is held to [`Limits::max_nesting`](crate::Limits::max_nesting) and takes no stack.

mod ast;
mod lexer;
mod parse_exec;
mod parse_sdl;
mod parser;
mod print;
mod sdl;
mod text;

pub use ast::{
    Argument, Directive, Document, Fragment, Nodes, Operation, OperationType, Run, Selection, SelectionId,
    SelectionKind, SelectionSet, TypeRef, ValueId, ValueKind, VariableDefinition, Wrappers,
};
pub use lexer::{Lexer, Token, TokenKind};
pub(crate) use print::{write_description, write_string, write_value_literal};
pub use sdl::{
    Definition, DefinitionKind, EnumValueDefinition, FieldDefinition, InputValueDefinition, RootOperation,
    SchemaDocument,
};
