import assert from "node:assert/strict";
import { test } from "node:test";
import { openHttpSource, SourceError } from "../../../mod.ts";
import { type Lie, startLiar, truth } from "./liar_server.ts";
import { FAST, FILE, messageOf } from "./testing/lied_about_file.ts";

/** Refuses a request as object stores do. */
function refusal(
  body: string,
  { status = 403, type = "application/xml" } = {},
): Lie {
  return (_, response) =>
    void response.writeHead(status, { "content-type": type }).end(body);
}

async function failureOf(promise: Promise<unknown>): Promise<SourceError> {
  const error = await promise.then(() => undefined, (error: unknown) => error);
  assert(error instanceof SourceError, String(error));
  return error;
}

/** Returns why a file cannot be opened. */
async function reasonOf(lie: Lie): Promise<string> {
  await using liar = await startLiar(FILE);
  liar.lie = lie;
  const { message } = await failureOf(openHttpSource(liar.url, FAST));
  return message.replace(/^.*?": /, "");
}

const XML = '<?xml version="1.0" encoding="UTF-8"?>\n';

test("the code and message of an object store are part of the error", async () => {
  const s3 = `${XML}<Error><Code>SignatureDoesNotMatch</Code><Message>The ` +
    "request signature does not match.</Message><AWSAccessKeyId>AKIAKEY" +
    "</AWSAccessKeyId><SignatureProvided>c0ffee</SignatureProvided></Error>";
  assert.equal(
    await reasonOf(refusal(s3)),
    "the server answered 403 Forbidden (SignatureDoesNotMatch: The request " +
      "signature does not match), expected 206",
  );
  const azure = "\ufeff" + XML + "<Error><Code>BlobNotFound</Code><Message>" +
    "The blob &quot;a&amp;b&#x27;&quot; does\nnot\u001b[31m exist&#46;\n" +
    "</Message></Error>";
  assert.equal(
    await reasonOf(refusal(azure, { status: 404, type: "text/xml; a=b" })),
    'the server answered 404 Not Found (BlobNotFound: The blob "a&b\'" does ' +
      "not [31m exist), expected 206",
  );
  const busy = "<Error><Code>SlowDown</Code></Error>";
  assert.equal(
    await reasonOf(refusal(busy, { status: 503 })),
    "the server answered 503 Service Unavailable (SlowDown) (3 tries)",
  );
});

test("a body that is no object store's adds nothing to the error", async () => {
  const plain = "the server answered 403 Forbidden, expected 206";
  const code = "<Error><Code>AccessDenied</Code></Error>";
  const bodies: readonly Lie[] = [
    refusal(""),
    refusal(code, { type: "text/html" }),
    refusal("<Error><Code></Code><Message> . </Message></Error>"),
    refusal("<Error><Code>Access<Message>Denied</Code></Error>"),
    refusal(`<Error>${" ".repeat(0x2000)}<Code>Late</Code></Error>`),
  ];
  for (const lie of bodies) assert.equal(await reasonOf(lie), plain);
  const strange = "&#x110000;&#9999999;&#0;&none;&amp;lt;";
  assert.equal(
    await reasonOf(refusal(`<Message>${strange} ${"x".repeat(999)}</Message>`)),
    "the server answered 403 Forbidden (&#x110000;&#9999999; &none;&lt; …), " +
      "expected 206",
  );
});

test("only the start of an endless refusal is read", async () => {
  await using liar = await startLiar(FILE);
  let sent = 0;
  liar.lie = (_, response) => {
    response.writeHead(403, { "content-type": "application/xml" });
    response.write("<Error><Code>AccessDenied</Code>");
    const timer = setInterval(() => {
      sent++;
      response.write(" ".repeat(0x1000));
    }, 1);
    response.on("close", () => clearInterval(timer));
  };
  assert.match(
    await messageOf(openHttpSource(liar.url, FAST), liar),
    /403 Forbidden \(AccessDenied\), expected 206$/,
  );
  assert(sent < 1000);
});

test("secrets that a refusal repeats are not shown", async () => {
  await using liar = await startLiar(FILE);
  const given = "s1gnature-given";
  const renewed = "s1gnature-renewed";
  liar.lie = refusal(
    `<Error><Code>AccessDenied</Code><Message>no ${given} nor ${renewed}` +
      "</Message></Error>",
  );
  const opened = openHttpSource(`${liar.url}?X-Amz-Signature=${given}`, {
    ...FAST,
    fetch: (request) =>
      fetch(new Request(`${liar.url}?X-Amz-Signature=${renewed}`, request)),
  });
  assert.match(
    (await failureOf(opened)).message,
    /403 Forbidden \(AccessDenied: no … nor …\), expected 206$/,
  );
});

test("another version of a file is an error of a changed one", async () => {
  await using liar = await startLiar(FILE);
  const source = await openHttpSource(liar.url, FAST);
  assert.equal(source.etag, '"1"');
  const expected = `expected "1" of ${FILE.length} bytes as when it was opened`;
  const lies: readonly (readonly [Lie, message: string])[] = [
    [
      ({ first, last }, response, file) =>
        response.writeHead(206, {
          "content-range": `bytes ${first}-${last}/${file.length}`,
          etag: '"2"',
        }).end(file.subarray(first, last + 1)),
      `the file changed on the server: "2" of ${FILE.length} bytes, ${expected}`,
    ],
    [
      (_, response) =>
        response.writeHead(416, { "content-range": "bytes */100" }).end(),
      `the file changed on the server: it ends at 100, ${expected}`,
    ],
    [
      refusal("<Error><Code>InvalidRange</Code></Error>", { status: 416 }),
      `the file changed on the server: it ends at a lower offset, ${expected}`,
    ],
    [
      refusal("<Error><Code>PreconditionFailed</Code></Error>", {
        status: 412,
      }),
      "the server answered 412 Precondition Failed (PreconditionFailed), " +
      "expected 206",
    ],
  ];
  for (const [lie, message] of lies) {
    liar.lie = lie;
    const before = liar.count;
    const read = source.readInto(new Uint8Array(4096), 0x100000);
    const error = await failureOf(read);
    assert(error.message.endsWith(message), error.message);
    assert(error.changed, message);
    assert.equal(liar.count, before + 1);
  }
});

test("a server that contradicts itself, or lost the file, changed nothing", async () => {
  await using liar = await startLiar(FILE);
  const source = await openHttpSource(liar.url, FAST);
  const lies: readonly Lie[] = [
    (_, response, file) =>
      response.writeHead(416, { "content-range": `bytes */${file.length}` })
        .end(),
    refusal("<Error><Code>NoSuchKey</Code></Error>", { status: 404 }),
    refusal("<Error><Code>AccessDenied</Code></Error>"),
  ];
  for (const lie of lies) {
    liar.lie = lie;
    const read = source.readInto(new Uint8Array(4096), 0x100000);
    assert.equal((await failureOf(read)).changed, false);
  }
  liar.lie = truth;
  await source.readInto(new Uint8Array(4096), 0x100000);
});

test("an empty object, whose size S3 does not give, is an empty file", async () => {
  await using liar = await startLiar(new Uint8Array());
  liar.lie = refusal("<Error><Code>InvalidRange</Code></Error>", {
    status: 416,
  });
  const source = await openHttpSource(liar.url, FAST);
  assert.equal(source.byteLength, 0);
  assert.equal(source.etag, undefined);
});
