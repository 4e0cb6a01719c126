import assert from "node:assert/strict";
import { test } from "node:test";
import { openHttpSource } from "../../../mod.ts";
import { type Lie, startLiar, truth } from "./liar_server.ts";
import {
  FAST,
  FILE,
  messageOf,
  openAtLast,
} from "./testing/lied_about_file.ts";

const IMPATIENT = { ...FAST, timeout: 500 };

/** Reads a page of a file whose server lies once it is open. */
async function readAfter(lie: Lie, options = FAST): Promise<Uint8Array> {
  await using liar = await startLiar(FILE);
  const source = await openAtLast(liar.url, options);
  const before = liar.count;
  liar.lie = (request, response, file) =>
    lie({ ...request, count: request.count - before }, response, file);
  const target = new Uint8Array(4096);
  await source.readInto(target, 0x100000);
  return target;
}

test("readInto() refuses a range other than the requested one", async () => {
  const message = await messageOf(readAfter((request, response, file) => {
    truth({ ...request, first: request.first + 1 }, response, file);
  }));
  assert.equal(
    message,
    'Cannot read bytes 0x100000 to 0x101000 of "URL": the server answered ' +
      `Content-Range "bytes 1048577-1052671/${FILE.length}", expected bytes ` +
      "1048576-1052671",
  );
});

test("readInto() refuses a file that has changed since it was opened", async () => {
  const changed = (etag: string | undefined, size = FILE.length): Lie => {
    return ({ first, last }, response, file) => {
      response.writeHead(206, {
        "content-range": `bytes ${first}-${last}/${size}`,
        ...(etag === undefined ? {} : { etag }),
      }).end(file.subarray(first, last + 1));
    };
  };
  const prefix = 'Cannot read bytes 0x100000 to 0x101000 of "URL": the file ' +
    "changed on the server: ";
  const expected =
    `, expected "1" of ${FILE.length} bytes as when it was opened`;
  assert.equal(
    await messageOf(readAfter(changed('"2"'))),
    `${prefix}"2" of ${FILE.length} bytes${expected}`,
  );
  assert.equal(
    await messageOf(readAfter(changed('W/"1"'))),
    `${prefix}W/"1" of ${FILE.length} bytes${expected}`,
  );
  assert.equal(
    await messageOf(readAfter(changed(undefined))),
    `${prefix}no ETag of ${FILE.length} bytes${expected}`,
  );
  assert.equal(
    await messageOf(readAfter(changed('"1"', FILE.length + 1))),
    `${prefix}"1" of ${FILE.length + 1} bytes${expected}`,
  );
});

test("readInto() retries after a temporary failure", async () => {
  const once = (lie: Lie): Lie => (request, response, file) => {
    if (request.count === 0) lie(request, response, file);
    else truth(request, response, file);
  };
  const passing: Lie[] = [
    (_, response) => response.writeHead(500).end(),
    (_, response) => response.writeHead(503, { "retry-after": "0" }).end(),
    (_, response) => response.writeHead(429).end(),
    (_, response) => response.destroy(),
    ({ first, last }, response, file) => {
      response.writeHead(206, {
        "content-range": `bytes ${first}-${last}/${file.length}`,
        "content-length": last - first + 1,
        etag: '"1"',
      });
      response.write(file.subarray(first, first + 100));
      setTimeout(() => response.destroy(), 10);
    },
  ];
  for (const lie of passing) {
    const page = await readAfter(once(lie));
    assert.deepEqual(page, FILE.slice(0x100000, 0x101000));
  }
  // No response at all; more than one if this process is too slow.
  const page = await readAfter(once(() => {}), { ...IMPATIENT, retries: 1000 });
  assert.deepEqual(page, FILE.slice(0x100000, 0x101000));
});

test("readInto() rejects after its last try and reports the reason", async () => {
  assert.equal(
    await messageOf(readAfter((_, response) => response.writeHead(500).end())),
    'Cannot read bytes 0x100000 to 0x101000 of "URL": the server answered 500 ' +
      "Internal Server Error (3 tries)",
  );
  assert.equal(
    await messageOf(readAfter(() => {}, { ...IMPATIENT, retries: 0 })),
    'Cannot read bytes 0x100000 to 0x101000 of "URL": no answer for 500 ms',
  );
  assert.equal(
    await messageOf(readAfter(({ first, last }, response, file) => {
      response.writeHead(206, {
        "content-range": `bytes ${first}-${last}/${file.length}`,
        etag: '"1"',
        connection: "close",
      });
      response.end(file.subarray(first, first + 100));
    })),
    'Cannot read bytes 0x100000 to 0x101000 of "URL": the connection ended ' +
      "after 100 of 4096 bytes (3 tries)",
  );
  assert.equal(
    await messageOf(readAfter(({ first, last }, response, file) => {
      response.writeHead(206, {
        "content-range": `bytes ${first}-${last}/${file.length}`,
        etag: '"1"',
      });
      response.end(file.subarray(first, first + 5000));
    })),
    'Cannot read bytes 0x100000 to 0x101000 of "URL": the server sent more ' +
      "than the 4096 bytes it announced (3 tries)",
  );
});

test("readInto() stops at once when its signal is aborted", async () => {
  await using liar = await startLiar(FILE);
  const source = await openHttpSource(liar.url, { timeout: 60_000 });
  liar.lie = () => {};
  const controller = new AbortController();
  const reading = source.readInto(new Uint8Array(10), 0x100000, {
    signal: controller.signal,
  });
  setTimeout(() => controller.abort(new Error("enough")), 20);
  await assert.rejects(reading, /^Error: enough$/);
  liar.lie = (_, response) => response.writeHead(503).end();
  const retrying = new AbortController();
  const again = source.readInto(new Uint8Array(10), 0x100000, {
    signal: retrying.signal,
  });
  setTimeout(() => retrying.abort(new Error("enough")), 20);
  await assert.rejects(again, /^Error: enough$/);
});

test("readInto() stops at once even if fetch ignores its signal", async () => {
  const answers: ((request: Request) => Response | Promise<Response>)[] = [
    () => new Promise<Response>(() => {}),
    // Some bytes, then none, in a stream that cannot be cancelled.
    () =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new Uint8Array(10)),
          cancel: () => new Promise(() => {}),
        }),
        {
          status: 206,
          headers: {
            "content-range": `bytes 1048576-1052671/${FILE.length}`,
            etag: '"1"',
          },
        },
      ),
  ];
  await using liar = await startLiar(FILE);
  for (const answer of answers) {
    let isOpen = false;
    const source = await openAtLast(liar.url, {
      ...IMPATIENT,
      retries: 1,
      fetch: async (request) => {
        return await (isOpen ? answer(request) : fetch(request));
      },
    });
    isOpen = true;
    const target = new Uint8Array(4096);
    const controller = new AbortController();
    const { signal } = controller;
    const reading = source.readInto(target, 0x100000, { signal });
    setTimeout(() => controller.abort(new Error("enough")), 5);
    await assert.rejects(reading, /^Error: enough$/);
    assert.match(
      await messageOf(source.readInto(target, 0x100000), liar),
      /: no answer for 500 ms \(2 tries\)$/,
    );
  }
});
