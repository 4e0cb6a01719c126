import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import {
  exportImage,
  memorySink,
  memorySource,
  openHttpSource,
  openSnapshot,
  saveSnapshot,
  SourceError,
} from "../../mod.ts";
import { randomNumbers } from "../faults/random_numbers.ts";
import { type Lie, startLiar, truth } from "./liar_server.ts";

/** 1 MiB of RAM of which every third page is there, each another. */
const RAM = new Uint8Array(2 ** 20);
for (let page = 0; page < 256; page += 3) {
  RAM.fill(page % 255 + 1, page * 4096, page * 4096 + 4096);
}
const FILE = await saved(RAM);

/** 8 MiB, whose pages stand too far from each other to be read as one. */
const FAR_RAM = new Uint8Array(2 ** 23);
for (let page = 0; page < 2048; page += 20) {
  FAR_RAM.fill(page % 255 + 1, page * 4096, page * 4096 + 4096);
}
const FAR = { ram: FAR_RAM, file: await saved(FAR_RAM) };

async function saved(ram: Uint8Array): Promise<Uint8Array> {
  const sink = memorySink();
  await saveSnapshot(sink, [{ idstr: "ram", source: memorySource(ram) }]);
  return sink.bytes();
}

/** A way to answer a request for several ranges. */
type Answer = (
  parts: { first: number; last: number }[],
  response: Parameters<Lie>[1],
  file: Uint8Array,
) => void;

/** Answers single ranges truly, several as told. */
function answering(answer: Answer): Lie {
  return (request, response, file) => {
    const specs = String(request.headers.range).replace("bytes=", "").split(
      ",",
    );
    if (specs.length === 1) return truth(request, response, file);
    const parts = specs.map((spec) => {
      const [first, last] = spec.split("-").map(Number);
      return { first, last };
    });
    answer(parts, response, file);
  };
}

const HEADERS = {
  "content-type": "multipart/byteranges; boundary=b1",
  etag: '"1"',
};

function body(
  parts: { first: number; last: number }[],
  file: Uint8Array,
): Uint8Array {
  const pieces = parts.flatMap(({ first, last }) => [
    Buffer.from(
      `\r\n--b1\r\nContent-Range: bytes ${first}-${last}/${file.length}\r\n\r\n`,
    ),
    file.subarray(first, last + 1),
  ]);
  return Buffer.concat([...pieces, Buffer.from("\r\n--b1--\r\n")]);
}

const OPTIONS = { retries: 2, retryDelay: 1, timeout: 500 };

async function load(
  answer: Answer,
  options = OPTIONS,
): Promise<{ requests: number }> {
  return await loadFile({ ram: RAM, file: FILE }, answer, options);
}

async function loadFile(
  { ram, file }: { readonly ram: Uint8Array; readonly file: Uint8Array },
  answer: Answer,
  options = OPTIONS,
): Promise<{ requests: number }> {
  await using liar = await startLiar(file);
  liar.lie = answering(answer);
  const source = await openHttpSource(liar.url, options);
  const image = memorySink();
  const snapshot = await openSnapshot(source);
  await exportImage(snapshot.block("ram"), image);
  assert.deepEqual(image.bytes(), ram);
  return { requests: source.requests };
}

function answerAll(...[parts, response, file]: Parameters<Answer>): void {
  response.writeHead(206, HEADERS).end(body(parts, file));
}

test("exportImage() reads many runs by few requests", async () => {
  const { requests } = await load(answerAll);
  assert(requests < 10, `${requests} requests`);
});

test("exportImage() asks again for ranges that were left out", async () => {
  await load((parts, response, file) => {
    response.writeHead(206, HEADERS).end(body(parts.slice(1), file));
  });
});

/** Ways to say no to a request for several ranges. */
const REFUSALS: readonly Answer[] = [
  // The whole file, one range of them, or an answer that is no multipart.
  (_, response, file) => response.writeHead(200).end(file),
  ([{ first, last }], response, file) => {
    const range = `bytes ${first}-${last}/${file.length}`;
    response.writeHead(206, { "content-range": range, etag: '"1"' })
      .end(file.subarray(first, last + 1));
  },
  (_, response) => response.writeHead(206, HEADERS).end("--b2\r\n\r\n"),
  (_, response) => response.writeHead(416).end(),
];

test("exportImage() reads near runs as one where several are not answered", async () => {
  for (const refusal of REFUSALS) {
    const { requests } = await load(refusal);
    assert(requests < 6, `${requests} requests`);
  }
});

