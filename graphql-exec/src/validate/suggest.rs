//! "Did you mean": the names that are near one that is not known.

/// A name longer than this gets no suggestion, and of the known ones so many are looked at: it must stay cheap.
const MAX_NAME: usize = 64;
const MAX_KNOWN: usize = 1_000;
const MAX_SUGGESTED: usize = 3;

/// `; did you mean …?` for the nearest of `known`; empty when none is near.
pub(super) fn did_you_mean<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    if name.len() > MAX_NAME {
        return String::new();
    }
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .take(MAX_KNOWN)
        .filter(|known| !known.starts_with("__") && known.len() <= MAX_NAME)
        .filter_map(|known| Some((distance(name, known)?, known)))
        .collect();
    near.sort_unstable();
    near.dedup();
    near.truncate(MAX_SUGGESTED);
    let names: Vec<String> = near.iter().map(|(_, name)| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => format!("; did you mean {one}?"),
        [first @ .., last] => format!("; did you mean {} or {last}?", first.join(", ")),
    }
}

/// How many letters have to be put in, taken out, replaced or swapped with the next one; `None` when it is more than about a
/// third of them. Names that differ in case alone are nearest.
fn distance(a: &str, b: &str) -> Option<usize> {
    if a.eq_ignore_ascii_case(b) {
        return Some(0);
    }
    // Names are ASCII; whatever else is here differs from all of them.
    let (a, b) = (a.to_ascii_lowercase().into_bytes(), b.to_ascii_lowercase().into_bytes());
    let limit = a.len().max(b.len()) / 3 + 1;
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    // Rows of the table of Damerau and Levenshtein: two before, one before, this one.
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = core::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|distance| *distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_names_are_suggested_and_far_ones_are_not() {
        let known = ["name", "email", "createdAt", "posts", "__typename"];
        assert_eq!(did_you_mean("nam", known), "; did you mean `name`?");
        assert_eq!(did_you_mean("nmae", known), "; did you mean `name`?");
        assert_eq!(did_you_mean("createdat", known), "; did you mean `createdAt`?");
        assert_eq!(did_you_mean("address", known), "");
        assert_eq!(did_you_mean("", known), "");
        assert_eq!(did_you_mean("ab", ["aa", "bb", "a", "b", "zz"]), "; did you mean `a`, `aa` or `b`?");
        assert_eq!(did_you_mean(&"x".repeat(65), known), "");
    }
}
