import { createFileSink, openSnapshot, type RAMBlock } from "../mod.ts";
import {
  type Command,
  openOptions,
  parse,
  SNAPSHOT_OPTIONS,
  SNAPSHOT_OPTIONS_HELP,
  takePositionals,
} from "./command.ts";
import { HexDump } from "./hex_dump.ts";
import { parseNumber } from "./number_argument.ts";
import { openSource } from "./open_source.ts";
import { print, printJson, writeOutput } from "./output.ts";
import { ProgressBar } from "./progress_bar.ts";
import { UsageError } from "./usage_error.ts";

const CHUNK = 0x100000;

/** `read FILE IDSTR OFFSET LENGTH` */
export const read: Command = {
  summary: "bytes of a RAMBlock, read lazily: hex, or raw by --out",
  help: `\
Usage: read FILE|URL IDSTR OFFSET LENGTH [options]

Prints LENGTH bytes of the RAMBlock IDSTR from OFFSET on; equal lines are folded
into a "*". Only the pages asked for are read.

  --out OUT                   write the bytes to a new file; "-": to stdout
  --force                     replace OUT if it is there
${SNAPSHOT_OPTIONS_HELP}

Example: read vm.mr pc.ram 0x100000 256`,
  async run(args, { signal }) {
    const { values, positionals } = parse(args, {
      ...SNAPSHOT_OPTIONS,
      out: { type: "string" },
      force: { type: "boolean" },
    });
    const { FILE, IDSTR, OFFSET, LENGTH } = takePositionals(
      positionals,
      "FILE",
      "IDSTR",
      "OFFSET",
      "LENGTH",
    );
    if (values.json && values.out === "-") {
      throw new UsageError("--json and --out - both want standard output");
    }
    const offset = parseNumber("OFFSET", OFFSET);
    const length = parseNumber("LENGTH", LENGTH);
    await using opened = await openSource(FILE, { signal });
    const options = { ...openOptions(values), signal };
    const snapshot = await openSnapshot(opened.source, options);
    const block = snapshot.block(IDSTR);
    if (offset + length > block.usedLength) {
      throw new RangeError(
        `Cannot read ${length} bytes at ${offset} of ${block.name}: ` +
          `it has ${block.usedLength} bytes`,
      );
    }
    const range = { offset, length };
    if (values.out === "-") {
      for await (const bytes of chunks(block, range, signal)) {
        writeOutput(bytes);
      }
    } else if (values.out !== undefined) {
      await writeFile(block, range, values.out, values.force ?? false, signal);
    } else if (!values.json) {
      const dump = new HexDump(offset);
      for await (const bytes of chunks(block, range, signal)) {
        const lines = [...dump.lines(bytes)];
        if (lines.length > 0) print(lines.join("\n"));
      }
      print(dump.end());
    }
    if (values.json) {
      printJson({
        file: opened.source.name,
        idstr: IDSTR,
        offset,
        length,
        ...await presence(block, range),
        ...(values.out === undefined
          ? { hex: await hexOf(block, range, signal) }
          : { out: values.out }),
        transfer: opened.transfer(),
      });
    }
    return 0;
  },
};

interface Range {
  readonly offset: number;
  readonly length: number;
}

/** The bytes of a range, in views of one buffer that is used again. */
async function* chunks(
  block: RAMBlock,
  { offset, length }: Range,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(Math.min(CHUNK, length));
  for (let done = 0; done < length; done += CHUNK) {
    const bytes = buffer.subarray(0, Math.min(CHUNK, length - done));
    await block.readInto(bytes, offset + done, { signal });
    yield bytes;
  }
}

async function writeFile(
  block: RAMBlock,
  range: Range,
  out: string,
  force: boolean,
  signal: AbortSignal,
): Promise<void> {
  const sink = createFileSink(out, { force });
  using bar = new ProgressBar("Reading");
  let done = 0;
  try {
    for await (const bytes of chunks(block, range, signal)) {
      await sink.write(bytes, done);
      done += bytes.length;
      bar.show({ idstr: block.idstr, done, total: range.length });
    }
    await sink.commit();
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

async function hexOf(
  block: RAMBlock,
  range: Range,
  signal: AbortSignal,
): Promise<string> {
  let hex = "";
  for await (const bytes of chunks(block, range, signal)) {
    for (const byte of bytes) hex += byte.toString(16).padStart(2, "0");
  }
  return hex;
}

/** How many of the pages that a range touches the file holds. */
async function presence(
  block: RAMBlock,
  { offset, length }: Range,
): Promise<{ pages: number; presentPages: number }> {
  const first = Math.floor(offset / block.pageSize);
  const end = length === 0
    ? first
    : Math.ceil((offset + length) / block.pageSize);
  let presentPages = 0;
  for await (const run of block.presentRuns({ first, end })) {
    presentPages += run.end - run.first;
  }
  return { pages: end - first, presentPages };
}
