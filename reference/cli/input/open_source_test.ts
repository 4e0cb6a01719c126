import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import { test } from "node:test";
import { sealBytes } from "../../testing/sealed_bytes.ts";
import { openSource } from "./open_source.ts";
import { placeOf } from "./place_options.ts";

/** A range server. */
interface RangeServer extends AsyncDisposable {
  readonly url: string;
  /** Number of requests so far. */
  readonly requests: number;
}

/**
 * Starts a server of files. With `pairs` it answers a request for one of them
 * only once one for each other has come: a client that asks for one after the other
 * waits for ever.
 */
async function startServer(
  files: Readonly<Record<string, Uint8Array>>,
  { pairs = false } = {},
): Promise<RangeServer> {
  const waiting = new Map<string, () => void>();
  const together = pairs ? Object.keys(files).length : 1;
  let requests = 0;
  const server = createServer(({ headers, url = "" }, response) => {
    requests++;
    assert.ok(!waiting.has(url), url);
    waiting.set(url, () => answer(response, files[url], headers.range));
    if (waiting.size < together) return;
    for (const it of waiting.values()) it();
    waiting.clear();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    get requests() {
      return requests;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(
  response: ServerResponse,
  bytes: Uint8Array,
  range = "",
): void {
  const [first, last] = range.replace("bytes=", "").split("-").map(Number);
  const end = Math.min(last, bytes.length - 1);
  response.writeHead(206, {
    "content-range": `bytes ${first}-${end}/${bytes.length}`,
    etag: '"1"',
  }).end(bytes.subarray(first, end + 1));
}

test("openSource() takes no round trip more to check a page", {
  timeout: 60_000,
}, async () => {
  // Its hashes do not fit into the first bytes of the sidecar.
  const bytes = new Uint8Array(0x2000000);
  for (let at = 0; at < bytes.length; at += 4096) bytes[at] = at >> 12 | 1;
  const { sidecar, digest } = sealBytes(bytes);
  await using server = await startServer({
    "/vm.mr?v=2": bytes,
    "/vm.mr.verity?v=2": sidecar,
  }, { pairs: true });
  const url = `${server.url}/vm.mr?v=2`;
  using opened = await openSource(placeOf(url, { digest }), {});
  assert.equal(server.requests, 2);
  const page = new Uint8Array(4096);
  await opened.source.readInto(page, 0x1f00000);
  assert.equal(server.requests, 4);
  assert.deepEqual(page, bytes.subarray(0x1f00000, 0x1f01000));
  // 128 pages have their hashes in one block, and the file has a cache.
  await opened.source.readInto(page, 0x1f05000);
  assert.equal(server.requests, 4);
  const moved = opened.transfer()?.bytes ?? Infinity;
  assert.ok(moved < 4 * 0x10000, `${moved}`);
});

test("openSource() reads the pages of a working set with few requests more", {
  timeout: 60_000,
}, async () => {
  const bytes = new Uint8Array(0x4000000);
  for (let at = 0; at < bytes.length; at += 4096) bytes[at] = at >> 12 | 1;
  const { sidecar, digest } = sealBytes(bytes);
  await using server = await startServer({
    "/vm.mr": bytes,
    "/vm.mr.verity": sidecar,
  });
  const url = `${server.url}/vm.mr`;
  // Pages far from each other: each is a request of its own.
  const pages = Array.from({ length: 200 }, (_, n) => (n * 37 % 1024) * 16);
  const costs = [];
  for (const values of [{}, { digest }]) {
    using opened = await openSource(placeOf(url, values), {});
    for (const page of pages) {
      await opened.source.readInto(new Uint8Array(4096), page * 4096);
    }
    costs.push(opened.transfer() ?? { requests: 0, bytes: 0 });
  }
  const [plain, checked] = costs;
  const areas = new Set(pages.map((it) => Math.floor(it / 128))).size;
  assert.ok(plain.requests > 190, `${plain.requests}`);
  // The sidecar is opened, and each block of hashes read at most once.
  const most = plain.requests + 1 + areas;
  assert.ok(checked.requests <= most, `${checked.requests}, ${most}`);
  assert.ok(checked.bytes <= 1.1 * plain.bytes, `${checked.bytes}`);
});
