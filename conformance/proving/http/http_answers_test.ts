import assert from "node:assert/strict";
import { test } from "node:test";
import { openHttpSource, openSnapshot, SourceError } from "../../../mod.ts";
import { type LiarServer, type Lie, startLiar, truth } from "./liar_server.ts";
import { FAST, FILE, messageOf } from "./testing/lied_about_file.ts";

/**
 * Responds with the bytes [first, stop) of the file, whatever was requested.
 */
function part(
  response: Parameters<Lie>[1],
  file: Uint8Array,
  { first, stop, headers = {} }: {
    readonly first: number;
    readonly stop: number;
    readonly headers?: Readonly<Record<string, string>>;
  },
): void {
  response.writeHead(206, {
    "content-range": `bytes ${first}-${stop - 1}/${file.length}`,
    "content-length": String(stop - first),
    etag: '"1"',
    ...headers,
  }).end(file.subarray(first, stop));
}

/** Opens a file on a lying server, and reads all of it and parts. */
async function readAll(lie: Lie): Promise<LiarServer> {
  const liar = await startLiar(FILE);
  try {
    liar.lie = lie;
    const source = await openHttpSource(liar.url, FAST);
    assert.equal(source.byteLength, FILE.length);
    for (const [start, end] of [[0, FILE.length], [5, 99], [70_001, 200_000]]) {
      const found = new Uint8Array(end - start);
      await source.readInto(found, start);
      assert.deepEqual(found, FILE.slice(start, end));
    }
    const block = (await openSnapshot(source)).block("ram");
    assert.equal((await block.readPage(511))[0], 511 % 255 + 1);
  } finally {
    await liar[Symbol.asyncDispose]();
  }
  return liar;
}

test("a source over a URL requests the rest when it receives part of a range", async () => {
  const { count } = await readAll(({ first, last }, response, file) => {
    const stop = Math.min(last + 1, first + 0x8000);
    part(response, file, { first, stop });
  });
  assert(count < 2 * FILE.length / 0x8000, `${count} requests`);
});

test("a source over a URL extracts the requested range from whole blocks", async () => {
  await readAll(({ first, last }, response, file) => {
    const block = 0x10000;
    part(response, file, {
      first: Math.floor(first / block) * block,
      stop: Math.min(file.length, Math.ceil((last + 1) / block) * block),
    });
  });
  // The rest of a long body is not read.
  await readAll(({ first }, response, file) => {
    part(response, file, { first, stop: file.length });
  });
});

test("a source over a URL rejects when the received parts are too small", async () => {
  await using liar = await startLiar(FILE);
  const source = await openHttpSource(liar.url, FAST);
  liar.lie = ({ first }, response, file) =>
    part(response, file, { first, stop: first + 1 });
  assert.equal(
    await messageOf(source.readInto(new Uint8Array(4096), 0x100000), liar),
    'Cannot read bytes 0x100012 to 0x101000 of "URL": the server gave 18 of ' +
      "4096 bytes in 18 answers",
  );
  // Bytes before or after the range are no progress.
  for (const first of [0, 0x101000]) {
    liar.lie = (_, response, file) =>
      part(response, file, { first, stop: first + 0x1000 });
    assert.match(
      await messageOf(source.readInto(new Uint8Array(4096), 0x100000), liar),
      /answered Content-Range ".*", expected bytes 1048576-1052671$/,
    );
  }
});

