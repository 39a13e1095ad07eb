//! Comments of a `.proto` file on their way into Rust docs.

use prost_types::FileDescriptorProto;

/// Rewrites the comments of a file so that rustdoc takes no code in them for Rust: it would compile them as doc tests of
/// the crate that includes the generated file.
pub(crate) fn quiet(file: &mut FileDescriptorProto) {
    for place in file.source_code_info.iter_mut().flat_map(|info| &mut info.location) {
        for comment in [&mut place.leading_comments, &mut place.trailing_comments].into_iter().flatten() {
            *comment = text(comment);
        }
    }
}

/// A fence without a language, or with one that rustdoc runs, becomes `text`; an indent of four columns or more, which
/// is code as well, becomes three. A fence that is left open is closed.
pub(crate) fn text(comment: &str) -> String {
    let mut out = String::with_capacity(comment.len());
    let mut fence: Option<&str> = None;
    for line in comment.lines() {
        let bare = line.trim_start();
        let indent = line.len() - bare.len();
        let mark = fence_mark(bare);
        match fence {
            Some(open) => {
                // A fence ends with at least as many of the same character, and nothing behind them.
                if mark.is_some_and(|m| m.starts_with(open) && bare.trim_end() == m) {
                    fence = None;
                }
                out.push_str(line);
            }
            None => {
                let space = line.get(..indent).unwrap_or_default();
                // prost-build puts one more space in front of an indented line, and rustdoc takes one away again.
                out.push_str(if indent > 3 || space.contains('\t') { "   " } else { space });
                match mark {
                    Some(open) => {
                        fence = Some(open);
                        out.push_str(open);
                        out.push_str("text");
                    }
                    None => out.push_str(bare),
                }
            }
        }
        out.push('\n');
    }
    if let Some(open) = fence {
        out.push_str(open);
        out.push('\n');
    }
    out
}

/// The run of three or more backticks or tildes that a line begins with.
fn fence_mark(line: &str) -> Option<&str> {
    let first = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let run = line.len() - line.trim_start_matches(first).len();
    if run >= 3 { line.get(..run) } else { None }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn code_in_a_comment_is_no_doc_test() {
        assert_eq!(text(" As in:\n ```\n let x = 1;\n ```\n"), " As in:\n ```text\n let x = 1;\n ```\n");
        assert_eq!(text("~~~rust\nx\n~~~~\n"), "~~~text\nx\n~~~~\n");
        assert_eq!(text("```proto\n    kept\n"), "```text\n    kept\n```\n");
        assert_eq!(text("list:\n        deep\n\tx"), "list:\n   deep\n   x\n");
    }

    #[test]
    fn plain_text_stays_as_it_is() {
        for plain in [" One line.\n", " Two\n lines.\n", "\n", " `code` and ``more``\n"] {
            assert_eq!(text(plain), plain);
        }
    }
}
