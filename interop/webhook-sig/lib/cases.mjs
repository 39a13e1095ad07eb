// Generated requests, and our program that signs and verifies them (webhook-sig/examples/peer): one JSON object a line, no port.
import { spawn } from "node:child_process";
import { check, examples, within } from "../../lib/check.mjs";

export const SMOKE = process.env.OCTAVO_SMOKE === "1";
export const COUNT = SMOKE ? 50 : 1000;
const seed = Number(process.env.OCTAVO_SEED ?? Date.now() % 2 ** 31);
console.log(`cases for each peer and direction: ${COUNT}; OCTAVO_SEED=${seed}`);

// mulberry32
let state = seed;
export function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
export const below = (n) => Math.floor(random() * n);
export const pick = (list) => list[below(list.length)];
const from = (alphabet, length) => Array.from({ length }, () => pick(alphabet)).join("");
const PRINTABLE = Array.from({ length: 94 }, (_, n) => String.fromCharCode(33 + n)).join("");
export const WORD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
export const bytes = (length) => Buffer.from(Array.from({ length }, () => below(256)));
export const word = (most) => from(`${WORD}-`, 1 + below(most));

// Any UTF-8: NUL, CR and LF, a byte order mark, characters of two, three and four bytes.
const ODD = ["\0", "\r", "\n", "\r\n", "\ufeff", "é", "ß", "\u2028", "€", "\uffff", "\u{10000}", "\u{1f980}", "\u{10ffff}", "\"", "\\", "%", "+", "&", "="];
export const text = (length) => Array.from({ length }, () => (random() < 0.3 ? pick(ODD) : pick(PRINTABLE))).join("");

// One request in twenty has no body, one a long one. `at` is near enough to the present for peers that read the clock.
export function cases(shape = {}) {
  const now = Date.now();
  return Array.from({ length: COUNT }, (_, n) => {
    const length = n % 20 === 0 ? 0 : n % 20 === 1 ? 5000 : 1 + below(300);
    const key = shape.key === "text" ? Buffer.from(from(PRINTABLE, 16 + below(48))) : bytes(24 + below(41));
    const at = now + (below(2 * (shape.drift ?? 200_000)) - (shape.drift ?? 200_000));
    const one = { n, key, secret: key.toString("latin1"), id: `msg_${word(60)}`, at, now, secs: Math.floor(at / 1000), url: "", form: null };
    const body = shape.body ? shape.body(one, length) : text(length);
    return { ...one, body: Buffer.isBuffer(body) ? body : Buffer.from(body), ...(shape.more?.(one, body) ?? {}) };
  });
}

// Ours. Answers come in the order of the questions.
export class Ours {
  constructor() {
    this.waiting = [];
    this.child = spawn(`${examples}/webhook_peer`, { stdio: ["pipe", "pipe", "inherit"] });
    // Not by readline, which ends lines at U+2028 too.
    let rest = "";
    this.child.stdout.setEncoding("utf8").on("data", (chunk) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop();
      for (const line of lines) this.waiting.shift().done(JSON.parse(line));
    });
    this.child.on("exit", (code) => this.waiting.splice(0).forEach(({ fail }) => fail(new Error(`our program ended with ${code}`))));
  }
  ask(question) {
    const answer = new Promise((done, fail) => this.waiting.push({ done, fail }));
    this.child.stdin.write(`${JSON.stringify(question)}\n`);
    return within(answer, "our program");
  }
  // `keys` are the texts of a public key's halves, where the scheme has one.
  async sign(scheme, one) {
    const { headers, error } = await this.ask({ op: "sign", scheme, key: one.keys?.sign ?? one.key.toString("base64"), id: one.id, at: one.at, body: one.body.toString("base64"), url: one.url });
    if (error) throw new Error(`case ${one.n}: ${error}`);
    return Object.fromEntries(headers);
  }
  verify(scheme, one, headers) {
    return this.ask({ op: "verify", scheme, key: one.keys?.verify ?? one.key.toString("base64"), headers: Object.entries(headers), body: one.body.toString("base64"), now: one.now, url: one.seen ?? one.url });
  }
  close() { this.child.stdin.end(); }
}

