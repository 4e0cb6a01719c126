import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteFile } from "../testing/byte_file.ts";
import { item, RAM_END, RAM_START, stream } from "../testing/stream_bytes.ts";
import { indexUnfinished } from "./index_snapshot.ts";

const START_BITMAPS = item.head(1, "dirty-bitmap", Uint8Array.of(1), {
  id: 2,
  version: 1,
});

test("indexUnfinished() reads a stream without RAM's END", () => {
  const unfinished = (...items: Uint8Array[]) => {
    const file = new ByteFile(stream(...items));
    return file.run(indexUnfinished(file));
  };
  const part = item.rest(2), eof = item.eof();
  const bitmaps = item.rest(2, 2, Uint8Array.of(0x20, 1));
  assert.equal(unfinished(RAM_START, part, RAM_END, eof), undefined);
  const before = [START_BITMAPS, RAM_START, part, part];
  const found = unfinished(...before, bitmaps, eof);
  const partsEnd = stream(...before).length;
  assert.equal(found?.index.ramEnd, partsEnd + bitmaps.length);
  assert.equal(found.index.ramPartCount, 2);
  assert.deepEqual(found.lastPart?.range, {
    offset: partsEnd - part.length,
    length: part.length,
  });
  assert.deepEqual(
    found.index.earlyDirtyBitmaps.map(({ kind }) => kind),
    ["start", "part"],
  );
  assert.equal(unfinished(RAM_START, eof)?.lastPart, undefined);
  const cases = [
    [[RAM_START, part], "ram-end-present"],
    [[eof], "ram-section-present"],
    [[], "ram-section-present"],
  ] as const;
  for (const [items, rule] of cases) {
    assert.throws(() => unfinished(...items), { name: "FormatError", rule });
  }
});
