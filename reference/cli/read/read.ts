import type { ByteRange } from "../../../format/bytes/mod.ts";
import { hex } from "../../../format/rules/mod.ts";
import type { OpenedPlace } from "../../opening/mod.ts";
import type { RAMBlock } from "../../reading/mod.ts";
import { IntegrityError } from "../../sources/mod.ts";
import { blockParts } from "../input/block_parts.ts";
import { findBlock } from "../input/find_block.ts";
import { parseNumber } from "../input/number_argument.ts";
import { openSnapshotFile } from "../input/open_snapshot_file.ts";
import { openSource } from "../input/open_source.ts";
import { openOptions, SNAPSHOT_OPTIONS } from "../input/snapshot_options.ts";
import { placeOf } from "../input/place_options.ts";
import { countOf } from "../output/format_count.ts";
import { encodeHex } from "../output/hex_digits.ts";
import { HexDump } from "../output/hex_dump.ts";
import { jsonText } from "../output/json_text.ts";
import { outputRoom, print, printText, writeOutput } from "../output/output.ts";
import { createOutput, type OutputOptions } from "../output/output_file.ts";
import { ProgressBar } from "../output/progress_bar.ts";
import { printEvent, ProgressEvents } from "../output/progress_events.ts";
import { type Command, parse, takePositionals } from "../program/command.ts";
import { checkNeeds } from "../program/option_ways.ts";
import { UsageError } from "../program/usage_error.ts";

const OPTIONS = {
  out: {
    type: "string",
    value: "OUT",
    text: 'write the bytes to a new file; "-" is stdout',
  },
  force: {
    type: "boolean",
    text: "replace OUT if it exists",
  },
  ...SNAPSHOT_OPTIONS,
} as const;

/** `read FILE IDSTR OFFSET LENGTH` */
export const read: Command = {
  options: OPTIONS,
  uses: { needs: { force: ["out"] } },
  usage: [
    "read FILE|URL IDSTR OFFSET LENGTH [options]",
  ],
  about: `\
Prints LENGTH bytes of the RAMBlock IDSTR, starting at OFFSET, in hexadecimal. Of
several equal lines, as in zero pages, the first is printed, then a "*". Only the
pages that hold these bytes are read. Numbers: decimal, 0x1000, 4K, 1M, 2G.`,
  examples: [
    "read vm.mr pc.ram 0xf0000 256",
    "read vm.mr pc.ram 0 640K --out low.img",
    "read vm.mr pc.ram 1M 16M --out - | strings",
  ],
  async run(args, { signal }) {
    const { values, positionals } = parse(args, OPTIONS);
    const { FILE, IDSTR, OFFSET, LENGTH } = takePositionals(
      positionals,
      "FILE",
      "IDSTR",
      "OFFSET",
      "LENGTH",
    );
    const { out, force = false, json = false } = values;
    if (json && out === "-") {
      throw new UsageError(
        "Cannot use --json with --out -: both print to stdout",
      );
    }
    checkNeeds(read.uses, values);
    if (force && out === "-") {
      throw new UsageError("Cannot use --force without --out FILE");
    }
    const offset = parseNumber("OFFSET", OFFSET);
    const length = parseNumber("LENGTH", LENGTH);
    const options = { ...openOptions(values), signal };
    const place = placeOf(FILE, values);
    using opened = await openSource(place, { signal });
    const snapshot = await openSnapshotFile(opened.source, {
      ...options,
      disk: opened.disk,
    });
    const block = findBlock(snapshot, IDSTR);
    checkRange(block, offset, length);
    const range = { offset, length };
    if (out === "-") {
      await writeRaw(block, range, signal);
    } else if (out !== undefined) {
      const output = { force, inputs: opened.paths, json };
      await writeFile(block, range, out, output, signal);
    } else if (!json) {
      await printHexDump(block, range, signal);
    }
    if (json) {
      const facts = {
        file: opened.source.name,
        idstr: IDSTR,
        offset,
        length,
        ...await presence(block, range, signal),
      };
      const { transfer } = opened;
      if (out === undefined) {
        await printHexJson(facts, block, range, { transfer, signal });
      } else printEvent("read", { ...facts, out, transfer: transfer() });
    }
    block.checkUnchanged?.();
    return 0;
  },
};

