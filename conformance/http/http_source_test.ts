import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type HttpSourceOptions,
  memorySink,
  memorySource,
  openHttpSource,
  openSnapshot,
  saveSnapshot,
  SourceError,
} from "../../mod.ts";
import { type LiarServer, type Lie, startLiar, truth } from "./liar_server.ts";

const MIB = 2 ** 20;
const FAST: HttpSourceOptions = { retries: 2, retryDelay: 1, timeout: 500 };

/** A snapshot of 2 MiB of RAM, each page another. */
async function file(): Promise<Uint8Array> {
  const ram = new Uint8Array(2 * MIB);
  for (let page = 0; page < 512; page++) {
    if (page % 3 !== 0) {
      ram.fill(page % 255 + 1, page * 4096, page * 4096 + 4096);
    }
  }
  const sink = memorySink();
  await saveSnapshot(sink, [{ idstr: "ram", source: memorySource(ram) }]);
  return sink.bytes();
}

const FILE = await file();

/** Reads the whole file behind the head, truly opened, then lied to. */
async function readAfter(lie: Lie, options = FAST): Promise<Uint8Array> {
  await using liar = await startLiar(FILE);
  const source = await openHttpSource(liar.url, options);
  liar.lie = lie;
  const target = new Uint8Array(4096);
  await source.readInto(target, 0x100000);
  return target;
}

async function messageOf(
  promise: Promise<unknown>,
  liar?: LiarServer,
): Promise<string> {
  const error = await promise.then(() => undefined, (error: unknown) => error);
  assert(error instanceof SourceError, String(error));
  assert(!error.message.includes("\n"));
  return error.message.replace(liar?.url ?? /http:[^"]*/, "URL");
}

test("openHttpSource() opens by one request and reads every page", async () => {
  await using liar = await startLiar(FILE);
  const source = await openHttpSource(liar.url);
  assert.equal(liar.count, 1);
  assert.equal(source.byteLength, FILE.length);
  const block = (await openSnapshot(source)).block("ram");
  assert.equal((await block.readPage(511))[0], 511 % 255 + 1);
  assert.equal((await block.readPage(510))[0], 0);
});

test("openHttpSource() opens an empty file when the server answers 416", async () => {
  await using liar = await startLiar(new Uint8Array(0));
  assert.equal((await openHttpSource(liar.url)).byteLength, 0);
});

test("openHttpSource() refuses answers that are not the start of a file", async () => {
  await using liar = await startLiar(FILE);
  const opening = async (lie: Lie) => {
    liar.lie = lie;
    return await messageOf(openHttpSource(liar.url, FAST), liar);
  };
  assert.equal(
    await opening((_, response, file) => response.writeHead(200).end(file)),
    'Cannot read bytes 0x0 to 0x10000 of "URL": the server answered 200 with ' +
      "the whole file, expected 206: switch on Range requests for it " +
      "(Accept-Ranges: bytes) and compression off",
  );
  assert.equal(
    await opening((_, response) => response.writeHead(404).end()),
    'Cannot read bytes 0x0 to 0x10000 of "URL": the server answered 404 Not ' +
      "Found, expected 206",
  );
  assert.equal(
    await opening((_, response, file) => {
      response.writeHead(206, { "content-range": "bytes 0-65535/*" })
        .end(file.subarray(0, 65536));
    }),
    'Cannot read bytes 0x0 to 0x10000 of "URL": the server answered ' +
      'Content-Range "bytes 0-65535/*", expected one that starts at 0 and ' +
      "tells the size",
  );
  assert.equal(
    await opening((_, response, file) => {
      response.writeHead(206).end(file.subarray(0, 65536));
    }),
    'Cannot read bytes 0x0 to 0x10000 of "URL": the server answered ' +
      "Content-Range null, expected one that starts at 0 and tells the size",
  );
  assert.equal(
    await opening((_, response, file) => {
      const range = `bytes 0-99/${file.length}`;
      response.writeHead(206, { "content-range": range })
        .end(file.subarray(0, 100));
    }),
    'Cannot read bytes 0x0 to 0x10000 of "URL": the server answered 100 bytes, ' +
      "expected 65536",
  );
  const encoded = (encoding: string): Lie => (_, response, file) => {
    response.writeHead(206, {
      "content-range": `bytes 0-65535/${file.length}`,
      "content-encoding": encoding,
    }).end(file.subarray(0, 65536));
  };
  assert.equal(
    await opening(encoded("x-packed")),
    'Cannot read bytes 0x0 to 0x10000 of "URL": the server answered ' +
      "Content-Encoding x-packed, expected the file as it is: switch " +
      "compression off for it",
  );
  // What fetch itself unpacks fails in the words of the runtime.
  assert.match(
    await opening(encoded("br")),
    /Content-Encoding br|decod|brotli|ended after/i,
  );
});

test("readInto() refuses a range other than the one asked for", async () => {
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

test("readInto() refuses a file that changed since it was opened", async () => {
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

test("readInto() tries again when the failure is passing", async () => {
  const once = (lie: Lie): Lie => (request, response, file) => {
    if (request.count === 1) lie(request, response, file);
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
    () => {}, // no answer at all
  ];
  for (const lie of passing) {
    const page = await readAfter(once(lie));
    assert.deepEqual(page, FILE.slice(0x100000, 0x101000));
  }
});

test("readInto() gives up after its tries and says what happened", async () => {
  assert.equal(
    await messageOf(readAfter((_, response) => response.writeHead(500).end())),
    'Cannot read bytes 0x100000 to 0x101000 of "URL": the server answered 500 ' +
      "Internal Server Error (3 tries)",
  );
  assert.equal(
    await messageOf(readAfter(() => {}, { ...FAST, retries: 0, timeout: 50 })),
    'Cannot read bytes 0x100000 to 0x101000 of "URL": no answer for 50 ms',
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

test("openHttpSource() keeps credentials out of names and messages", async () => {
  await using liar = await startLiar(FILE);
  let authorization: string | undefined;
  liar.lie = (request, response, file) => {
    authorization = request.headers.authorization;
    truth(request, response, file);
  };
  const url = new URL(liar.url);
  url.username = "alice";
  url.password = "s3cret";
  url.search = "?X-Signature=s3cret";
  const source = await openHttpSource(url, FAST);
  assert.equal(authorization, `Basic ${btoa("alice:s3cret")}`);
  assert.equal(source.name, `${liar.url}?…`);
  await liar[Symbol.asyncDispose]();
  const error: unknown = await source.readInto(new Uint8Array(9), 0x100000)
    .catch((error: unknown) => error);
  assert(error instanceof SourceError);
  assert(!`${error.message}${String(error.cause)}`.includes("s3cret"));
});

test("openHttpSource() asks by the fetch that it is given", async () => {
  await using liar = await startLiar(FILE);
  const signed: string[] = [];
  const source = await openHttpSource(liar.url, {
    headers: { "x-team": "red" },
    fetch: (request) => {
      signed.push(`${request.headers.get("x-team")} ${request.method}`);
      return fetch(request);
    },
  });
  await source.readInto(new Uint8Array(9), 0x100000);
  assert.deepEqual(signed, ["red GET", "red GET"]);
});
