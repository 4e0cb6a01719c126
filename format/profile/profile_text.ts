/**
 * Working-set profiles (SPEC 12): a small text that lists which pages of a
 * snapshot were requested, in the order of the first request.
 *
 * @module
 */

import type { BlockRun } from "../bitmap/page_run.ts";
import { isPrintableAscii } from "../bytes/byte_reader.ts";
import { TextLines } from "../bytes/text_lines.ts";
import {
  NAME_LENGTH_MAX,
  PROFILE_BLOCKS_MAX,
  PROFILE_LENGTH_MAX,
  PROFILE_RUNS_MAX,
  PROFILE_VERSION,
  TARGET_PAGE_BITS_MAX,
  TARGET_PAGE_BITS_MIN,
} from "../stream/constants.ts";
import { findPageTwice } from "./page_twice.ts";
import { ProfileFormatError } from "./profile_error.ts";
import type { ProfileBlock, WorkingSetProfile } from "./working_set_profile.ts";

const TITLE = "mapped-ram-profile";
/** The version without a digest. */
const PLAIN_VERSION = 1;

const NUMBER = "(0|[1-9][0-9]{0,15})";

const FIRST_LINE = new RegExp(`^${TITLE} ${NUMBER}$`);
const SNAPSHOT_LINE = /^snapshot ([0-9a-f]{64})$/;
const DIGEST_LINE = /^digest (sha256:[0-9a-f]{64})$/;

const BLOCK_LINE = new RegExp(`^block ${NUMBER} ${NUMBER} ${NUMBER} (.+)$`);

const RUN_LINE = new RegExp(`^${NUMBER} ${NUMBER} ${NUMBER}$`);

/**
 * Reads the text of a profile. Nothing in it is trusted: memory and time grow
 * with the length of the text, not with the numbers in it.
 *
 * @throws {SyntaxError} if it is not a profile; the message names the line
 *
 * @example
 * ```ts
 * import { readProfile } from "../../reference/doors/qemu.ts";
 * import assert from "node:assert/strict";
 *
 * const profile = readProfile(`mapped-ram-profile 1
 * snapshot ${"5e".repeat(32)}
 * block 0 268435456 4096 pc.ram
 * 0 256 2
 * 0 17 1
 * `);
 * assert.deepEqual(profile.runs, [
 *   { idstr: "pc.ram", first: 256, end: 258 },
 *   { idstr: "pc.ram", first: 17, end: 18 },
 * ]);
 * ```
 */
export function readProfile(
  text: string,
  options: { readonly name?: string } = {},
): WorkingSetProfile {
  const action = `read ${JSON.stringify(options.name ?? "a profile")}`;
  return parse(
    text,
    (problem, line) =>
      new ProfileFormatError(`Cannot ${action}: ${problem}`, line),
  );
}

/**
 * Returns the text of a profile.
 *
 * @throws {RangeError} if the text could not be read back
 *
 * @example
 * ```ts
 * import { readProfile, writeProfile } from "../../reference/doors/qemu.ts";
 * import assert from "node:assert/strict";
 *
 * const profile = {
 *   snapshot: "5e".repeat(32),
 *   blocks: [{ idstr: "pc.ram", usedLength: 0x10000000, pageSize: 4096 }],
 *   runs: [{ idstr: "pc.ram", first: 256, end: 258 }],
 * };
 * assert.deepEqual(readProfile(writeProfile(profile)), profile);
 * ```
 */
export function writeProfile(profile: WorkingSetProfile): string {
  const { snapshot, digest, blocks, runs } = profile;
  const numbers = new Map(blocks.map(({ idstr }, index) => [idstr, index]));
  const text = [
    `${TITLE} ${digest === undefined ? PLAIN_VERSION : PROFILE_VERSION}`,
    `snapshot ${snapshot}`,
    ...digest === undefined ? [] : [`digest ${digest}`],
    ...blocks.map(({ idstr, usedLength, pageSize }, index) =>
      `block ${index} ${usedLength} ${pageSize} ${idstr}`
    ),
    ...runs.map(({ idstr, first, end }) =>
      `${numbers.get(idstr) ?? idstr} ${first} ${end - first}`
    ),
    "",
  ].join("\n");
  parse(
    text,
    (problem) => new RangeError(`Cannot write a profile: ${problem}`),
  );
  return text;
}

