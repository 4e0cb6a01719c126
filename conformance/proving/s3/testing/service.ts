import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import {
  documentBlocks,
  isOfPackage,
  ROOT,
} from "../../documents/document_blocks.ts";
import { versionOf } from "../../testing/load_package.ts";

const PACKAGES = ["aws4fetch", "fastify"];

/** Runs a program in a folder. */
function run(cwd: string, program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { cwd, encoding: "utf8", stdio: "pipe" });
}

/**
 * Installs the package that is published, with what the service of library.md
 * imports, in a folder, and returns the programs of the service that the Node on
 * PATH can run.
 */
export function installService(folder: string): string[] {
  const deno = (...args: readonly string[]) =>
    run(ROOT, process.execPath, "run", "--allow-all", ...args);
  const out = ["--only", "npm", "--out", join(folder, "dist")];
  deno(".ci/build/main.ts", ...out);
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  const packed = join(folder, "packed");
  mkdirSync(packed);
  run(packed, "npm", "pack", join(folder, "dist/npm"));
  run(
    folder,
    ...["npm", "install", "--prefer-offline", "--no-audit", "--no-fund"],
    ...readdirSync(packed).map((it) => join(packed, it)),
    ...PACKAGES.map((it) => `${it}@${versionOf(it)}`),
  );
  const [typed, stripped] = ["service.ts", "service.mjs"];
  writeFileSync(join(folder, typed), serviceText());
  deno("esbuild", join(folder, typed), `--outfile=${join(folder, stripped)}`);
  const version = Number.parseInt(run(folder, "node", "--version").slice(1));
  return version >= 24 ? [typed, stripped] : [stripped];
}

/** Returns the service in library.md. */
function serviceText(): string {
  const [service, ...others] = documentBlocks().filter(isOfPackage);
  assert.deepEqual(others, [], "no test runs them");
  return service.text;
}

/** A running service. */
export interface Service extends AsyncDisposable {
  /** Scheme, host and port; rejects if the service ends before it listens. */
  readonly origin: Promise<string>;
  /** What it printed so far. */
  readonly output: string;
  /** Its exit code, when it has ended. */
  readonly ended: Promise<number | null>;
  /** Asks it to end. */
  terminate(): void;
}

/** Starts the service with environment variables. */
export function startService(
  folder: string,
  program: string,
  env: Readonly<Record<string, string>>,
): Service {
  const child = spawn("node", [program], {
    cwd: folder,
    env: { ...process.env, PORT: "0", ...env },
    stdio: "pipe",
  });
  let output = "";
  const listening = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text) => {
      output += String(text);
      const [, port] = /listening at http:\S+:(\d+)"/.exec(output) ?? [];
      if (port !== undefined) listening.resolve(`http://localhost:${port}`);
    });
  }
  const ended = new Promise<number | null>((resolve) =>
    child.on("close", (code) => {
      listening.reject(new Error(`the service ended: ${output}`));
      resolve(code);
    })
  );
  listening.promise.catch(() => {});
  return {
    origin: listening.promise,
    get output() {
      return output;
    },
    ended,
    // Deno reports no exit code after the child's own `kill`.
    terminate() {
      if (child.pid !== undefined) process.kill(child.pid, "SIGTERM");
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
