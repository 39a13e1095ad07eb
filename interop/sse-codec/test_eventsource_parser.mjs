// 10,000 generated streams through npm `eventsource-parser` and through ours: the same events, ids, times and comments.
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { check, finish } from "../lib/check.mjs";
import { KNOWN, ours, stream, theirs } from "./eventsource_parser.mjs";

const COUNT = process.env.OCTAVO_SMOKE === "1" ? 500 : 10_000;
const first = Number(process.env.OCTAVO_SEED ?? 1);
const streams = Array.from({ length: COUNT }, (_, n) => ({ seed: first + n, ...stream(first + n) }));
const found = await ours(streams.map(({ chunks }) => chunks));
const differing = new Map(KNOWN.map(({ name }) => [name, 0]));

await check(`${COUNT} streams: what eventsource-parser finds is what we find, but for the known differences`, () => {
  assert.equal(found.length, COUNT);
  for (const [n, one] of streams.entries()) {
    let [left, right] = [found[n], theirs(one.chunks)];
    for (const { name, applies, alike } of KNOWN) {
      if (!applies(one)) continue;
      if (!isDeepStrictEqual(left, right)) differing.set(name, differing.get(name) + 1);
      [left, right] = alike ? [alike(left), alike(right)] : [[], []];
    }
    assert.deepEqual(left, right, `seed ${one.seed}: ${JSON.stringify(one.text)} in chunks of ${one.chunks.map((c) => c.length)}`);
  }
});

await check("the streams say something: events, comments, ids alone and times", () => {
  const kinds = { data: 0, comment: 0, id_only: 0, retry: 0 };
  for (const item of found.flat()) for (const kind of Object.keys(kinds)) kinds[kind] += kind in item ? 1 : 0;
  for (const [kind, count] of Object.entries(kinds)) assert.ok(count > COUNT / 20, `${kind}: ${count}`);
});

await check("a mark cut by chunks is dropped by both, and one decoded as Latin-1 by eventsource-parser alone", async () => {
  const mark = Buffer.from("\ufeffdata: a\n\n");
  const cut = [mark.subarray(0, 1), mark.subarray(1, 2), mark.subarray(2)];
  const latin = [Buffer.from("ï»¿data: a\n\n")];
  const event = { event: "message", data: "a", id: "" };
  assert.deepEqual([theirs(cut), theirs(latin)], [[event], [event]]);
  assert.deepEqual(await ours([cut, latin]), [[event], []]);
});

await check("beyond its limit eventsource-parser ends; ours drops the event and goes on", async () => {
  // In one chunk it would not be looked at: only what has to be kept is held to the limit there.
  const long = Buffer.from(`data: ${"x".repeat(5 << 20)}\n\n`);
  const chunks = [Buffer.from("data: a\n\n"), long.subarray(0, -9), long.subarray(-9), Buffer.from("data: b\n\n")];
  const limited = () => theirs(chunks, { maxBufferSize: 4 << 20 });
  assert.throws(limited, /terminated after exceeding/);
  const [items] = await ours([chunks]);
  assert.deepEqual(items.map((item) => item.data ?? Object.keys(item)[0]), ["a", "dropped", "b"]);
});

for (const [name, count] of differing) console.log(`difference in ${count} streams: ${name}`);
finish();