// Counts what was done, and compares it with the table at the end: a direction that goes missing is a failure.
export class Counts {
  #counts = {};
  add(name) { this.#counts[name] = (this.#counts[name] ?? 0) + 1; }
  check(expected) {
    const sorted = (counts) => JSON.stringify(Object.fromEntries(Object.entries(counts).sort()));
    const now = sorted(this.#counts);
    console.log(`   ${now}`);
    const wanted = sorted(expected);
    if (now !== wanted) throw new Error(`counted ${now} instead of ${wanted}`);
  }
}

// The same request with one bit of its body flipped, or one added to none, such that it is still UTF-8.
export function forged(one) {
  const body = Buffer.from(one.body);
  const ascii = [...body.keys()].filter((at) => body[at] > 0x22 && body[at] < 0x5b && body[at] !== 0x25 && body[at] !== 0x26 && body[at] !== 0x2b && body[at] !== 0x3d);
  if (ascii.length === 0) return { ...one, body: Buffer.concat([body, Buffer.from("x")]) };
  body[pick(ascii)] ^= 1;
  return { ...one, body };
}

// Runs one peer in every direction that it has, and compares the counts with those that are expected of it.
//   verify(one, headers)  theirs: true, or false or an error
//   sign(one)             theirs: headers; left out where the peer only verifies
//   skip(one)             why the peer has no say in this case, or nothing
export async function run(ours, peer, name, { scheme, shape, verify, sign, skip = () => undefined, expected }) {
  await check(`${peer}: ${name}`, async () => {
    const counts = { "we sign": 0, "they sign": 0, "forgeries refused by them": 0, "forgeries refused by us": 0, skipped: {} };
    const all = cases(shape);
    const judged = all.filter((one) => {
      const why = skip(one);
      if (why) counts.skipped[why] = (counts.skipped[why] ?? 0) + 1;
      return !why;
    });
    const accepts = async (one, headers) => { try { return (await verify(one, headers)) === true; } catch { return false; } };
    const signed = verify ? await Promise.all(judged.map((one) => ours.sign(scheme, one))) : [];
    for (const [index, headers] of signed.entries()) {
      const one = judged[index];
      if (!(await accepts(one, headers))) {
        const error = await Promise.resolve().then(() => verify(one, headers)).catch((error) => error);
        throw new Error(`case ${one.n}: what we signed is refused: ${JSON.stringify(headers)} ${error}`);
      }
      counts["we sign"] += 1;
      if (await accepts(forged(one), headers)) throw new Error(`case ${one.n}: a forgery is accepted by them`);
      counts["forgeries refused by them"] += 1;
    }
    if (sign) {
      const theirs = await Promise.all(judged.map(async (one) => [one, await sign(one)]));
      const verdicts = await Promise.all(theirs.flatMap(([one, headers]) => [ours.verify(scheme, one, headers), ours.verify(scheme, forged(one), headers)]));
      for (const [index, verdict] of verdicts.entries()) {
        const one = theirs[index >> 1][0];
        if (index % 2 === 0 && verdict.ok !== true) throw new Error(`case ${one.n}: what they signed is refused: ${JSON.stringify(verdict)} ${JSON.stringify(theirs[index >> 1][1])}`);
        if (index % 2 === 1 && verdict.ok !== false) throw new Error(`case ${one.n}: a forgery is accepted by us`);
        if (index % 2 === 1 && verdict.status !== 401) throw new Error(`case ${one.n}: a forgery is answered with ${verdict.status}`);
        counts[index % 2 === 0 ? "they sign" : "forgeries refused by us"] += 1;
      }
    }
    console.log(`   ${peer} ${name}: ${JSON.stringify(counts)}`);
    const skipped = Object.values(counts.skipped).reduce((sum, count) => sum + count, 0);
    const per = COUNT - skipped;
    const wanted = { "we sign": verify ? per : 0, "they sign": sign ? per : 0, "forgeries refused by them": verify ? per : 0, "forgeries refused by us": sign ? per : 0, skipped: expected ?? {} };
    if (JSON.stringify(counts) !== JSON.stringify(wanted)) throw new Error(`expected ${JSON.stringify(wanted)}`);
  });
}

// One in twenty has no body.
export const EMPTY = { "no body": Math.ceil(COUNT / 20) };
export const noBody = (one) => (one.body.length === 0 ? "no body" : undefined);