test("field values are read by their grammar", async () => {
  const plain: Lie = ({ first, last }, response, file) => {
    part(response, file, { first, stop: last + 1 });
  };
  const fields = [
    { "content-encoding": "" },
    { "content-encoding": "Identity" },
    { "content-encoding": "aws-chunked" },
    { "content-encoding": " AWS-Chunked , identity" },
  ];
  for (const headers of fields) {
    await readAll(({ first, last }, response, file) => {
      part(response, file, { first, stop: last + 1, headers });
    });
  }
  for (const unit of ["Bytes", "BYTES", " bytes "]) {
    await readAll((request, response, file) => {
      const { first, last } = request;
      const value = `${unit} ${first}-${last}/${file.length}`;
      part(response, file, {
        first,
        stop: last + 1,
        headers: { "content-range": value },
      });
    });
  }
  await using liar = await startLiar(FILE);
  liar.lie = plain;
  const source = await openHttpSource(liar.url, FAST);
  const wrong = [
    "bytes 1048576-1048575/2097152", // ends before it starts
    "bytes 1048576-1052671/1048600", // ends past the end
    "bytes 1048576-1052671/99999999999999999999",
    "bytes 1048576-99999999999999999999/*",
    "pages 1048576-1052671/*",
    "bytes */*",
    "1048576-1052671",
  ];
  for (const value of wrong) {
    liar.lie = (_, response, file) => {
      part(response, file, {
        first: 0x100000,
        stop: 0x101000,
        headers: { "content-range": value },
      });
    };
    assert.match(
      await messageOf(source.readInto(new Uint8Array(4096), 0x100000), liar),
      /: the server answered Content-Range "/,
    );
  }
});

test("a permanent error is not retried, and gives its reason", async () => {
  await using liar = await startLiar(FILE);
  const opening = async (lie: Lie): Promise<[string, number]> => {
    liar.lie = lie;
    const before = liar.count;
    const said = await messageOf(openHttpSource(liar.url, FAST), liar);
    return [said.replace(/^.*?"URL": /, ""), liar.count - before];
  };
  assert.deepEqual(
    await opening((_, response) => response.writeHead(501).end()),
    ["the server answered 501 Not Implemented, expected 206", 1],
  );
  assert.deepEqual(
    await opening((_, response) => response.writeHead(505).end()),
    [
      "the server answered 505 HTTP Version Not Supported, expected 206",
      1,
    ],
  );
  const [words] = await opening((_, response) => response.destroy());
  assert.match(words, / \(3 tries\)$/);
});

test("an unknown host and a refused connection are reported as such", async () => {
  let tries = 0;
  const options = {
    ...FAST,
    fetch: (request: Request) => {
      tries++;
      return fetch(request);
    },
  };
  const reasonOf = async (url: string) => {
    const opened = openHttpSource(url, options);
    const error = await opened.then(() => undefined, (error) => error);
    assert(error instanceof SourceError, String(error));
    return error.message.replace(/^.*?": /, "");
  };
  assert.match(
    await reasonOf("http://no.such.host.invalid/vm.mr?token=s3cret-token"),
    /^the host is not known \([^)]*\)$/,
  );
  assert.equal(tries, 1);
  const liar = await startLiar(FILE);
  await liar[Symbol.asyncDispose]();
  assert.match(
    await reasonOf(`${liar.url}?token=s3cret-token`),
    /^no process listens there \(.*refused.*\) \(3 tries\)$/i,
  );
});

test("a host that was found before is retried when its name is not found", async () => {
  await using liar = await startLiar(FILE);
  let failures = 0;
  const source = await openHttpSource(liar.url, {
    ...FAST,
    fetch: (request) => {
      if (failures-- <= 0) return fetch(request);
      const cause = Object.assign(new Error("getaddrinfo EAI_AGAIN host"), {
        code: "EAI_AGAIN",
      });
      return Promise.reject(new TypeError("fetch failed", { cause }));
    },
  });
  failures = 2;
  const target = new Uint8Array(4096);
  await source.readInto(target, 0x100000);
  assert.deepEqual(target, FILE.slice(0x100000, 0x101000));
  failures = 3;
  liar.lie = truth;
  assert.match(
    await messageOf(source.readInto(target, 0x100000), liar),
    /the host is not known \(getaddrinfo EAI_AGAIN host\) \(3 tries\)$/,
  );
});