function checkRange(block: RAMBlock, offset: number, length: number): void {
  if (offset + length <= block.usedLength) return;
  throw new UsageError(
    `Cannot read ${countOf(length, "byte")} at ${hex(offset)} of ` +
      `${JSON.stringify(block.name)}: it ends at ${hex(block.usedLength)}`,
  );
}

async function printHexDump(
  block: RAMBlock,
  range: ByteRange,
  signal: AbortSignal,
): Promise<void> {
  const dump = new HexDump(range.offset);
  for await (const { bytes, length } of blockParts(block, range, signal)) {
    writeOutput(bytes === undefined ? dump.zeros(length) : dump.bytes(bytes));
    await outputRoom(signal);
  }
  if (range.length > 0) writeOutput(dump.end());
}

const ZEROS = new Uint8Array(0x10000);

async function writeRaw(
  block: RAMBlock,
  range: ByteRange,
  signal: AbortSignal,
): Promise<void> {
  for await (const { bytes, length } of blockParts(block, range, signal)) {
    for (const part of smallParts(bytes, length)) {
      writeOutput(part);
      await outputRoom(signal);
    }
  }
}

/** Yields views of the bytes, or of zeros, of at most 64 KiB each. */
function* smallParts(
  bytes: Uint8Array | undefined,
  length: number,
): Generator<Uint8Array> {
  for (let done = 0; done < length; done += ZEROS.length) {
    const end = Math.min(length, done + ZEROS.length);
    yield bytes?.subarray(done, end) ?? ZEROS.subarray(0, end - done);
  }
}

/** Writes the range to a new file; zero pages become holes. */
async function writeFile(
  block: RAMBlock,
  range: ByteRange,
  out: string,
  options: OutputOptions & { readonly json: boolean },
  signal: AbortSignal,
): Promise<void> {
  const sink = createOutput(out, options);
  using bar = options.json ? new ProgressEvents() : new ProgressBar("Reading");
  const { idstr } = block;
  const total = range.length;
  try {
    await sink.setLength(total);
    for await (const part of blockParts(block, range, signal)) {
      const at = part.offset - range.offset;
      if (part.bytes !== undefined) await sink.write(part.bytes, at);
      bar.show({ idstr, done: at + part.length, total });
    }
    block.checkUnchanged?.();
    await sink.commit();
  } catch (error) {
    await sink.abort().catch(() => {});
    throw error;
  }
}

/** Prints JSON with the bytes, while they are read; then what that cost. */
async function printHexJson(
  facts: object,
  block: RAMBlock,
  range: ByteRange,
  { transfer, signal }: Pick<OpenedPlace, "transfer"> & {
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const digits = new Uint8Array(2 * ZEROS.length);
  printText(jsonText(facts, 2).replace(/\n\}$/, ',\n  "hex": "'));
  try {
    for await (const { bytes, length } of blockParts(block, range, signal)) {
      for (const part of smallParts(bytes, length)) {
        writeOutput(encodeHex(part, digits));
        await outputRoom(signal);
      }
    }
  } catch (error) {
    // The event that follows gets a line of its own.
    if (error instanceof IntegrityError) print("");
    throw error;
  }
  const cost = transfer();
  const member = cost &&
    jsonText({ transfer: cost }, 2).slice(1, -"\n}".length);
  print(member === undefined ? '"\n}' : `",${member}\n}`);
}

/** Counts the stored pages among those that a range touches. */
async function presence(
  block: RAMBlock,
  { offset, length }: ByteRange,
  signal: AbortSignal,
): Promise<{ pages: number; presentPages: number }> {
  const first = Math.floor(offset / block.pageSize);
  const end = length === 0
    ? first
    : Math.ceil((offset + length) / block.pageSize);
  let presentPages = 0;
  for await (const run of block.presentRuns({ first, end, signal })) {
    presentPages += run.end - run.first;
  }
  return { pages: end - first, presentPages };
}
