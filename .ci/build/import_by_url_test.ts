import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join, normalize } from "node:path";
import { execPath } from "node:process";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { ROOT } from "./project.ts";
import { BuildFolder } from "./testing/build_folder.ts";

/** Milliseconds until the server answers a request. */
const DELAY = 20;

/**
 * Goal for the time of the one file, relative to that of the modules; printed,
 * not asserted, because other work on the machine changes it.
 */
const RATIO_GOAL = 0.15;

let built: BuildFolder;
let server: Server;
let requests = 0;

/** Serves the sources, and what is built in `dist/`. */
before(async () => {
  built = new BuildFolder();
  built.build(built.dist, "--only", "one-file");
  server = createServer(async (request, response) => {
    requests++;
    const path = normalize(new URL(request.url ?? "", "http://host").pathname);
    const base = path.startsWith("/dist/") ? built.path : ROOT;
    const type = path.endsWith(".ts") ? "typescript" : "javascript";
    const text = readFileSync(join(base, path));
    await sleep(DELAY);
    response.writeHead(200, { "content-type": `application/${type}` });
    response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

after(() => {
  server.close();
  server.closeAllConnections();
  built[Symbol.dispose]();
});

/** Imports a module; returns the milliseconds and the number of requests. */
async function importTime(path: string) {
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const host = `127.0.0.1:${port}`;
  const program = join(built.path, "program.ts");
  writeFileSync(
    program,
    `const [name] = Deno.args; // otherwise it is loaded before the program runs
     const start = performance.now();
     await import(name);
     console.log(performance.now() - start);`,
  );
  requests = 0;
  const { stdout } = await promisify(execFile)(execPath, [
    ...["run", "--no-check", "--no-lock", "--reload"],
    ...[`--allow-import=${host}`, program, `http://${host}/${path}`],
  ], { cwd: built.path });
  return { time: Number(stdout), requests };
}

test("the one file is imported by one request, mod.ts by many", {
  timeout: 300_000,
}, async () => {
  await importTime("dist/mapped_ram.min.js"); // the first one warms up the disk
  const one = await importTime("dist/mapped_ram.min.js");
  const many = await importTime("mod.ts");
  const ratio = one.time / many.time;
  console.log(
    `figure: import by URL at ${DELAY} ms a request: ` +
      `${one.time.toFixed(0)} ms in one file, ` +
      `${many.time.toFixed(0)} ms in ${many.requests} modules ` +
      `(${ratio.toFixed(2)}, goal ≤ ${RATIO_GOAL})`,
  );
  assert.equal(one.requests, 1);
  assert(many.requests > 100);
});
