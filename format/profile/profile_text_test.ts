import assert from "node:assert/strict";
import { test } from "node:test";
import {
  PROFILE_BLOCKS_MAX,
  PROFILE_LENGTH_MAX,
  PROFILE_RUNS_MAX,
} from "../stream/constants.ts";
import { readProfile, writeProfile } from "./profile_text.ts";
import type { WorkingSetProfile } from "./working_set_profile.ts";

const IDENTITY = "0123456789abcdef".repeat(4);
const HEAD = `mapped-ram-profile 1\nsnapshot ${IDENTITY}\n`;
const RAM = "block 0 1048576 4096 pc.ram\n";

const PROFILE: WorkingSetProfile = {
  snapshot: IDENTITY,
  blocks: [
    { idstr: "pc.ram", usedLength: 0x100000, pageSize: 4096 },
    { idstr: " a rom/with spaces ", usedLength: 0x2000, pageSize: 4096 },
    { idstr: "empty", usedLength: 0, pageSize: 4096 },
    { idstr: "n".repeat(255), usedLength: 0x100000, pageSize: 4096 },
  ],
  runs: [
    { idstr: "pc.ram", first: 200, end: 256 },
    { idstr: " a rom/with spaces ", first: 1, end: 2 },
    { idstr: "pc.ram", first: 0, end: 200 },
    { idstr: " a rom/with spaces ", first: 0, end: 1 },
  ],
};

test("a profile is written as text, and read back", () => {
  const text = writeProfile(PROFILE);
  assert.equal(
    text,
    `${HEAD}${RAM}block 1 8192 4096  a rom/with spaces \n` +
      "block 2 0 4096 empty\n" +
      `block 3 1048576 4096 ${"n".repeat(255)}\n` +
      "0 200 56\n1 1 1\n0 0 200\n1 0 1\n",
  );
  assert.deepEqual(readProfile(text), PROFILE);
  assert.deepEqual(readProfile(HEAD), {
    snapshot: IDENTITY,
    blocks: [],
    runs: [],
  });
});

test("a profile with a digest is one of version 2", () => {
  const digest = `sha256:${"5e".repeat(32)}`;
  const text = writeProfile({ ...PROFILE, digest });
  assert.ok(
    text.startsWith(
      `mapped-ram-profile 2\nsnapshot ${IDENTITY}\ndigest ${digest}\nblock 0`,
    ),
  );
  assert.deepEqual(readProfile(text), { ...PROFILE, digest });
  const wrong = { ...PROFILE, digest: digest.toUpperCase() };
  assert.throws(() => writeProfile(wrong), RangeError);
});

