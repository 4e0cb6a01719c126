import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { LINUX } from "../linux/mod.ts";
import { linux } from "../system/mod.ts";
import { touchPages } from "../linux/testing/touch_pages.ts";
import { uffdTest } from "../linux/testing/uffd_test_case.ts";
import { createSnapshot } from "../saving/mod.ts";
import { createFileSink } from "../sinks/mod.ts";
import { PagedMemory } from "./paged_memory.ts";
import {
  PAGE,
  PAGE_COUNT,
  valueOf,
  writeSnapshot,
} from "./testing/numbered_pages.ts";

const MAP_FIXED = 0x10;

const ALL = Array.from({ length: PAGE_COUNT }, (_, page) => page);
const VALUES = ALL.map(valueOf);

for (const background of [false, true]) {
  for (const faultAround of [PAGE, 0x10000]) {
    uffdTest(
      `PagedMemory is filled on demand (${faultAround} bytes a fault, background ${background})`,
      async (folder) => {
        const path = folder.file("vm.mr");
        await writeSnapshot(path);
        await using memory = await PagedMemory.open(path, {
          background,
          faultAround,
        });
        // From this thread, from others, and from the kernel in a system call.
        assert.equal(memory.bytes()[17 * PAGE + 5], valueOf(17));
        const { address } = memory;
        const orders = [
          ALL,
          ALL.toReversed(),
          ALL.filter((it) => it % 2 === 0),
        ];
        const found = await Promise.all(
          orders.map((pages) => touchPages({ address, pageSize: PAGE, pages })),
        );
        assert.deepEqual(found, orders.map((pages) => pages.map(valueOf)));
        if (background) {
          await memory.loaded;
          assert.equal(memory.statistics?.loaded, true);
        }
      },
    );
  }
}

uffdTest(
  "PagedMemory stays usable, with what was written, once it is fully loaded",
  async (folder) => {
    const path = folder.file("vm.mr");
    await writeSnapshot(path);
    const memory = await PagedMemory.open(path);
    memory.bytes()[5 * PAGE] = 99;
    await memory.loaded;
    await memory.close();
    const bytes = memory.bytes();
    assert.equal(bytes[5 * PAGE], 99);
    assert.deepEqual(ALL.map((page) => bytes[page * PAGE + 1]), VALUES);
  },
);

uffdTest(
  "PagedMemory stays zero where its owner removed pages",
  async (folder) => {
    const path = folder.file("vm.mr");
    await writeSnapshot(path);
    await using memory = await PagedMemory.open(path, { background: false });
    const { call } = linux();
    const { address } = memory;
    const MADV_DONTNEED = 4;
    assert.equal(memory.bytes()[100 * PAGE], valueOf(100));
    call.madvise(address + 90 * PAGE, 20 * PAGE, MADV_DONTNEED);
    const found = await touchPages({ address, pageSize: PAGE, pages: ALL });
    const expected = VALUES.with(90, 0).fill(0, 90, 110);
    assert.deepEqual(found, expected);
  },
);

uffdTest(
  "PagedMemory fills pages that were moved",
  async (folder) => {
    const path = folder.file("vm.mr");
    await writeSnapshot(path);
    await using memory = await PagedMemory.open(path, { background: false });
    const { call } = linux();
    const length = 256 * PAGE;
    const MREMAP_MAYMOVE = 1;
    assert.equal(memory.bytes()[3 * PAGE], valueOf(3));
    const from = memory.address + 256 * PAGE;
    // Growing forces a move, because more of the memory follows.
    const to = call.mremap(from, length, length + PAGE, MREMAP_MAYMOVE);
    assert.ok(to > 0 && to !== from);
    const pages = Array.from({ length: 256 }, (_, page) => page);
    const moved = await touchPages({ address: to, pageSize: PAGE, pages });
    assert.deepEqual(moved, pages.map((page) => valueOf(256 + page)));
    const rest = await touchPages({
      address: memory.address,
      pageSize: PAGE,
      pages,
    });
    assert.deepEqual(rest, pages.map(valueOf));
    call.munmap(to, length + PAGE);
  },
);

uffdTest(
  "PagedMemory.close() ends even if the pager has failed, and unmaps its memory alone",
  async (folder) => {
    const path = folder.file("vm.mr");
    const pageCount = 2100;
    const blocks = [{ idstr: "ram", usedLength: pageCount * PAGE }];
    await (await createSnapshot(createFileSink(path), blocks)).finish();
    const memory = await PagedMemory.open(path, { background: false });
    const { call } = linux();
    // In more pieces than the pager tracks: it fails and reads no more events.
    const places = Array.from(
      { length: 1024 },
      (_, index) => memory.address + (2 * index + 1) * PAGE,
    );
    for (const place of places) {
      call.mmap(
        ...[place, PAGE, LINUX.PROT_NONE],
        ...[LINUX.MAP_PRIVATE | LINUX.MAP_ANONYMOUS | MAP_FIXED, -1, 0],
      );
    }
    await assert.rejects(memory.close(), /memory in 1025 pieces/);
    // What took the places of its pages is still there.
    for (const place of places) {
      assert.equal(call.mprotect(place, PAGE, LINUX.PROT_READ), 0);
      call.munmap(place, PAGE);
    }
  },
);

uffdTest(
  "PagedMemory blocks a touch while its page cannot be read",
  async (folder) => {
    const path = folder.file("vm.mr");
    await writeSnapshot(path);
    const retries: string[] = [];
    const failed = Promise.withResolvers<void>();
    const bytes = readFileSync(path);
    let isDown = false;
    const server = createServer((request, response) => {
      const range = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "");
      if (isDown || range === null) return void request.socket.destroy();
      const [first, last] = [Number(range[1]), Number(range[2])];
      const body = bytes.subarray(first, last + 1);
      const end = first + body.length - 1;
      response.writeHead(206, {
        "content-length": body.length,
        "content-range": `bytes ${first}-${end}/${bytes.length}`,
        "etag": '"one"',
      }).end(body);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const memory = await PagedMemory.open(`http://127.0.0.1:${port}/vm.mr`, {
      background: false,
      retryFor: 200,
      onRetry: (message) => retries.push(message),
      onFailed: () => failed.resolve(),
    });
    isDown = true;
    const { address } = memory;
    const waiting = touchPages({ address, pageSize: PAGE, pages: [1000] });
    await failed.promise;
    assert.match(retries[0] ?? "", /Cannot read bytes/);
    // The server is back, so the touch completes.
    isDown = false;
    assert.deepEqual(await waiting, [valueOf(1000)]);
    await memory.close();
    server.closeAllConnections();
    server.close();
  },
);

uffdTest("PagedMemory records which pages were touched", async (folder) => {
  const path = folder.file("vm.mr");
  await writeSnapshot(path);
  const memory = await PagedMemory.open(path, {
    background: false,
    faultAround: PAGE,
    record: true,
  });
  const { address } = memory;
  const pages = [500, 501, 7, 500, 502];
  await touchPages({ address, pageSize: PAGE, pages });
  const profile = await memory.close();
  assert.deepEqual(profile?.runs, [
    { idstr: "ram", first: 500, end: 502 },
    { idstr: "ram", first: 7, end: 8 },
    { idstr: "ram", first: 502, end: 503 },
  ]);
});
