import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { memorySink, memorySource, saveSnapshot } from "../../../mod.ts";
import {
  type HoldingProxy,
  startHoldingProxy,
} from "./testing/holding_proxy.ts";
import {
  KEYS,
  REGION,
  type S3Server,
  startS3Server,
} from "./testing/s3_server.ts";
import { nameOf, SKIP } from "./testing/s3_test_case.ts";
import {
  installService,
  type Service,
  startService,
} from "./testing/service.ts";

const PATIENT = {
  skip: "Deno" in globalThis ? SKIP : "the build is Deno's",
  timeout: 900_000,
};

const PAGE = 4096;
const ROM = "/rom@etc/acpi/tables";

/** RAM of 16 MiB; each third page is zero. */
const RAM = Uint8Array.from({ length: 2 ** 24 }, (_, at) => {
  const page = Math.floor(at / PAGE);
  return page % 3 === 0 ? 0 : page % 255 + 1;
});

let folder: string;
let snapshot: Uint8Array<ArrayBuffer>;
let programs: readonly string[];

before(async () => {
  if (PATIENT.skip !== false) return;
  folder = mkdtempSync(join(tmpdir(), "mapped-ram-service-"));
  const sink = memorySink();
  await saveSnapshot(sink, [
    { idstr: "pc.ram", source: memorySource(RAM) },
    { idstr: ROM, source: memorySource(RAM.slice(0, 0x20000)) },
  ]);
  snapshot = sink.bytes();
  programs = installService(folder);
}, PATIENT);

after(() => {
  if (PATIENT.skip === false) rmSync(folder, { recursive: true });
});

/** The service with the S3 server that it reads from, and what is between. */
interface Running {
  readonly s3: S3Server;
  readonly proxy: HoldingProxy;
  readonly service: Service;
  get(path: string, options?: RequestInit): Promise<Response>;
}

/** Defines a test of the service, in all its forms. */
function serviceTest(
  name: string,
  body: (running: Running) => Promise<void>,
  env: Readonly<Record<string, string>> = {},
): void {
  test(nameOf(name, PATIENT.skip), PATIENT, async () => {
    await using s3 = await startS3Server();
    await using proxy = await startHoldingProxy(s3.origin);
    for (const program of programs) {
      await s3.put("vm.mr", snapshot);
      await using service = startService(folder, program, {
        AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
        AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
        AWS_REGION: REGION,
        SNAPSHOT_URL: s3.url("vm.mr").replace(s3.origin, proxy.origin),
        ...env,
      });
      await body({
        s3,
        proxy,
        service,
        get: async (path, options) =>
          await fetch(await service.origin + path, options),
      });
      for (
        const secret of [KEYS.secretAccessKey, "Signature=", KEYS.accessKeyId]
      ) {
        assert(!service.output.includes(secret), service.output);
      }
    }
  });
}

function pagePath(index: number | string, idstr = "pc.ram"): string {
  return `/blocks/${encodeURIComponent(idstr)}/pages/${index}`;
}

/** Waits until a condition holds, but not until an unanswered request fails. */
async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 25_000;
  while (!holds()) {
    assert(performance.now() < end);
    await sleep(10);
  }
}

/** Returns the status and the type of an error, and that it is not cached. */
async function errorOf(answer: Promise<Response>): Promise<string> {
  const response = await answer;
  const { error, message } = await response.json();
  assert.match(message, /^Cannot read/);
  assert.equal(response.headers.get("etag"), null);
  assert.equal(response.headers.get("cache-control"), null);
  return `${response.status} ${error}`;
}

serviceTest("the service of library.md serves pages", async (running) => {
  const { proxy, get } = running;
  assert.deepEqual(await (await get("/blocks")).json(), [
    { idstr: "pc.ram", pageCount: 4096 },
    { idstr: ROM, pageCount: 32 },
  ]);
  for (const index of [0, 1, 2, 30, 31, 4000, 4095]) {
    for (const idstr of index < 32 ? ["pc.ram", ROM] : ["pc.ram"]) {
      const response = await get(pagePath(index, idstr));
      assert.equal(response.status, 200);
      assert.deepEqual(
        await response.bytes(),
        RAM.slice(index * PAGE, (index + 1) * PAGE),
      );
    }
  }
  // A zero page, and a page that the client has, cost no request.
  const before = proxy.requests;
  const zero = await get(pagePath(1500));
  assert.deepEqual(await zero.bytes(), new Uint8Array(PAGE));
  const { headers } = zero;
  assert.match(headers.get("cache-control") ?? "", /immutable/);
  assert.equal(headers.get("content-type"), "application/octet-stream");
  const etag = headers.get("etag") ?? "";
  assert.match(etag, /^"[^"]+"$/);
  const known = await get(pagePath(1501), {
    headers: { "if-none-match": etag },
  });
  assert.equal(known.status, 304);
  assert.equal(known.headers.get("etag"), etag);
  assert.equal(proxy.requests, before);
});

serviceTest("its errors are typed", async ({ s3, get }) => {
  for (const index of ["4096", "-1", "1.5", "x", "99999999999999999999"]) {
    assert.equal(await errorOf(get(pagePath(index))), "404 RangeError");
  }
  const unknown = await get(pagePath(0, "none"));
  assert.equal(unknown.status, 404);
  assert.match((await unknown.json()).message, /"none".*"pc\.ram"/);
  await s3.remove("vm.mr");
  assert.equal(await errorOf(get(pagePath(2000))), "502 SourceError");
  await s3.put("vm.mr", snapshot.slice(0, -1));
  assert.equal(await errorOf(get(pagePath(2000))), "410 SourceError");
  await s3.put("vm.mr", snapshot);
  assert.equal((await get(pagePath(2000))).status, 200);
});

serviceTest("a client that goes away ends the read", async (running) => {
  const { proxy, service, get } = running;
  await get("/blocks");
  proxy.hold();
  const path = pagePath(2000);
  const isAsked = () => service.output.split(path).length > 2;
  const [first, second] = [new AbortController(), new AbortController()];
  const answers = [first, second].map(({ signal }) => get(path, { signal }));
  await until(() => isAsked() && proxy.held === 1); // for both
  first.abort();
  await assert.rejects(answers[0], { name: "AbortError" });
  assert.equal(proxy.held, 1);
  second.abort();
  await assert.rejects(answers[1], { name: "AbortError" });
  await until(() => proxy.held === 0);
  proxy.release();
  assert.equal((await get(pagePath(2000))).status, 200);
});

serviceTest("it answers what it was asked before it ends", async (running) => {
  const { proxy, service, get } = running;
  await get("/blocks");
  proxy.hold();
  const answer = get(pagePath(2000));
  await until(() => proxy.held === 1);
  service.terminate();
  const origin = await service.origin;
  while (await fetch(origin).then(() => true, () => false)) await sleep(10);
  proxy.release();
  const page = await (await answer).bytes();
  assert.deepEqual(page, RAM.slice(2000 * PAGE, 2001 * PAGE));
  // It does not wait for the client, which keeps its connection.
  const start = performance.now();
  assert.equal(await service.ended, 0);
  assert(performance.now() - start < 30_000);
});

serviceTest("with wrong keys it ends, and says why", async ({ service }) => {
  await assert.rejects(
    service.origin,
    /403 Forbidden \(SignatureDoesNotMatch:/,
  );
  assert.equal(await service.ended, 1);
}, { AWS_SECRET_ACCESS_KEY: "wrong" });
