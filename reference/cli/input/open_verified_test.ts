import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import { test } from "node:test";
import { sealBytes } from "../../testing/sealed_bytes.ts";
import { openSource } from "./open_source.ts";
import { verityOf } from "./verity_options.ts";

/** A range server that answers requests two at a time, in pairs of paths. */
interface PairServer extends AsyncDisposable {
  readonly url: string;
  /** Number of requests, of which two are one round trip. */
  readonly requests: number;
}

/**
 * Starts a server that answers a request for one path only once one for the
 * other has come: who asks for one after the other waits for ever.
 */
async function startPairServer(
  files: Readonly<Record<string, Uint8Array>>,
): Promise<PairServer> {
  const waiting = new Map<string, () => void>();
  let requests = 0;
  const server = createServer(({ headers, url = "" }, response) => {
    requests++;
    assert.ok(!waiting.has(url), url);
    waiting.set(url, () => answer(response, files[url], headers.range));
    if (waiting.size < Object.keys(files).length) return;
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
  await using server = await startPairServer({
    "/vm.mr?v=2": bytes,
    "/vm.mr.verity?v=2": sidecar,
  });
  const url = `${server.url}/vm.mr?v=2`;
  await using opened = await openSource(url, {
    verity: verityOf(url, { digest }),
  });
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
