// The console in headless Chromium: every panel succeeds, one event arrives through every door, no console error; a screenshot
// goes to docs/ when OCTAVO_SCREENSHOT is set.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { base, check, finish, token } from "../lib/check.mjs";

const profile = await mkdtemp(join(tmpdir(), "octavo-chromium-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: "/usr/bin/chromium",
  headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  viewport: { width: 1280, height: 1400 },
  colorScheme: "light",
});
const page = context.pages()[0];
const errors = [];
page.on("pageerror", (error) => errors.push(String(error)));
page.on("console", (message) => { if (message.type() === "error") errors.push(`${message.text()} ${message.location().url}`); });

const state = (id, wanted) => page.waitForFunction(([panel, value]) => document.getElementById(panel).dataset.state === value, [id, wanted], { timeout: 8000 })
  .catch(async () => { throw new Error(`panel ${id} is ${await page.locator(`#${id}`).getAttribute("data-state")}: ${await page.locator(`#${id} .state`).innerText()} ${await page.locator(`#${id} .wire`).innerText()}`); });
const press = async (id, act, wanted = "ok") => {
  await page.locator(`#${id} [data-act=${act}]`).click();
  await page.waitForTimeout(30);
  await state(id, wanted);
};

await check("the page loads, and connects by itself", async () => {
  const answer = await page.goto(base);
  assert.equal(answer.status(), 200);
  assert.ok((await answer.body()).length < 100_000, "under 100 KB");
  assert.ok(answer.headers()["content-security-policy"], "a content security policy");
  await page.locator("#token").fill(token);
  await state("sse", "ok");
  for (const id of ["ws", "graphql", "grpc", "rpc"]) await state(id, "ok");
});

await check("webhooks: subscribe, sign and send", async () => {
  await page.locator("#secret").fill(process.env.OCTAVO_INBOUND_SECRET);
  await press("hook", "register");
  await press("hook", "send");
});

await check("REST: create, read, read again for a 304", async () => {
  for (const act of ["create", "read", "again"]) await press("rest", act);
  assert.match(await page.locator("#rest .wire").innerText(), /304/);
});

await check("GraphQL: query, create, misspell", async () => {
  for (const act of ["wrong", "create", "run"]) await press("graphql", act);
  assert.match(await page.locator("#graphql .wire").innerText(), /"posts"/);
});

await check("gRPC: one user, a stream of users, a user who is not there", async () => {
  await press("grpc", "wrong");
  assert.match(await page.locator("#grpc .facts").innerText(), /5 NOT_FOUND/);
  await press("grpc", "list");
  assert.match(await page.locator("#grpc .facts").innerText(), /messages 5/);
  await press("grpc", "get");
  assert.match(await page.locator("#grpc .wire").innerText(), /"id": "42"/);
});

await check("SOAP: read, create, demand what is not understood", async () => {
  for (const act of ["wrong", "get", "create"]) await press("soap", act);
  assert.match(await page.locator("#soap .wire").innerText(), /CreateUserResponse/);
});

await check("tRPC: a call, a batch, a mutation, a refusal, five ticks", async () => {
  for (const act of ["wrong", "get", "batch", "ticks", "create"]) await press("rpc", act);
  assert.match(await page.locator("#rpc .wire").innerText(), /"result"/);
});

await check("WebSocket: create a user, say something", async () => {
  await press("ws", "say");
  await press("ws", "create");
  await page.waitForFunction(() => /round trip/.test(document.querySelector("#ws .facts").textContent), null, { timeout: 8000 });
});

await check("SSE: cut, miss one, resume", async () => {
  await press("sse", "cut", "idle");
  await press("rest", "create");
  const before = await page.locator("#sse .facts").innerText();
  await press("sse", "resume");
  await page.waitForFunction((old) => document.querySelector("#sse .facts").innerText !== old && /user\.created/.test(document.querySelector("#sse .wire").innerText), before, { timeout: 8000 });
});

await check("an event arrives once through every door", async () => {
  for (const [id, act] of [["rest", "create"], ["graphql", "create"], ["soap", "create"], ["rpc", "create"], ["ws", "create"], ["hook", "send"]]) {
    const before = await page.locator("#events li").count();
    await press(id, act);
    await page.waitForFunction((rows) => document.querySelectorAll("#events li").length > rows && document.querySelectorAll("#events li:first-child .chip.in").length === 6, before, { timeout: 8000 })
      .catch(async () => { throw new Error(`${id}: ${await page.locator("#events li").first().innerText()}`); });
    const counts = await page.locator("#events li:first-child .chip").evaluateAll((chips) => chips.map((chip) => chip.dataset.count));
    assert.deepEqual(counts, Array(6).fill("1"), id);
  }
});

await check("broken rules are answered as they should be", async () => {
  await press("hook", "forge");
  await press("rest", "wrong");
});

await check("usable by keyboard", async () => {
  await page.locator("#rest [data-act=read]").focus();
  await page.keyboard.press("Enter");
  await page.waitForTimeout(30);
  await state("rest", "ok");
  assert.match(await page.locator("#rest .wire").innerText(), /200/);
});

await check("no console error but the refusals that we asked for", async () => {
  const unexpected = errors.filter((text) => !/status of (400|401|428|500)/.test(text));
  assert.deepEqual(unexpected, []);
});

if (process.env.OCTAVO_SCREENSHOT) {
  await press("hook", "send");
  await page.waitForTimeout(400);
  // Wide enough for the eight panels in two rows.
  await page.setViewportSize({ width: 1880, height: 1400 });
  await page.evaluate(() => window.scrollTo(0, 0));
  await page.screenshot({ path: process.env.OCTAVO_SCREENSHOT, fullPage: true });
}
await context.close();
await rm(profile, { recursive: true, force: true });
finish();