function parse(
  text: string,
  refuse: (problem: string, line: number) => Error,
): WorkingSetProfile {
  if (text.length > PROFILE_LENGTH_MAX) {
    throw refuse(
      `it has ${text.length} bytes, expected at most ${PROFILE_LENGTH_MAX}`,
      1,
    );
  }
  const lines = new TextLines(text, refuse);
  const version = readVersion(lines);
  const snapshot = SNAPSHOT_LINE.exec(lines.next() ?? "")?.[1];
  if (snapshot === undefined) {
    throw lines.wrong('"snapshot" and 64 hexadecimal digits, lower case');
  }
  const digest = version === PLAIN_VERSION ? {} : readDigest(lines);
  const blocks = readBlocks(lines);
  return { snapshot, ...digest, blocks, runs: readRuns(lines, blocks) };
}

function readVersion(lines: TextLines): number {
  const version = Number(FIRST_LINE.exec(lines.next() ?? "")?.[1] ?? 0);
  if (version >= 1 && version <= PROFILE_VERSION) return version;
  const isNewer = version > PROFILE_VERSION;
  throw lines.wrong(
    `"${TITLE} ${PLAIN_VERSION}" or "${TITLE} ${PROFILE_VERSION}"` +
      (isNewer ? ", or a newer reader" : ""),
  );
}

function readDigest(lines: TextLines): { readonly digest: string } {
  const digest = DIGEST_LINE.exec(lines.next() ?? "")?.[1];
  if (digest !== undefined) return { digest };
  throw lines.wrong('"digest sha256:" and 64 hexadecimal digits, lower case');
}

function readBlocks(lines: TextLines): ProfileBlock[] {
  const blocks: ProfileBlock[] = [];
  const seen = new Set<string>();
  let total = 0;
  while (lines.peek()?.startsWith("block ")) {
    const [, index, length, size, idstr = ""] =
      BLOCK_LINE.exec(lines.next() ?? "") ?? [];
    const usedLength = Number(length);
    const pageSize = Number(size);
    const bits = Math.log2(pageSize);
    total += usedLength;
    if (index === undefined) {
      throw lines.wrong('"block <n> <used_length> <page_size> <idstr>"');
    }
    if (Number(index) !== blocks.length) {
      throw lines.wrong(`block ${blocks.length}`);
    }
    if (blocks.length === PROFILE_BLOCKS_MAX) {
      throw lines.wrong(`at most ${PROFILE_BLOCKS_MAX} blocks`);
    }
    if (
      !Number.isInteger(bits) || bits < TARGET_PAGE_BITS_MIN ||
      bits > TARGET_PAGE_BITS_MAX
    ) {
      throw lines.wrong("a page_size that is a power of two, 256 to 1048576");
    }
    if (pageSize !== (blocks[0]?.pageSize ?? pageSize)) {
      throw lines.wrong(`the page_size of block 0, ${blocks[0].pageSize}`);
    }
    if (!Number.isSafeInteger(total)) {
      throw lines.wrong("used_length of at most 2^53 - 1 in total");
    }
    if (usedLength % pageSize !== 0) {
      throw lines.wrong("a used_length that is a multiple of page_size");
    }
    if (idstr.length > NAME_LENGTH_MAX || !isPrintableAscii(idstr)) {
      throw lines.wrong(
        `an idstr of 1 to ${NAME_LENGTH_MAX} bytes of printable ASCII`,
      );
    }
    if (seen.has(idstr)) throw lines.wrong("a unique idstr");
    seen.add(idstr);
    blocks.push({ idstr, usedLength, pageSize });
  }
  return blocks;
}

function readRuns(
  lines: TextLines,
  blocks: readonly ProfileBlock[],
): BlockRun[] {
  const runs: BlockRun[] = [];
  const firstLine = lines.lineNumber + 1;
  for (let line = lines.next(); line !== undefined; line = lines.next()) {
    const [, number, start, length] = RUN_LINE.exec(line) ?? [];
    if (number === undefined) {
      throw lines.wrong('"<n> <first page> <page count>"');
    }
    if (runs.length === PROFILE_RUNS_MAX) {
      throw lines.wrong(`at most ${PROFILE_RUNS_MAX} runs`);
    }
    const block = blocks[Number(number)];
    if (block === undefined) {
      throw lines.wrong(`one of the ${blocks.length} blocks listed`);
    }
    const { idstr, usedLength, pageSize } = block;
    const first = Number(start);
    const end = first + Number(length);
    if (end === first || end > usedLength / pageSize) {
      throw lines.wrong(
        `1 page or more of the ${usedLength / pageSize} of "${idstr}"`,
      );
    }
    runs.push({ idstr, first, end });
  }
  const repeated = findPageTwice(blocks, runs);
  if (repeated !== undefined) {
    const { page, index } = repeated;
    throw lines.wrong(
      "each page at most once",
      firstLine + index,
      `repeats page ${page} of "${runs[index].idstr}"`,
    );
  }
  return runs;
}