test("exportImage() takes far runs alone where several are not answered", async () => {
  for (const refusal of REFUSALS) {
    const { requests } = await loadFile(FAR, refusal);
    assert(requests > 100 && requests < 110, `${requests} requests`);
  }
});

test("streamRanges() asks for far ranges four at a time, and hands over in turn", async () => {
  await using liar = await startLiar(FAR.file);
  let atOnce = 0;
  let most = 0;
  liar.lie = (request, response, file) => {
    const isOne = !String(request.headers.range).includes(",");
    if (!isOne) return void response.writeHead(416).end();
    most = Math.max(most, ++atOnce);
    setTimeout(() => {
      atOnce--;
      truth(request, response, file);
    }, 5);
  };
  const source = await openHttpSource(liar.url, OPTIONS);
  const ranges = [...Array(30).keys()]
    .map((index) => ({ offset: 0x20000 + index * 0x14000, length: 0x1000 }));
  const found = new Uint8Array(FAR.file.length);
  let taking = 0;
  await source.streamRanges?.(ranges, async (bytes, offset) => {
    assert.equal(++taking, 1);
    await new Promise((resolve) => setTimeout(resolve, 1));
    found.set(bytes, offset);
    taking--;
  });
  for (const { offset, length } of ranges) {
    const bytes = found.subarray(offset, offset + length);
    assert.deepEqual(bytes, FAR.file.subarray(offset, offset + length));
  }
  assert(most > 1 && most <= 4, `${most} at once`);
});

test("exportImage() tries again when several ranges are cut short", async () => {
  let cut = 0;
  await load((parts, response, file) => {
    const bytes = body(parts, file);
    response.writeHead(206, HEADERS);
    response.end(cut++ < 2 ? bytes.subarray(0, bytes.length / 2) : bytes);
  });
  assert(cut > 2);
});

test("exportImage() gives no wrong byte though most answers are cut", async () => {
  const random = randomNumbers(11);
  let cuts = 0;
  for (let round = 0; round < 50; round++) {
    await load((parts, response, file) => {
      const bytes = body(parts, file);
      const cut = random(4) > 0;
      if (cut) cuts++;
      response.writeHead(206, HEADERS);
      response.end(cut ? bytes.subarray(0, random(bytes.length)) : bytes);
    }, { ...OPTIONS, retries: 100, retryDelay: 0 });
  }
  assert(cuts > 50, `${cuts} cuts`);
});

test("exportImage() fails with the sink's own error, and asks no more", async () => {
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

test("exportImage() takes a slow sink for no silence of the server", async () => {
  await using liar = await startLiar(FILE);
  liar.lie = answering(answerAll);
  const options = { retries: 0, timeout: 100 };
  const source = await openHttpSource(liar.url, options);
  const { blocks: [block] } = await openSnapshot(source);
  const sink = memorySink();
  let slept = false;
  async function write(bytes: Uint8Array, offset: number): Promise<void> {
    if (!slept) await new Promise((resolve) => setTimeout(resolve, 300));
    slept = true;
    await sink.write(bytes, offset);
  }
  await exportImage(block, { ...sink, write });
  assert(slept);
  assert.deepEqual(sink.bytes(), RAM);
});

test("exportImage() says what is wrong with an answer of several ranges", async () => {
  const messageOf = async (answer: Answer): Promise<string> => {
    const error = await load(answer).then(() => undefined, (error) => error);
    assert(error instanceof SourceError, String(error));
    return error.message.replace(/http:[^"]*/, "URL")
      .replace(/bytes 0x\w+ to 0x\w+/, "bytes …");
  };
  assert.equal(
    await messageOf((parts, response, file) => {
      const bytes = body(parts, file);
      response.writeHead(206, HEADERS).end(bytes.subarray(0, 1000));
    }),
    'Cannot read bytes … of "URL": the connection ended after 1000 bytes of ' +
      "several ranges (3 tries)",
  );
  assert.match(
    await messageOf((parts, response, file) => {
      const once = body(parts, file).subarray(0, -8);
      response.writeHead(206, HEADERS);
      for (let time = 0; time < 4; time++) response.write(once);
      response.end();
    }),
    /^Cannot read bytes … of "URL": the server sent more than \d+ bytes \(3 tries\)$/,
  );
  assert.equal(
    await messageOf((parts, response, file) => {
      response.writeHead(206, { ...HEADERS, etag: '"2"' })
        .end(body(parts, file));
    }),
    'Cannot read bytes … of "URL": the file changed on the server: "2", ' +
      `expected "1" of ${FILE.length} bytes as when it was opened`,
  );
});
