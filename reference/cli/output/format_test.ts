import assert from "node:assert/strict";
import { test } from "node:test";
import { imageName } from "../input/image_name.ts";
import { formatBytes } from "./format_bytes.ts";
import { countOf, formatCount, formatShare } from "./format_count.ts";
import { formatSeconds, formatTime } from "./format_time.ts";
import { jsonText } from "./json_text.ts";
import { printable } from "./printable.ts";
import { formatProgress } from "./progress_bar.ts";
import { formatList, formatTable } from "./table.ts";

test("formatBytes() rounds to a suitable unit", () => {
  assert.equal(formatBytes(0), "0 bytes");
  assert.equal(formatBytes(1), "1 byte");
  assert.equal(formatBytes(1023), "1023 bytes");
  assert.equal(formatBytes(1024), "1 KiB");
  assert.equal(formatBytes(1536), "1.5 KiB");
  assert.equal(formatBytes(2 ** 20 - 1), "1.0 MiB");
  assert.equal(formatBytes(2 ** 40), "1 TiB");
  assert.equal(formatBytes(2 ** 53 - 1), "8.0 PiB");
});

test("formatCount(), countOf() and formatShare() never show something as 0", () => {
  assert.equal(formatCount(999), "999");
  assert.equal(formatCount(1234567), "1,234,567");
  assert.equal(countOf(1, "page"), "1 page");
  assert.equal(countOf(2000, "page"), "2,000 pages");
  assert.equal(formatShare(0, 0), "0 %");
  assert.equal(formatShare(1, 1000), "< 1 %");
  assert.equal(formatShare(999, 1000), "> 99 %");
  assert.equal(formatShare(1000, 1000), "100 %");
});

test("formatTime() and formatSeconds() choose a suitable unit", () => {
  assert.equal(formatTime(0.0042), "4.2 µs");
  assert.equal(formatTime(0.85), "850 µs");
  assert.equal(formatTime(1.26), "1.3 ms");
  assert.equal(formatTime(123.4), "123 ms");
  assert.equal(formatTime(4500), "4.5 s");
  assert.equal(formatSeconds(59.2), "1 min 0 s");
  assert.equal(formatSeconds(4321), "1 h 12 min");
});

test("imageName() makes a distinct file name from each idstr", () => {
  assert.equal(imageName("pc.ram"), "pc.ram.img");
  assert.equal(imageName("0000:00:02.0/a.rom"), "0000:00:02.0%2Fa.rom.img");
  assert.equal(imageName(".."), "%2E..img");
  assert.equal(imageName(".hidden"), "%2Ehidden.img");
  assert.equal(imageName("a%2Fb"), "a%252Fb.img");
  assert.equal(imageName("a b"), "a%20b.img");
});

test("printable() removes everything that controls a terminal", () => {
  assert.equal(
    printable("a\x1b[31m\n\u009b\u2028b\u202e\u{e0001}"),
    String.raw`a\u{1b}[31m\u{0a}\u{9b}\u{2028}b\u{202e}\u{e0001}`,
  );
});

test("jsonText() escapes what controls a terminal, and keeps the meaning", () => {
  const value = { "a\u009b31m": ["\x7f\u202e\u2028\u{e0001}é\n", 1, null] };
  for (const indent of [undefined, 2]) {
    const text = jsonText(value, indent);
    assert.deepEqual(JSON.parse(text), value);
    assert.match(text, /^[\x20-\x7eé\n]*$/);
  }
  assert.match(jsonText("\u{e0001}"), /^"\\udb40\\udc01"$/);
});

test("formatTable() and formatList() accept any number of rows", () => {
  const rows = Array.from({ length: 300_000 }, () => ["a", "bc"] as const);
  assert.equal(
    formatTable([{ title: "x" }, { title: "y" }], rows).length,
    300_001,
  );
  assert.equal(formatList(rows).length, 300_000);
});

test("formatProgress() shows share, rate and time left in 79 columns", () => {
  const line = formatProgress(
    "Loading",
    { idstr: "pc.ram", done: 2 ** 28, total: 2 ** 30 },
    500,
  );
  assert.match(
    line,
    /^Loading pc\.ram {2}█+[▏▎▍▌▋▊▉]?·+ {3}25 % {2}512 MiB\/s {2}2 s left$/,
  );
  assert(line.length <= 79);
});
