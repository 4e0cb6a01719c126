import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath } from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { PUBLIC_NAMES } from "./testing/public_names.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

for (const [door, names] of Object.entries(PUBLIC_NAMES)) {
  test(`${door} exports exactly these names`, async () => {
    const face = await import(new URL(`../../${door}`, import.meta.url).href);
    assert.deepEqual(Object.keys(face).sort(), names);
  });
}

test("mod.ts shows at most 115 names, types counted", () => {
  const text = readFileSync(join(ROOT, "mod.ts"), "utf8");
  const names = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)]
    .flatMap(([, list]) => list.split(",").filter((it) => it.trim() !== ""));
  assert.ok(names.length > 50 && names.length <= 115, `${names.length} names`);
});

/** Bundles mod.ts for a browser with the runtime that runs the test. */
function bundle(): string {
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-"));
  const out = join(folder, "mod.js");
  const args = "Deno" in globalThis
    ? ["bundle", "--quiet", "--platform", "browser", "-o", out, "mod.ts"]
    : ["build", "--target=browser", `--outfile=${out}`, "mod.ts"];
  try {
    execFileSync(execPath, args, { cwd: ROOT, stdio: "pipe" });
    return readFileSync(out, "utf8");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs `body` with `library`, and with only the globals of a browser. */
function runInBrowser(body: string): Promise<unknown> {
  const script = bundle().replace(
    /export \{([^}]*)\};?\s*$/,
    (_, names: string) =>
      `globalThis.library = {${names.replace(/(\w+) as (\w+)/g, "$2: $1")}};`,
  ).replaceAll("import.meta.url", '"about:blank"'); // a script has none
  assert(!/^\s*(import|export)\b/m.test(script), "an import is left");
  assert(!/\brequire\(/.test(script), "a require is left");
  const web = {
    Blob,
    WebAssembly,
    TextDecoder,
    TextEncoder,
    AbortController,
    URL,
    Headers,
    Request,
    Response,
    fetch,
    atob,
    btoa,
    crypto,
    performance,
    setTimeout,
    clearTimeout,
    Uint8Array,
    ArrayBuffer,
  };
  const context = createContext({ ...web });
  runInContext(script, context);
  return runInContext(`(async () => { ${body} })()`, context);
}

test("mod.ts works with only the globals of a browser", {
  timeout: 300_000,
}, async () => {
  const first = await runInBrowser(`
      const { blobSource, memorySink, memorySource, openSnapshot, openFileSource,
        saveSnapshot } = library;
      const ram = new Uint8Array(0x4000).fill(7, 0x1000, 0x2000);
      const sink = memorySink();
      await saveSnapshot(sink, [{ idstr: "ram", source: memorySource(ram) }]);
      const source = blobSource(new Blob([sink.bytes()]));
      const block = (await openSnapshot(source)).block("ram");
      let files;
      try { openFileSource("x"); } catch (error) { files = error.message; }
      return JSON.stringify([
        (await block.readPage(0))[0], (await block.readPage(1))[0], files,
      ]);
  `);
  assert.deepEqual(JSON.parse(String(first)), [
    0,
    7,
    "Cannot open files: this runtime has no node:fs: in a browser, use " +
    "blobSource, openHttpSource and memorySink",
  ]);
});

test("mod.ts seals and verifies with the cryptography of a browser", {
  timeout: 300_000,
}, async () => {
  const result = await runInBrowser(`
      const { memorySink, memorySource, sealSource, verifiedSource } = library;
      const bytes = new Uint8Array(0x123456).fill(7, 0x1000, 0x90000);
      const sidecar = memorySink();
      const { digest } = await sealSource(memorySource(bytes), sidecar);
      const tree = memorySource(sidecar.bytes());
      const options = { tree, digest };
      const source = await verifiedSource(memorySource(bytes), options);
      const target = new Uint8Array(0x20000);
      await source.readInto(target, 0x888);
      bytes[0x5000] = 8;
      const error = await source.readInto(target, 0x888).catch((it) => it);
      return JSON.stringify([digest, error.name, target[0x2000]]);
  `);
  const bytes = new Uint8Array(0x123456).fill(7, 0x1000, 0x90000);
  const { memorySource, verityDigest } = await import("../../mod.ts");
  const digest = await verityDigest(memorySource(bytes));
  assert.deepEqual(JSON.parse(String(result)), [digest, "IntegrityError", 0]);
});
