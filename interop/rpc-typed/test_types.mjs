// The emitted router type before tsc, of the two majors that people use: it takes the right program, and refuses every wrong call.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { check, finish, showcase } from "../lib/check.mjs";

const here = new URL(".", import.meta.url).pathname;
const folder = mkdtempSync(`${here}node_modules/.types-`);
const run = (command, ...args) => new Promise((done) => execFile(command, args, { cwd: folder }, (error, stdout, stderr) => done({ code: error ? error.code : 0, text: stdout + stderr })));
const file = (name, text) => writeFileSync(`${folder}/${name}`, text);
const options = { strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, module: "esnext", moduleResolution: "bundler", target: "es2022", lib: ["es2022", "dom"], noEmit: true, skipLibCheck: true, types: [] };
const project = (name, ...files) => file(name, JSON.stringify({ compilerOptions: options, files }));

await check("--emit-trpc writes the file and ends with 0", async () => {
  const { code, text } = await run(showcase, "--emit-trpc", `${folder}/app-router.ts`);
  assert.equal(code, 0, text);
  assert.match(readFileSync(`${folder}/app-router.ts`, "utf8"), /export type AppRouter = TRPCBuiltRouter</);
});
await check("--emit-trpc into a folder that is not there says so and ends with 2", async () => {
  const { code, text } = await run(showcase, "--emit-trpc", `${folder}/nowhere/app-router.ts`);
  assert.equal(code, 2);
  assert.match(text, /cannot write/);
});

const right = readFileSync(`${here}types/right.ts`, "utf8"), wrong = readFileSync(`${here}types/wrong.ts`, "utf8");
const marks = wrong.split("\n").filter((line) => line.includes("@ts-expect-error")).length;
file("package.json", JSON.stringify({ type: "module" }));
file("right.ts", right);
file("wrong.ts", wrong);
file("bare.ts", wrong.replaceAll("@ts-expect-error", "wrong:"));
project("right.json", "right.ts", "wrong.ts");
project("wrong.json", "bare.ts");
for (const typescript of ["typescript", "typescript-5"]) {
  const { version } = JSON.parse(readFileSync(`${here}node_modules/${typescript}/package.json`, "utf8"));
  const tsc = (name) => run(process.execPath, `${here}node_modules/${typescript}/bin/tsc`, "-p", name);
  await check(`tsc ${version} takes the right program, and finds an error behind each of ${marks} marks`, async () => {
    const { code, text } = await tsc("right.json");
    assert.equal(code, 0, text);
  });
  await check(`tsc ${version} refuses the same calls without the marks, every one`, async () => {
    const { code, text } = await tsc("wrong.json");
    assert.notEqual(code, 0);
    const lines = new Set([...text.matchAll(/bare\.ts\((\d+),/g)].map((match) => Number(match[1])));
    const expected = wrong.split("\n").flatMap((line, at) => (line.includes("@ts-expect-error") ? [at + 2] : []));
    assert.deepEqual([...lines].sort((a, b) => a - b), expected, text);
  });
}
rmSync(folder, { recursive: true });
finish();
