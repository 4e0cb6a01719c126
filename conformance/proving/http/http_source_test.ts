import assert from "node:assert/strict";
import { test } from "node:test";
import { openHttpSource, openSnapshot, SourceError } from "../../../mod.ts";
import { type Lie, startLiar, truth } from "./liar_server.ts";
import { FAST, FILE, messageOf } from "./testing/lied_about_file.ts";

test("openHttpSource() opens with one request and reads every page", async () => {
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

test("openHttpSource() refuses responses that are not the start of a file", async () => {
  await using liar = await startLiar(FILE);
  const opening = async (lie: Lie) => {
    liar.lie = lie;
    return await messageOf(openHttpSource(liar.url, FAST), liar);
  };
  assert.equal(
    await opening((_, response, file) => response.writeHead(200).end(file)),
    'Cannot read bytes 0x0 to 0x10000 of "URL": the server answered 200 with ' +
      "the whole file, expected 206: enable Range requests for it " +
      "(Accept-Ranges: bytes) and disable compression",
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
      'Content-Range "bytes 0-65535/*", expected a range that starts at 0, ' +
      "and the file size",
  );
  assert.equal(
    await opening((_, response, file) => {
      response.writeHead(206).end(file.subarray(0, 65536));
    }),
    'Cannot read bytes 0x0 to 0x10000 of "URL": the server answered ' +
      "Content-Range null, expected a range that starts at 0, and the file size",
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
      "Content-Encoding x-packed, expected no encoding: disable compression " +
      "for this file",
  );
  // Decompression by fetch fails with the runtime's message.
  assert.match(
    await opening(encoded("br")),
    /Content-Encoding br|decod|brotli|ended after/i,
  );
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

test("openHttpSource() keeps secrets out of messages of others", async () => {
  const secrets = { "x-api-key": "s3cret-key", authorization: "Bearer s3cret" };
  const refusals: (() => Promise<unknown>)[] = [
    () => openHttpSource("http://alice:s3cret@host:99999/?x=s3cret"),
    () => openHttpSource("ftp://alice:s3cret@host/?x=s3cret"),
    () => openHttpSource("http://host/", { headers: { "x-key": "s3cret\n" } }),
    () => openHttpSource("http://host/", { headers: { "x-key": "s3cret€" } }),
    // A server that repeats the request, and a signer that repeats its input.
    () =>
      openHttpSource("http://host/?x=s3cret-query", {
        ...FAST,
        headers: secrets,
        fetch: ({ headers, url }) =>
          Promise.resolve(
            new Response(null, {
              status: 403,
              statusText: `${headers.get("x-api-key")} ${new URL(url).search}`,
            }),
          ),
      }),
    () =>
      openHttpSource("http://host/?x=s3cret-query", {
        ...FAST,
        headers: secrets,
        fetch: ({ url }) =>
          Promise.reject(
            new Error("no", { cause: new Error(`bad s3cret-key for ${url}`) }),
          ),
      }),
  ];
  for (const refusal of refusals) {
    let error: unknown = await refusal().then(
      () => undefined,
      (error) => error,
    );
    assert(error instanceof Error);
    for (; error instanceof Error; error = error.cause) {
      const text = `${error.message} ${JSON.stringify({ ...error })}`;
      assert(!text.includes("s3cret"), text);
    }
  }
});

test("openHttpSource() uses the given fetch", async () => {
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
