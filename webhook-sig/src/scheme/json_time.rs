//! A time that is a member of a JSON body, found as the body passes.

/// Looks for one member of the outermost object, whose value is a whole number; holds nothing of the body.
///
/// It reads bytes that are not verified yet, and its answer counts only when they are: then they come from the
/// holder of the key, so what a hostile body would make of it does not matter, but for its cost, which is constant for
/// each byte.
#[derive(Clone, Debug)]
pub(crate) struct JsonTime {
    name: &'static [u8],
    depth: u32,
    /// Whether the outermost value is an object, and its next string a name.
    names: bool,
    string: Option<Text>,
    number: Number,
    found: Option<u64>,
    /// It stands twice, or is no whole number.
    bad: bool,
}

/// A string under way.
#[derive(Clone, Copy, Debug)]
struct Text {
    escaped: bool,
    /// For a name: how many of its bytes are those of the one looked for.
    same: Option<usize>,
}

/// The number looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
    /// Elsewhere.
    None,
    /// Behind its name.
    Named,
    /// Behind the colon.
    Due,
    /// In its digits.
    Digits(u64),
    /// Behind them.
    Ended(u64),
}

impl JsonTime {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self {
            name: name.as_bytes(),
            depth: 0,
            names: false,
            string: None,
            number: Number::None,
            found: None,
            bad: false,
        }
    }

    /// The next piece of the body.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.push(byte);
        }
    }

    /// The number, if the body has it once.
    pub(crate) fn finish(&self) -> Option<u64> {
        self.found.filter(|_| !self.bad)
    }

    fn push(&mut self, byte: u8) {
        if let Some(text) = &mut self.string {
            match byte {
                _ if text.escaped => text.escaped = false,
                b'\\' => (text.escaped, text.same) = (true, None),
                b'"' => {
                    if text.same == Some(self.name.len()) {
                        self.number = Number::Named;
                    }
                    self.string = None;
                }
                _ => text.same = text.same.filter(|&at| self.name.get(at) == Some(&byte)).map(|at| at + 1),
            }
            return;
        }
        match (byte, self.number) {
            (b' ' | b'\t' | b'\r' | b'\n', Number::Digits(value)) => self.number = Number::Ended(value),
            (b' ' | b'\t' | b'\r' | b'\n', _) => {}
            (b':', Number::Named) => self.number = Number::Due,
            (b'0'..=b'9', Number::Due) => self.number = Number::Digits(u64::from(byte - b'0')),
            (b'0'..=b'9', Number::Digits(value)) => {
                match value.checked_mul(10).and_then(|tens| tens.checked_add(u64::from(byte - b'0'))) {
                    Some(value) => self.number = Number::Digits(value),
                    None => self.spoil(),
                }
            }
            (b',' | b'}', Number::Digits(value) | Number::Ended(value)) => {
                self.bad |= self.found.replace(value).is_some();
                self.number = Number::None;
                self.structure(byte);
            }
            (_, Number::None) => self.structure(byte),
            _ => {
                self.spoil();
                self.structure(byte);
            }
        }
    }

    fn spoil(&mut self) {
        self.bad = true;
        self.number = Number::None;
    }

    fn structure(&mut self, byte: u8) {
        match byte {
            b'"' => {
                let name = self.names && self.depth == 1;
                self.string = Some(Text { escaped: false, same: name.then_some(0) });
            }
            b'{' | b'[' => {
                self.depth = self.depth.saturating_add(1);
                if self.depth == 1 {
                    self.names = byte == b'{';
                }
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            // What follows the name is a value, also where it is a string.
            b':' if self.depth == 1 => self.names = false,
            b',' if self.depth == 1 => self.names = true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(body: &str) -> Option<u64> {
        let whole = {
            let mut scan = JsonTime::new("time");
            scan.update(body.as_bytes());
            scan.finish()
        };
        for cut in 0..=body.len() {
            let mut scan = JsonTime::new("time");
            let (head, tail) = body.as_bytes().split_at(cut);
            scan.update(head);
            scan.update(tail);
            assert_eq!(scan.finish(), whole, "{body} cut at {cut}");
        }
        whole
    }

    #[test]
    fn the_member_of_the_outermost_object_counts() {
        for body in [
            r#"{"time":17}"#,
            r#"{ "time" : 17 }"#,
            "{\"a\":{\"time\":1},\n\t\"time\"\r\n:\n17\n,\"b\":[{\"time\":2}]}",
            r#"{"a":"time","time":17}"#,
            r#"{"a":"\"time\":1,","time":17,"timed":3,"tim":4}"#,
            r#"{"a":[1,"time",{"b":"}"}],"time":17}"#,
            r#"{"a":"time\\","time":17}"#,
        ] {
            assert_eq!(time(body), Some(17), "{body}");
        }
        assert_eq!(time(r#"{"time":18446744073709551615}"#), Some(u64::MAX));
    }

    #[test]
    fn what_is_no_whole_number_or_stands_twice_does_not() {
        for body in [
            "",
            "{}",
            "17",
            r#"["time",17]"#,
            r#"{"time":"17"}"#,
            r#"{"time":17.5}"#,
            r#"{"time":17e3}"#,
            r#"{"time":-17}"#,
            r#"{"time":1 7}"#,
            r#"{"time":null}"#,
            r#"{"time":[17]}"#,
            r#"{"time":}"#,
            r#"{"time":17"#,
            r#"{"time":18446744073709551616}"#,
            r#"{"time":17,"time":17}"#,
            r#"{"a":{"time":17}}"#,
            r#"{"\time":17}"#,
            r#"{"a":"time":17}"#,
        ] {
            assert_eq!(time(body), None, "{body}");
        }
    }

    #[test]
    fn deep_nesting_costs_nothing() {
        let mut scan = JsonTime::new("time");
        scan.update(&[b'['; 100_000]);
        scan.update(&[b']'; 200_000]);
        assert_eq!(scan.finish(), None);
    }
}