const BAD: Readonly<Record<string, readonly [text: string, error: RegExp]>> = {
  "nothing": [
    "",
    /line 1 is missing, expected "mapped-ram-profile 1" or "mapped-ram-profile 2"$/,
  ],
  "something else": ["QEVM\0\n", /line 1 is "QEVM\\u0000", expected "mapped/],
  "a newer version": [
    HEAD.replace(" 1", " 3"),
    /line 1 is "mapped-ram-profile 3", expected .*, or a newer reader$/,
  ],
  "an empty line at the start": [`\n${HEAD}`, /line 1 is "", expected "map/],
  "lines that end with CR LF": [
    HEAD.replaceAll("\n", "\r\n"),
    /line 1 is "mapped-ram-profile 1\\r", expected/,
  ],
  "no snapshot": ["mapped-ram-profile 1\n", /line 2 is missing/],
  "an identity that is too short": [
    HEAD.replace("0123", "012"),
    /line 2 is .*, expected "snapshot" and 64 hex/,
  ],
  "an identity in upper case": [
    HEAD.replace(IDENTITY, IDENTITY.toUpperCase()),
    /line 2 is .*, expected "snapshot" and 64 hex/,
  ],
  "a digest in version 1": [
    `${HEAD}digest sha256:${IDENTITY}\n`,
    /line 3 is "digest .*, expected "<n> <first page>/,
  ],
  "no digest in version 2": [
    HEAD.replace(" 1", " 2") + RAM,
    /line 3 is "block .*, expected "digest sha256:" and 64 hex/,
  ],
  "a cut in a line": [`${HEAD}${RAM}0 1 1`, /line 4 is cut off, expected LF/],
  "blocks out of order": [
    `${HEAD}block 1 4096 4096 a\n`,
    /line 3 is "block 1 .*, expected block 0$/,
  ],
  "a block without idstr": [`${HEAD}block 0 4096 4096 \n`, /line 3 .*<idstr>/],
  "a block with a zero before a number": [
    `${HEAD}block 0 04096 4096 a\n`,
    /line 3 is .*, expected "block <n>/,
  ],
  "a block after a run": [
    `${HEAD}${RAM}0 1 1\nblock 1 4096 4096 b\n`,
    /line 5 is "block 1 .*, expected "<n> <first page>/,
  ],
  "a page size that is no power of two": [
    `${HEAD}block 0 12288 3072 a\n`,
    /line 3 is .*, expected a page_size/,
  ],
  "a page size of 0": [`${HEAD}block 0 0 0 a\n`, /a page_size that is a power/],
  "a page size above the largest": [
    `${HEAD}block 0 0 2097152 a\n`,
    /a page_size that is a power/,
  ],
  "two page sizes": [
    `${HEAD}${RAM}block 1 8192 8192 b\n`,
    /line 4 is "block 1 .*, expected the page_size of block 0, 4096$/,
  ],
  "version 0": [HEAD.replace(" 1", " 0"), /line 1 .* "mapped-ram-profile 2"$/],
  "version 02": [
    HEAD.replace(" 1", " 02"),
    /line 1 .* "mapped-ram-profile 2"$/,
  ],
  "half a page": [`${HEAD}block 0 2048 4096 a\n`, /a multiple of page_size/],
  "more RAM than a number can hold": [
    `${HEAD}block 0 9007199254736896 4096 a\nblock 1 4096 4096 b\n`,
    /line 4 is .*, expected used_length of at most 2\^53 - 1 in total/,
  ],
  "a name that is not ASCII": [`${HEAD}block 0 0 4096 ä\n`, /printable ASCII/],
  "a name that moves the cursor": [
    `${HEAD}block 0 0 4096 \x1b[2J\n`,
    /line 3 is "block 0 0 4096 \\u001b\[2J", expected an idstr/,
  ],
  "a name that is too long": [
    `${HEAD}block 0 0 4096 ${"a".repeat(256)}\n`,
    /line 3 is "block 0 0 4096 a{45}…", expected an idstr of 1 to 255/,
  ],
  "two blocks with the same name": [
    `${HEAD}${RAM}${RAM.replace("0", "1")}`,
    /line 4 is .*, expected a unique idstr/,
  ],
  "a run of a block that is not listed": [
    `${HEAD}${RAM}1 0 1\n`,
    /line 4 is "1 0 1", expected one of the 1 blocks listed/,
  ],
  "a run without pages": [`${HEAD}${RAM}0 5 0\n`, /expected 1 page or more/],
  "a run past the end": [
    `${HEAD}${RAM}0 255 2\n`,
    /line 4 is "0 255 2", expected 1 page or more of the 256 of "pc.ram"/,
  ],
  "a run of a huge number": [
    `${HEAD}${RAM}0 9999999999999999 9999999999999999\n`,
    /1 page or more of the 256/,
  ],
  "a number with too many digits": [
    `${HEAD}${RAM}0 0 ${"9".repeat(400)}\n`,
    /<page/,
  ],
  "a negative number": [`${HEAD}${RAM}0 -1 1\n`, /line 4 is "0 -1 1"/],
  "a number in hexadecimal": [`${HEAD}${RAM}0 0x1 1\n`, /line 4 is "0 0x1 1"/],
  "an empty line": [`${HEAD}${RAM}\n`, /line 4 is "", expected "<n>/],
  "the same page again": [
    `${HEAD}${RAM}0 10 5\n0 1 2\n0 14 1\n`,
    /line 6 repeats page 14 of "pc.ram", expected each page at most once/,
  ],
  "a run around another": [
    `${HEAD}${RAM}0 7 1\n0 0 256\n`,
    /line 5 repeats page 7 of "pc.ram"/,
  ],
};

for (const [name, [text, error]] of Object.entries(BAD)) {
  test(`a profile is refused: ${name}`, () => {
    assert.throws(
      () => readProfile(text, { name: "bad.profile" }),
      (thrown) => {
        assert(thrown instanceof SyntaxError);
        assert.match(thrown.message, /^Cannot read "bad\.profile": [^\n]*$/);
        assert.match(thrown.message, error);
        return true;
      },
    );
  });
}

test("huge numbers in a profile cost nothing", () => {
  const { blocks, runs } = readProfile(
    `${HEAD}block 0 9007199254740736 256 a\n0 1 35184372088830\n0 0 1\n`,
  );
  assert.equal(blocks[0].usedLength, 9007199254740736);
  assert.equal(runs[0].end, 35184372088831);
});

test("a profile has a limit on its bytes, blocks and runs", () => {
  assert.throws(
    () => readProfile("\n".repeat(PROFILE_LENGTH_MAX)),
    /line 1 is ""/,
  );
  assert.throws(
    () => readProfile("\n".repeat(PROFILE_LENGTH_MAX + 1)),
    /Cannot read "a profile": it has 67108865 bytes, expected at most 67108864/,
  );
  const numbers = (count: number, line: (n: number) => string) =>
    Array.from({ length: count }, (_, n) => line(n)).join("");
  const block = (n: number) => `block ${n} 0 4096 b${n}\n`;
  const full = HEAD + numbers(PROFILE_BLOCKS_MAX, block);
  assert.equal(readProfile(full).blocks.length, PROFILE_BLOCKS_MAX);
  assert.throws(
    () => readProfile(full + block(PROFILE_BLOCKS_MAX)),
    /line 65539 is .*, expected at most 65536 blocks/,
  );
  const run = (n: number) => `0 ${2 * n} 1\n`;
  const runs = HEAD + "block 0 1099511627776 4096 a\n" +
    numbers(PROFILE_RUNS_MAX, run);
  assert.equal(readProfile(runs).runs.length, PROFILE_RUNS_MAX);
  assert.throws(
    () => readProfile(runs + run(PROFILE_RUNS_MAX)),
    /line 1048580 is .*, expected at most 1048576 runs/,
  );
});

test("a profile that could not be read back is not written", () => {
  const [first] = PROFILE.runs;
  for (
    const [change, problem] of [
      [{ snapshot: "abc" }, /line 2 is "snapshot abc"/],
      [{ runs: [{ ...first, idstr: "other" }] }, /line 7 is "other 200 56"/],
      [{ runs: [{ ...first, end: 257 }] }, /line 7 is "0 200 57"/],
      [{ runs: [{ ...first, first: 0.5 }] }, /line 7 is "0 0.5 255.5"/],
      [{ runs: [first, first] }, /line 8 repeats page 200 of "pc.ram"/],
      [{ blocks: [] }, /line 3 is "pc.ram 200 56"/],
    ] as const
  ) {
    assert.throws(() => writeProfile({ ...PROFILE, ...change }), (thrown) => {
      assert(thrown instanceof RangeError);
      assert.match(thrown.message, /^Cannot write a profile: /);
      assert.match(thrown.message, problem);
      return true;
    });
  }
});
