//! GraphQL without I/O: parser, schema, validation, breadth-first execution with batched loading.
