// What every Node driver shares: named checks, one line each, and the service's address from the environment.
export const base = process.env.OCTAVO_BASE;
export const token = process.env.OCTAVO_TOKEN;
export const showcase = process.env.OCTAVO_SHOWCASE;
export const examples = process.env.OCTAVO_EXAMPLES;
export const json = { "content-type": "application/json", authorization: `Bearer ${token}` };
let failed = 0;

export async function check(name, run) {
  try {
    await run();
    console.log(`ok - ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`not ok - ${name}: ${String((error && error.stack) || error).split("\n").slice(0, 40).join(" | ")}`);
  }
}

export const finish = () => process.exit(failed ? 1 : 0);
export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// How long to wait for what should come at once: long enough for a machine that is busy with other things.
export const PATIENCE = 120_000;

// A promise with a deadline, so that a silent peer is a failure and not a hang.
export function within(promise, what) {
  let timer;
  const late = new Promise((_, fail) => { timer = setTimeout(() => fail(new Error(`${what}: nothing within ${PATIENCE} ms`)), PATIENCE); });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

let serial = 0;
export const someone = () => {
  serial += 1;
  const tag = `${process.pid}-${Date.now()}-${serial}`;
  return { name: `Peer ${tag}`, email: `peer-${tag}@example.com` };
};

export async function createUser(user = someone()) {
  const response = await fetch(`${base}/users`, { method: "POST", headers: json, body: JSON.stringify(user) });
  if (response.status !== 201) throw new Error(`POST /users answered ${response.status}: ${await response.text()}`);
  return { ...(await response.json()), location: response.headers.get("location"), etag: response.headers.get("etag") };
}
