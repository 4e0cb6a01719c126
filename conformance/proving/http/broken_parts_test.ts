import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { randomNumbers } from "../faults/random_numbers.ts";
import {
  type Answer,
  body,
  HEADERS,
  load,
  OPTIONS,
} from "./testing/several_ranges.ts";

/** Makes a response whose parts have other lengths than declared. */
function unequal(change: (data: Uint8Array) => Uint8Array, end = "--"): Answer {
  return (parts, response, file) => {
    const pieces = parts.flatMap(({ first, last }) => [
      Buffer.from(
        `\r\n--b1\r\nContent-Range: bytes ${first}-${last}/${file.length}\r\n\r\n`,
      ),
      change(file.subarray(first, last + 1)),
    ]);
    pieces.push(Buffer.from(`\r\n--b1${end}\r\n`));
    response.writeHead(206, HEADERS).end(Buffer.concat(pieces));
  };
}

test("exportImage() returns no wrong byte when the lengths of parts are inconsistent", async () => {
  const lies = [1, 2, 3, 8, 60, 100].flatMap((count) => [
    unequal((data) => data.subarray(0, data.length - count)),
    unequal((data) => Buffer.concat([data, new Uint8Array(count).fill(0x0d)])),
    unequal((data) => Buffer.concat([new Uint8Array(count), data])),
  ]);
  for (const lie of [...lies, unequal((data) => data, "")]) await load(lie);
});

test("exportImage() drops an endless response", async () => {
  await load((parts, response, file) => {
    let isClosed = false;
    response.writeHead(206, HEADERS).write(body(parts.slice(0, 2), file));
    const rubbish = new Uint8Array(0x10000);
    const write = () => {
      while (!isClosed && response.write(rubbish));
    };
    response.on("drain", write).on("close", () => isClosed = true);
    write();
  });
});

test("exportImage() continues after the bytes that arrived before a response was cut", async () => {
  const answers: number[] = [];
  const { requests } = await load((parts, response, file) => {
    answers.push(parts.length);
    const bytes = body(parts, file);
    response.writeHead(206, HEADERS).end(bytes.subarray(0, 80_000));
  });
  assert(requests < 12, `${requests} requests`);
  assert(answers.length > 2);
  assert.deepEqual(answers, answers.toSorted((a, b) => b - a));
});

test("exportImage() retries when a response of several ranges is cut", async () => {
  let cut = 0;
  await load((parts, response, file) => {
    const bytes = body(parts, file);
    response.writeHead(206, HEADERS);
    response.end(cut++ < 2 ? bytes.subarray(0, bytes.length / 2) : bytes);
  });
  assert(cut > 2);
});

test("exportImage() returns no wrong byte although most responses are cut", async () => {
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
