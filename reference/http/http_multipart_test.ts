import assert from "node:assert/strict";
import { test } from "node:test";
import type { ByteRange } from "../../format/bytes/mod.ts";
import { multipartBoundary, MultipartReader } from "./http_multipart.ts";
import { type TakePart, WantedRanges } from "./wanted_ranges.ts";

const FILE = Uint8Array.from({ length: 1000 }, (_, at) => at % 251);
const OPTIONS = { boundary: "b1", byteLength: FILE.length };

/** Returns a body as a server would send it; `total` is the size it gives. */
function body(
  ranges: readonly [number, number][],
  end = "\r\n--b1--\r\n",
  total: number | string = FILE.length,
): Uint8Array {
  const encoder = new TextEncoder();
  const pieces = ranges.flatMap(([first, stop]) => [
    encoder.encode(
      `\r\n--b1\r\nContent-Type: application/octet-stream\r\n` +
        `Content-Range: bytes ${first}-${stop - 1}/${total}\r\n\r\n`,
    ),
    FILE.subarray(first, stop),
  ]);
  const all = [...pieces, encoder.encode(end)].flatMap((it) => [...it]);
  return new Uint8Array(all);
}

function wanted(...ranges: readonly [number, number][]) {
  return ranges.map(([offset, stop]) => ({ offset, length: stop - offset }));
}

async function read(
  ranges: readonly ByteRange[],
  bytes: Uint8Array,
  step = bytes.length,
): Promise<{ end: string; done: number[] }> {
  const targets = ranges.map(({ length }) => new Uint8Array(length));
  const take: TakePart = async (bytes, index, position) => {
    await Promise.resolve();
    targets[index].set(bytes, position);
  };
  const reader = new MultipartReader(new WantedRanges(ranges, take), OPTIONS);
  for (let at = 0; at < bytes.length; at += step) {
    await reader.push(bytes.subarray(at, at + step));
  }
  const done = [...reader.done].sort((a, b) => a - b);
  for (const index of done) {
    const { offset, length } = ranges[index];
    assert.deepEqual(targets[index], FILE.slice(offset, offset + length));
  }
  return { end: reader.end(), done };
}

test("MultipartReader passes on parts however the body is cut into chunks", async () => {
  const bytes = body([[0, 10], [100, 300], [990, 1000]]);
  for (let step = 1; step <= bytes.length; step++) {
    const parts = wanted([0, 10], [100, 300], [990, 1000]);
    assert.deepEqual(
      await read(parts, bytes, step),
      { end: "whole", done: [0, 1, 2] },
      `chunks of ${step}`,
    );
  }
});

test("MultipartReader accepts reordered and coalesced ranges", async () => {
  const parts = wanted([10, 20], [25, 40], [500, 600]);
  assert.deepEqual(
    await read(parts, body([[500, 600], [5, 50]])),
    { end: "whole", done: [0, 1, 2] },
  );
});

test("MultipartReader reports only the ranges that the server sent", async () => {
  const parts = wanted([10, 20], [25, 40]);
  assert.deepEqual(
    await read(parts, body([[10, 20], [25, 39]])),
    { end: "whole", done: [0] },
  );
});

test("MultipartReader accepts what RFC 9110 allows", async () => {
  const encoder = new TextEncoder();
  const part = (head: string, newline = "\r\n") => [
    ...encoder.encode(`--b1${head}${newline}${newline}`),
    ...FILE.subarray(0, 10),
    ...encoder.encode(`${newline}--b1--`),
  ];
  const bodies = {
    "an unknown size": [...body([[0, 10]], undefined, "*")],
    "blanks and capitals": part(
      " \t\r\nContent-Type: a/b\r\nCONTENT-RANGE:Bytes 0-9/1000 ",
    ),
    "lines that end with LF": part("\ncontent-range:  bytes 0-9/1000", "\n"),
    "text after the end": [
      ...body([[0, 10]]),
      ...encoder.encode("epilogue\r\n\r\nof any kind"),
    ],
  };
  for (const [name, bytes] of Object.entries(bodies)) {
    for (const step of [1, 7, 1000]) {
      assert.deepEqual(
        await read(wanted([0, 10]), new Uint8Array(bytes), step),
        { end: "whole", done: [0] },
        name,
      );
    }
  }
});

test("MultipartReader counts no part whose length differs from its header", async () => {
  const ranges: [number, number][] = [[0, 40], [100, 140], [200, 240]];
  for (const other of [0, 1, 2]) {
    for (let more = -40; more <= 40; more++) {
      if (more === 0) continue;
      const pieces = ranges.map(([first, stop], index) => {
        const head =
          `\r\n--b1\r\nContent-Range: bytes ${first}-${stop - 1}/1000` +
          "\r\n\r\n";
        const end = stop + (index === other ? more : 0);
        return [
          ...new TextEncoder().encode(head),
          ...FILE.subarray(first, end),
        ];
      });
      const bytes = [
        ...pieces.flat(),
        ...new TextEncoder().encode("\r\n--b1--"),
      ];
      for (const step of [1, 13, 1000]) {
        const found = await read(
          wanted(...ranges),
          new Uint8Array(bytes),
          step,
        );
        assert.notEqual(found.end, "whole");
        assert.deepEqual(found.done, [0, 1, 2].slice(0, other));
      }
    }
  }
});

test("MultipartReader.end() recognizes a body cut anywhere", async () => {
  const bytes = body([[0, 10], [20, 30]]);
  for (let length = 0; length < bytes.length - 4; length++) {
    const parts = wanted([0, 10], [20, 30]);
    const { end } = await read(parts, bytes.subarray(0, length), 7);
    assert.notEqual(end, "whole", `cut after ${length} bytes`);
  }
});

test("MultipartReader.end() recognizes malformed bodies", async () => {
  const nonsense = {
    "another boundary": body([[0, 10]], "\r\n--b2--\r\n"),
    "a file of another size": body([[0, 10]], undefined, 999),
    "a range past the end of the file": body([[995, 1001]]),
    "a range that ends before it starts": body([[10, 5]]),
    "no headers at all": new Uint8Array(0x2000).fill(0x41),
    "headers without end": new TextEncoder().encode(
      "--b1\r\n" + "x-a: b\r\n".repeat(1000),
    ),
  };
  for (const [name, bytes] of Object.entries(nonsense)) {
    const { end } = await read(wanted([0, 10]), bytes, 100);
    assert.equal(end, "malformed", name);
  }
});

test("multipartBoundary() finds the boundary with and without quotes", () => {
  const type = "multipart/byteranges; boundary=";
  assert.equal(multipartBoundary(`${type}b1`), "b1");
  assert.equal(multipartBoundary(`${type}"b 1"`), "b 1");
  assert.equal(
    multipartBoundary(
      'Multipart/ByteRanges ; charset="a;b" ;\tBOUNDARY="a\\"b"',
    ),
    'a"b',
  );
  assert.equal(multipartBoundary("multipart/byteranges; charset=b"), undefined);
  assert.equal(multipartBoundary("multipart/byteranges"), undefined);
  assert.equal(multipartBoundary("application/octet-stream"), undefined);
});
