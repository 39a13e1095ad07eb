//! A decompressor of RFC 1951, small and slow, that holds no more than the window it is given and says how far back it was referred.
#![allow(dead_code, unreachable_pub, reason = "a module of test programs, each of which uses its own part")]

/// Decompresses one message after the other, with what came before in a window of so many bytes.
pub struct Bounded {
    window: usize,
    /// The last bytes, of which no more than `window` are referred to.
    history: Vec<u8>,
    /// The furthest back that was referred.
    pub furthest: usize,
    /// Blocks by their type: stored, fixed, dynamic.
    pub blocks: [usize; 3],
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn bit(&mut self) -> Result<usize, String> {
        let byte = self.bytes.get(self.at / 8).ok_or("the end in the middle of a block")?;
        let bit = byte >> (self.at % 8) & 1;
        self.at += 1;
        Ok(usize::from(bit))
    }

    fn take(&mut self, n: usize) -> Result<usize, String> {
        (0..n).try_fold(0, |sum, i| Ok(sum | self.bit()? << i))
    }

    fn byte(&mut self) -> Result<u8, String> {
        Ok(self.take(8)? as u8)
    }
}

/// A canonical Huffman code (§3.2.2).
struct Code {
    counts: [usize; 16],
    symbols: Vec<usize>,
}

impl Code {
    fn new(lengths: &[usize]) -> Code {
        let mut counts = [0; 16];
        for &length in lengths {
            counts[length] += 1;
        }
        counts[0] = 0;
        let mut symbols: Vec<usize> = (0..lengths.len()).filter(|&s| lengths[s] > 0).collect();
        symbols.sort_by_key(|&s| (lengths[s], s));
        Code { counts, symbols }
    }

    fn symbol(&self, bits: &mut Bits<'_>) -> Result<usize, String> {
        let (mut code, mut first, mut index) = (0_usize, 0, 0);
        for length in 1..16 {
            code |= bits.bit()?;
            let count = self.counts[length];
            if code < first + count {
                return Ok(self.symbols[index + code - first]);
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        Err("no such code".to_owned())
    }
}

const LENGTH_BASE: [usize; 29] = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
    227, 258,
];
const LENGTH_EXTRA: [usize; 29] =
    [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE: [usize; 30] = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073,
    4097, 6145, 8193, 12289, 16385, 24577,
];
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

impl Bounded {
    pub fn new(window: usize) -> Bounded {
        Bounded { window, history: Vec::new(), furthest: 0, blocks: [0; 3] }
    }

    /// A message as it is on the wire.
    pub fn message(&mut self, payload: &[u8]) -> Result<Vec<u8>, String> {
        let bytes = [payload, &[0x00, 0x00, 0xff, 0xff]].concat();
        let mut bits = Bits { bytes: &bytes, at: 0 };
        let mut out = Vec::new();
        while bits.at.div_ceil(8) < bytes.len() {
            let last = bits.bit()? == 1;
            let kind = bits.take(2)?;
            *self.blocks.get_mut(kind).ok_or("a block of type 3")? += 1;
            match kind {
                0 => self.stored(&mut bits, &mut out)?,
                1 => {
                    let lengths: Vec<usize> = (0..288)
                        .map(|s| match s {
                            0..144 => 8,
                            144..256 => 9,
                            256..280 => 7,
                            _ => 8,
                        })
                        .collect();
                    self.coded(&mut bits, &mut out, &Code::new(&lengths), &Code::new(&[5; 30]))?;
                }
                _ => {
                    let (literals, distances) = dynamic(&mut bits)?;
                    self.coded(&mut bits, &mut out, &literals, &distances)?;
                }
            }
            if last {
                bits.at = bits.at.next_multiple_of(8);
                self.history.clear();
            }
        }
        Ok(out)
    }

    fn put(&mut self, byte: u8, out: &mut Vec<u8>) {
        out.push(byte);
        self.history.push(byte);
        if self.history.len() >= 2 * self.window {
            self.history.drain(..self.window);
        }
    }

    fn stored(&mut self, bits: &mut Bits<'_>, out: &mut Vec<u8>) -> Result<(), String> {
        bits.at = bits.at.next_multiple_of(8);
        let (len, not) = (bits.take(16)?, bits.take(16)?);
        if len != !not & 0xffff {
            return Err("a stored block of the wrong length".to_owned());
        }
        for _ in 0..len {
            let byte = bits.byte()?;
            self.put(byte, out);
        }
        Ok(())
    }

    fn coded(
        &mut self,
        bits: &mut Bits<'_>,
        out: &mut Vec<u8>,
        literals: &Code,
        distances: &Code,
    ) -> Result<(), String> {
        loop {
            let symbol = literals.symbol(bits)?;
            match symbol {
                0..256 => self.put(symbol as u8, out),
                256 => return Ok(()),
                257..286 => {
                    let length = LENGTH_BASE[symbol - 257] + bits.take(LENGTH_EXTRA[symbol - 257])?;
                    let symbol = distances.symbol(bits)?;
                    let extra = (symbol / 2).saturating_sub(1);
                    let distance = DISTANCE_BASE.get(symbol).ok_or("no such distance")? + bits.take(extra)?;
                    let held = self.history.len().min(self.window);
                    if distance > held {
                        return Err(format!("{distance} back, with {held} in the window"));
                    }
                    self.furthest = self.furthest.max(distance);
                    for _ in 0..length {
                        let byte = self.history[self.history.len() - distance];
                        self.put(byte, out);
                    }
                }
                _ => return Err("no such length".to_owned()),
            }
        }
    }
}

fn dynamic(bits: &mut Bits<'_>) -> Result<(Code, Code), String> {
    let literals = bits.take(5)? + 257;
    let distances = bits.take(5)? + 1;
    let count = bits.take(4)? + 4;
    let mut lengths = [0; 19];
    for &place in &ORDER[..count] {
        lengths[place] = bits.take(3)?;
    }
    let code = Code::new(&lengths);
    let mut lengths: Vec<usize> = Vec::new();
    while lengths.len() < literals + distances {
        let (value, times) = match code.symbol(bits)? {
            16 => (*lengths.last().ok_or("nothing to repeat")?, 3 + bits.take(2)?),
            17 => (0, 3 + bits.take(3)?),
            18 => (0, 11 + bits.take(7)?),
            length => (length, 1),
        };
        lengths.extend(std::iter::repeat_n(value, times));
    }
    let (literal, distance) = lengths.split_at(literals);
    Ok((Code::new(literal), Code::new(distance)))
}
