import assert from "node:assert/strict";
import { test } from "node:test";
import {
  exportImage,
  memorySink,
  openHttpSource,
  openSnapshot,
  SourceError,
} from "../../../mod.ts";
import { startLiar, truth } from "./liar_server.ts";
import {
  type Answer,
  answering,
  body,
  FAR,
  FILE,
  HEADERS,
  load,
  loadFile,
  OPTIONS,
  RAM,
} from "./testing/several_ranges.ts";

function answerAll(...[parts, response, file]: Parameters<Answer>): void {
  response.writeHead(206, HEADERS).end(body(parts, file));
}

test("exportImage() reads many runs with few requests", async () => {
  const { requests } = await load(answerAll);
  assert(requests < 10, `${requests} requests`);
});

test("exportImage() requests ranges again that were left out", async () => {
  await load((parts, response, file) => {
    response.writeHead(206, HEADERS).end(body(parts.slice(1), file));
  });
});

/** Ways to refuse a request for several ranges. */
const REFUSALS: readonly Answer[] = [
  // The whole file, only one range, or a response that is not multipart.
  (_, response, file) => response.writeHead(200).end(file),
  ([{ first, last }], response, file) => {
    const range = `bytes ${first}-${last}/${file.length}`;
    response.writeHead(206, { "content-range": range, etag: '"1"' })
      .end(file.subarray(first, last + 1));
  },
  (_, response) => response.writeHead(206, HEADERS).end("--b2\r\n\r\n"),
  (_, response) => response.writeHead(206, HEADERS).end("\r\n--b1--\r\n"),
  (_, response) => response.writeHead(400).end(),
  (_, response) => response.writeHead(416).end(),
  (_, response) => response.writeHead(501).end(),
];

test("exportImage() asks an object store for one range per request", async () => {
  for (
    const name of ["x-amz-request-id", "x-ms-request-id", "x-goog-generation"]
  ) {
    await using liar = await startLiar(FILE);
    let severals = 0;
    liar.lie = (request, response, file) => {
      if (String(request.headers.range).includes(",")) severals++;
      truth(request, response.setHeader(name, "1"), file);
    };
    const source = await openHttpSource(liar.url, OPTIONS);
    const { blocks: [block] } = await openSnapshot(source);
    const sink = memorySink();
    await exportImage(block, sink);
    assert.deepEqual(sink.bytes(), RAM);
    assert.equal(severals, 0);
    assert(source.requests < 6, `${source.requests} requests`);
  }
});

test("exportImage() joins near runs if several ranges are refused", async () => {
  for (const refusal of REFUSALS) {
    const { requests } = await load(refusal);
    assert(requests < 6, `${requests} requests`);
  }
});

test("exportImage() reads distant runs separately if several ranges are refused", async () => {
  for (const refusal of REFUSALS) {
    const { requests } = await loadFile(FAR, refusal);
    assert(requests > 100 && requests < 110, `${requests} requests`);
  }
});

test("exportImage() asks another origin for one range at a time", async () => {
  const { requests } = await loadFile(FAR, () => assert.fail("several"), {
    ...OPTIONS,
    // As a browser marks what a page of another origin receives.
    fetch: async (request) =>
      Object.defineProperty(await fetch(request), "type", { value: "cors" }),
  });
  assert(requests > 100, `${requests} requests`);
});

test("streamRanges() requests distant ranges four at a time, and returns them in order", async () => {
  await using liar = await startLiar(FAR.file);
  const source = await openHttpSource(liar.url, OPTIONS);
  let left = 30;
  let peak = 0;
  const held: (() => void)[] = [];
  liar.lie = (request, response, file) => {
    const isOne = !String(request.headers.range).includes(",");
    if (!isOne) return void response.writeHead(416).end();
    held.push(() => truth(request, response, file));
    peak = Math.max(peak, held.length);
    if (held.length < Math.min(4, left)) return;
    left -= held.length;
    for (const answer of held.splice(0)) answer();
  };
  const ranges = [...Array(left).keys()]
    .map((index) => ({ offset: 0x20000 + index * 0x14000, length: 0x1000 }));
  const found = new Uint8Array(FAR.file.length);
  let taking = 0;
  await source.streamRanges?.(ranges, async (bytes, { offset }) => {
    assert.equal(++taking, 1);
    await new Promise((resolve) => setTimeout(resolve, 1));
    found.set(bytes, offset);
    taking--;
  });
  for (const { offset, length } of ranges) {
    const bytes = found.subarray(offset, offset + length);
    assert.deepEqual(bytes, FAR.file.subarray(offset, offset + length));
  }
  assert.equal(peak, 4);
});

test("exportImage() fails with the sink's error, and makes no more requests", async () => {
  const answers: Answer[] = [
    answerAll,
    (_, response) => response.writeHead(416).end(),
  ];
  for (const answer of answers) {
    await using liar = await startLiar(FILE);
    liar.lie = answering(answer);
    const source = await openHttpSource(liar.url, OPTIONS);
    const { blocks: [block] } = await openSnapshot(source);
    const before = liar.count;
    const full = new Error("no space");
    const sink = { ...memorySink(), write: () => Promise.reject(full) };
    await assert.rejects(
      exportImage(block, sink),
      (error) => error === full,
    );
    assert(liar.count - before <= 2, `${liar.count - before} requests`);
  }
});

/** Returns the correct response to a request, without a server. */
function answerNow(request: Request, file: Uint8Array): Response {
  const range = request.headers.get("range") ?? "";
  const parts = range.replace("bytes=", "").split(",").map((spec) => {
    const [first, last] = spec.split("-").map(Number);
    return { first, last: Math.min(last, file.length - 1) };
  });
  const [{ first, last }] = parts;
  return parts.length > 1
    ? new Response(body(parts, file), { status: 206, headers: HEADERS })
    : new Response(file.slice(first, last + 1), {
      status: 206,
      headers: {
        "content-range": `bytes ${first}-${last}/${file.length}`,
        etag: '"1"',
      },
    });
}

test("exportImage() does not take a slow sink for a silent server", async () => {
  // Only the sink takes time: the server is never waited for.
  const fetch = (request: Request) => Promise.resolve(answerNow(request, FILE));
  const options = { retries: 0, timeout: 100, fetch };
  const source = await openHttpSource("http://host/vm.mr", options);
  const { blocks: [block] } = await openSnapshot(source);
  const sink = memorySink();
  let slept = false;
  async function write(bytes: Uint8Array, offset: number): Promise<void> {
    if (!slept) await new Promise((resolve) => setTimeout(resolve, 500));
    slept = true;
    await sink.write(bytes, offset);
  }
  await exportImage(block, { ...sink, write });
  assert(slept);
  assert.deepEqual(sink.bytes(), RAM);
});

test("exportImage() reports the defect of a response of several ranges", async () => {
  const messageOf = async (answer: Answer): Promise<string> => {
    const error = await load(answer).then(() => undefined, (error) => error);
    assert(error instanceof SourceError, String(error));
    return error.message.replace(/http:[^"]*/, "URL")
      .replace(/bytes 0x\w+ to 0x\w+/, "bytes …");
  };
  assert.equal(
    await messageOf((parts, response, file) => {
      response.writeHead(206, { ...HEADERS, etag: '"2"' })
        .end(body(parts, file));
    }),
    'Cannot read bytes … of "URL": the file changed on the server: "2", ' +
      `expected "1" of ${FILE.length} bytes as when it was opened`,
  );
});
