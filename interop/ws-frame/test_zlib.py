"""permessage-deflate against zlib itself, by way of Python: what we compress zlib reads, within the window agreed, and what zlib
compresses, by any of its settings, we read. Hundreds of generated messages for each window, with context takeover and without."""

import pathlib
import random
import subprocess
import sys
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))

from check import EXAMPLES, SMOKE, check_now, finish

TAIL = b"\x00\x00\xff\xff"
MESSAGES = 12 if SMOKE else 100
SEED = 7692
STRATEGIES = (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_FIXED)


class Ours:
    """Our compressor and decompressor of one connection, in a program of their own."""

    def __init__(self):
        self.program = subprocess.Popen([f"{EXAMPLES}/deflate_lines"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="ascii")

    def ask(self, *words):
        self.program.stdin.write(" ".join(map(str, words)) + "\n")
        self.program.stdin.flush()
        answer = self.program.stdout.readline().strip()
        assert answer, f"no answer to {words[0]}"
        return answer

    def open(self, bits, level, takeover):
        assert self.ask("open", bits, level, str(takeover).lower()) == "ok"

    def deflate(self, pieces):
        return from_hex(self.ask("deflate", *(piece.hex() or "-" for piece in pieces)))

    def inflate(self, payload, step=4096):
        """The message, or None."""
        answer = self.ask("inflate", step, payload.hex() or "-")
        return None if answer == "invalid" else from_hex(answer)


def from_hex(text):
    return b"" if text == "-" else bytes.fromhex(text)


def message(chance, window):
    """Words that come again, the same passage from about a window away, noise, or next to nothing."""
    kind = chance.randrange(6)
    if kind == 0:
        return bytes(chance.randrange(4) for _ in range(chance.randrange(4)))
    if kind == 1:
        return chance.randbytes(chance.randrange(3000))
    if kind == 2:
        return bytes([chance.randrange(256)]) * chance.randrange(3000)
    if kind == 3:
        passage = chance.randbytes(40)
        gap = max(0, window + chance.randrange(-300, 20) - len(passage))
        return passage + chance.randbytes(gap) + passage
    words = ['{"id":', "4711,", '"name":"Ada",', "true}", "ünïcode ", "the window of ", "\n"]
    return "".join(chance.choice(words) for _ in range(chance.randrange(600))).encode()


def cut(chance, data):
    """The same bytes in one to four pieces."""
    edges = sorted(chance.randrange(len(data) + 1) for _ in range(chance.randrange(4)))
    return [data[start:end] for start, end in zip([0, *edges], [*edges, len(data)])]


def read(reader, payload):
    """What zlib reads, 7 bytes at a time: so it can look back no further than its window, and not into what it has just written."""
    out, rest = bytearray(), payload + TAIL
    while True:
        piece = reader.decompress(rest, 7)
        rest = reader.unconsumed_tail
        out += piece
        if not rest and len(piece) < 7:
            return bytes(out)


def we_write(ours, bits, takeover):
    chance = random.Random(SEED + bits)
    for level in (1, 6, 9):
        ours.open(bits, level, takeover)
        reader = zlib.decompressobj(-bits)
        for number in range(MESSAGES):
            said = message(chance, 1 << bits)
            payload = ours.deflate(cut(chance, said))
            if not takeover:
                reader = zlib.decompressobj(-bits)
            assert read(reader, payload) == said, f"message {number} of level {level}, {len(said)} bytes"
            assert not reader.eof and not reader.unused_data


def compressor(chance, bits):
    # zlib has no raw compressor of 8 bits (deflateInit2 refuses it): who agrees to 8 takes 9, as we do.
    return zlib.compressobj(chance.choice((0, 1, 5, 9)), zlib.DEFLATED, -max(bits, 9), chance.randrange(1, 10), chance.choice(STRATEGIES))


def zlib_writes(ours, bits, takeover):
    chance = random.Random(SEED * 2 + bits)
    for _ in range(3):
        ours.open(bits, 6, takeover)
        writer = compressor(chance, bits)
        for number in range(MESSAGES):
            if not takeover:
                writer = compressor(chance, bits)
            said = message(chance, 1 << bits)
            payload = b""
            for piece in cut(chance, said):
                payload += writer.compress(piece) + writer.flush(chance.choice((zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH)))
            # Ended by a sync flush, whose tail is not sent; zlib writes nothing where there is nothing to flush.
            assert payload == b"" or payload.endswith(TAIL)
            payload = payload.removesuffix(TAIL) if payload else b"\x00"
            step = chance.choice((1, 100, 65_536))
            assert ours.inflate(payload, step) == said, f"message {number}, {len(said)} bytes, steps of {step}"


def zlib_ends_its_stream(ours):
    """A message whose last block has BFINAL set (RFC 7692 §7.2.3.4), which the next one does not refer past."""
    chance = random.Random(SEED * 3)
    for takeover in (True, False):
        ours.open(15, 6, takeover)
        for _ in range(MESSAGES):
            said = message(chance, 1000)
            writer = compressor(chance, 15)
            payload = writer.compress(said) + writer.flush(zlib.Z_FINISH)
            # With the empty block that the section shows behind it, or without.
            assert ours.inflate(payload + chance.choice((b"", b"\x00"))) == said


def broken(ours):
    """Payloads with a byte changed, or cut short: we refuse what zlib refuses, and read the same where it reads."""
    chance = random.Random(SEED * 4)
    refused = 0
    for _ in range(MESSAGES * 5):
        writer = zlib.compressobj(9, zlib.DEFLATED, -15)
        payload = bytearray(writer.compress(message(chance, 1000)) + writer.flush(zlib.Z_SYNC_FLUSH))[: -len(TAIL)]
        if not payload:
            continue
        if chance.randrange(4) == 0:
            del payload[chance.randrange(len(payload)) :]
        else:
            payload[chance.randrange(len(payload))] ^= 1 << chance.randrange(8)
        ours.open(15, 6, False)
        ours_says = ours.inflate(bytes(payload))
        zlib_says = lenient(bytes(payload))
        assert ours_says == zlib_says, (bytes(payload).hex(), ours_says, zlib_says)
        refused += zlib_says is None
    assert refused > MESSAGES, f"{refused} refused"


def lenient(payload):
    """What zlib makes of a payload, stream after stream (§7.2.3.5), and of the tail where a block is open; None where it is invalid."""
    out, reader, is_open = b"", zlib.decompressobj(-15), False
    try:
        for rest in (payload, TAIL):
            if rest == TAIL and not is_open:
                break
            while rest:
                out += reader.decompress(rest)
                rest, is_open = reader.unused_data, not reader.eof
                if reader.eof:
                    reader = zlib.decompressobj(-15)
        return out
    except zlib.error:
        return None


def the_reader_is_strict(ours):
    """What was agreed on with 15 bits is not read with 9: so the checks of windows can fail."""
    ours.open(15, 9, True)
    passage = random.Random(SEED).randbytes(200)
    payload = ours.deflate([passage + random.Random(1).randbytes(2000) + passage])
    assert len(payload) < 2000 + 2 * 200
    try:
        read(zlib.decompressobj(-9), payload)
    except zlib.error:
        return
    raise AssertionError("a reference of 2,200 bytes was read with a window of 512")


def eight_bits_are_nine():
    try:
        zlib.compressobj(9, zlib.DEFLATED, -8)
    except ValueError:
        return
    # zlib before 1.2.9 took 8 and silently compressed with 9.
    assert tuple(map(int, zlib.ZLIB_RUNTIME_VERSION.split(".")[:3])) < (1, 2, 9), zlib.ZLIB_RUNTIME_VERSION


def main():
    ours = Ours()
    for bits in range(8, 16):
        for takeover in (True, False):
            what = f"{bits} bits, {'with' if takeover else 'without'} takeover"
            check_now(f"zlib reads what we compress: {what}", lambda: we_write(ours, bits, takeover))
            check_now(f"we read what zlib compresses: {what}", lambda: zlib_writes(ours, bits, takeover))
    check_now("we read what zlib ends by BFINAL", lambda: zlib_ends_its_stream(ours))
    check_now("we refuse what zlib refuses, and read what it reads", lambda: broken(ours))
    check_now("zlib refuses references beyond its window", lambda: the_reader_is_strict(ours))
    check_now("zlib has no compressor of 8 bits", eight_bits_are_nine)
    ours.program.stdin.close()
    assert ours.program.wait(60) == 0


main()
finish()
