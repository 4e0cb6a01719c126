import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const READER = fileURLToPath(
  new URL("../readers/mapped_ram.ts", import.meta.url),
);
const WRITER = fileURLToPath(
  new URL("../writers/mapped_ram.ts", import.meta.url),
);
/** Runs a script with the runtime that runs the tests. */
const RUNTIME = "Deno" in globalThis
  ? [process.execPath, "run", "--allow-all", "--no-check"]
  : [process.execPath];

/** Options for programs that are slow to start on a busy host. */
const SLOWLY = ["--timeout", "300"];

interface SuiteEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function suite(...args: string[]): Promise<SuiteEnd> {
  const [program, ...first] = [...RUNTIME, MAIN, ...args];
  const environment = { env: { ...process.env, NO_COLOR: "1" } };
  return new Promise((resolve) => {
    execFile(program, first, environment, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? -1);
      resolve({ code, stdout, stderr });
    });
  });
}

/** Makes a program of a few lines that runs on Deno and on Bun. */
async function withProgram(
  source: string,
  body: (program: readonly string[], folder: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-runner-"));
  try {
    const file = join(folder, "program.mjs");
    writeFileSync(file, source);
    await body([...RUNTIME, file], folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("this repository's reader passes the suite", async () => {
  const only = ["--strict", "--only", "/stream-at-offset", "--json", "-"];
  const { code, stdout } = await suite(...only, ...SLOWLY, ...RUNTIME, READER);
  const report = JSON.parse(stdout);
  assert.deepEqual(
    report.cases.map((it: { reasons: string[] }) => it.reasons),
    [
      [],
    ],
  );
  assert.equal(code, 0);
});

test("this repository's writer passes the suite", async () => {
  const { code, stdout } = await suite(
    "--writer",
    ...SLOWLY,
    ...RUNTIME,
    WRITER,
  );
  assert.match(stdout, /, 0 fail, 0 not supported;/);
  assert.equal(code, 0, stdout);
});

test("the suite reports a program that crashes, hangs, lies or prints nothing", async () => {
  const source = `
    const [kind, path, ...options] = process.argv.slice(2);
    if (kind === "hang") setInterval(() => {}, 1000);
    else if (kind === "crash") process.kill(process.pid, "SIGKILL");
    else if (kind === "code") { console.error("first\\nlast"); process.exit(3); }
    else if (kind === "lie") console.log('{"blocks": []}');
    else if (kind === "options") console.log(JSON.stringify({notSupported: options.join()}));
  `;
  const reasons: Readonly<Record<string, RegExp>> = {
    hang: /FAIL .*\n {2}still running after 1000 ms/,
    crash: /FAIL .*\n {2}SIGKILL/,
    code: /FAIL .*\n {2}exit code 3 and no JSON on stdout: last/,
    silence: /FAIL .*\n {2}exit code 0 and no JSON on stdout/,
    lie: /FAIL .*\n {2}0 RAMBlocks, expected 2/,
    options: /NOT SUPPORTED .*\n {2}--offset=74565/,
  };
  await withProgram(source, async (program) => {
    for (const [kind, reason] of Object.entries(reasons)) {
      const limit = kind === "hang" ? ["--timeout", "1"] : SLOWLY;
      const { code, stdout } = await suite(
        ...["--only", "/stream-at-offset", ...limit],
        ...program,
        kind,
      );
      assert.match(stdout, reason);
      assert.equal(code, kind === "options" ? 0 : 1, kind);
    }
  });
});

test("the suite reports a writer that copies, refuses or does nothing", async () => {
  const source = `
    import { copyFileSync, readFileSync } from "node:fs";
    const [kind, request, path] = process.argv.slice(2);
    const { blocks } = JSON.parse(readFileSync(request, "utf8"));
    if (kind === "copy") copyFileSync(blocks[0].image, path);
    if (kind === "refuse") console.log('{"notSupported": "pages"}');
  `;
  const reasons: Readonly<Record<string, RegExp>> = {
    copy: /FAIL .*\n {2}.*\(stream-magic, 3\.2\)/,
    nothing: /FAIL .*\n {2}exit code 0 and no file/,
    refuse: /NOT SUPPORTED .*\n {2}pages/,
  };
  await withProgram(source, async (program) => {
    for (const [kind, reason] of Object.entries(reasons)) {
      const only = ["--writer", "--only", "one page in", ...SLOWLY];
      const { stdout } = await suite(...only, ...program, kind);
      assert.match(stdout, reason);
    }
  });
});

test("the suite writes reports and no other files", async () => {
  const source = `console.log('{"notSupported": "all"}')`;
  await withProgram(source, async (program, folder) => {
    const junit = join(folder, "report.xml"),
      json = join(folder, "report.json");
    const reports = [`--junit=${junit}`, `--json=${json}`];
    const only = ["--only", "valid/minimal", ...SLOWLY];
    const { code } = await suite("--", ...reports, ...only, ...program);
    assert.equal(code, 0);
    assert.match(readFileSync(junit, "utf8"), /<skipped message="all"\/>/);
    assert.equal(JSON.parse(readFileSync(json, "utf8")).notSupported, 1);
    const names = ["program.mjs", "report.json", "report.xml"];
    assert.deepEqual(readdirSync(folder).toSorted(), names);
  });
});

test("the suite exits with 2 if the program cannot be started", async () => {
  for (const options of [[], ["--writer"]]) {
    const { code, stdout, stderr } = await suite(
      ...options,
      "/no/such/program",
    );
    assert.equal(stdout, "");
    assert.equal(
      stderr,
      'Cannot start "/no/such/program": there is no such program\n',
    );
    assert.equal(code, 2);
  }
});

test("the suite prints its help", async () => {
  for (const option of ["--help", "-h"]) {
    const { code, stdout, stderr } = await suite(option);
    assert.match(stdout, /^Usage: deno task conformance /);
    assert.deepEqual([code, stderr], [0, ""]);
  }
});

test("the suite refuses an invalid command line", async () => {
  for (
    const args of [[], ["--jobs", "0", "x"], ["--nonsense", "x"], ["--only"]]
  ) {
    const { code, stderr } = await suite(...args);
    assert.equal(code, 2);
    assert.match(stderr, /^Cannot .*\n\nUsage: deno task conformance /);
  }
});
