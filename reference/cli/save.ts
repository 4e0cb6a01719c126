import {
  type ByteSource,
  createFileSink,
  openSnapshot,
  type RAMBlock,
  type RAMBlockInput,
  saveSnapshot,
  type SaveSummary,
} from "../mod.ts";
import { alignUp } from "../../format/mod.ts";
import { type Command, parse, takePositionals } from "./command.ts";
import { demonstrate } from "./demonstration.ts";
import { formatBytes, formatTable, formatTime } from "./format_bytes.ts";
import { parseNumber } from "./number_argument.ts";
import { type OpenedSource, openSource } from "./open_source.ts";
import { print, printJson } from "./output.ts";
import { ProgressBar } from "./progress_bar.ts";
import { paint } from "./terminal.ts";
import { UsageError } from "./usage_error.ts";

/** `save [OUT]` */
export const save: Command = {
  summary: "flat memory images to a snapshot; without OUT a demonstration",
  help: `\
Usage: save [OUT --block IDSTR=IMAGE...] [options]

Saves flat memory images as a snapshot that stock QEMU loads. Zero pages are left
out. Without OUT it makes the memory of a small guest, saves it to a temporary
file, opens it lazily, compares what it reads, and shows what it did.

  --block IDSTR=IMAGE         the RAMBlock IDSTR, from its first byte on; again
                              for each block, the largest first as QEMU does
  --machine NAME              machine type that shall load it; default: none
  --page-size N               target page size in bytes; default: 4096
  --target-page-bits N        log2 of it, for targets that want it written (ARM)
  --device-state SNAPSHOT     copy machine, configuration and device state from
                              there, and the RAMBlocks that --block does not give
  --force                     replace OUT if it is there
  --keep                      keep the file of the demonstration
  --json                      print JSON

Example: save out.mr --block pc.ram=memory.img --machine pc-i440fx-10.0`,
  async run(args, { signal }) {
    const { values, positionals } = parse(args, {
      block: { type: "string", multiple: true },
      machine: { type: "string" },
      "page-size": { type: "string" },
      "target-page-bits": { type: "string" },
      "device-state": { type: "string" },
      force: { type: "boolean" },
      keep: { type: "boolean" },
      json: { type: "boolean" },
    });
    if (positionals.length === 0) {
      const given = Object.keys(values).find((it) =>
        it !== "keep" && it !== "json"
      );
      if (given !== undefined) throw new UsageError(`--${given} wants OUT`);
      return await demonstrate({
        keep: values.keep ?? false,
        json: values.json ?? false,
        signal,
      });
    }
    const { OUT } = takePositionals(positionals, "OUT");
    const images = parseBlocks(values.block ?? []);
    const template = values["device-state"];
    if (images.size === 0 && template === undefined) {
      throw new UsageError("OUT wants --block IDSTR=IMAGE, once at least");
    }
    await using opened = new OpenedSources();
    const deviceStateFrom = template === undefined
      ? undefined
      : await openSnapshot(await opened.open(template, signal), { signal });
    const pageSize = deviceStateFrom === undefined
      ? parseNumber("--page-size", values["page-size"] ?? "4096")
      : deviceStateFrom.blocks[0]?.pageSize ?? 4096;
    if (deviceStateFrom !== undefined) {
      const clash = (["machine", "page-size", "target-page-bits"] as const)
        .find((it) => values[it] !== undefined);
      if (clash !== undefined) {
        throw new UsageError(
          `--${clash} and --device-state exclude each other`,
        );
      }
    }
    const inputs = new Map<string, RAMBlockInput>();
    for (const [idstr, path] of images) {
      const source = await opened.open(path, signal);
      const usedLength = alignUp(source.byteLength, pageSize);
      inputs.set(idstr, { idstr, source, usedLength });
    }
    const blocks = deviceStateFrom === undefined
      ? [...inputs.values()]
      : overlay(deviceStateFrom.blocks, inputs);
    const bits = values["target-page-bits"];
    const started = performance.now();
    using bar = new ProgressBar("Saving");
    const summary = await saveSnapshot(
      createFileSink(OUT, { force: values.force ?? false }),
      blocks,
      {
        pageSize,
        machine: values.machine,
        targetPageBits: bits === undefined
          ? undefined
          : parseNumber("--target-page-bits", bits),
        deviceStateFrom,
        signal,
        onProgress: bar.show,
      },
    );
    bar[Symbol.dispose]();
    printSummary(
      OUT,
      summary,
      pageSize,
      performance.now() - started,
      values.json,
    );
    return 0;
  },
};

/** Sources that are closed together. */
class OpenedSources implements AsyncDisposable {
  readonly #opened: OpenedSource[] = [];

  async open(path: string, signal: AbortSignal): Promise<ByteSource> {
    const opened = await openSource(path, { signal });
    this.#opened.push(opened);
    return opened.source;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const opened of this.#opened) await opened[Symbol.asyncDispose]();
  }
}

function parseBlocks(blocks: readonly string[]): Map<string, string> {
  const images = new Map<string, string>();
  for (const text of blocks) {
    const [, idstr, path] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
    if (idstr === undefined) {
      throw new UsageError(
        `--block is ${JSON.stringify(text)}, expected IDSTR=IMAGE`,
      );
    }
    if (images.has(idstr)) {
      throw new UsageError(`--block gives ${JSON.stringify(idstr)} twice`);
    }
    images.set(idstr, path);
  }
  return images;
}

/** The blocks of a snapshot, those that are given replaced. */
function overlay(
  blocks: readonly RAMBlock[],
  inputs: ReadonlyMap<string, RAMBlockInput>,
): RAMBlockInput[] {
  const unknown = [...inputs.keys()].find((idstr) =>
    !blocks.some((block) => block.idstr === idstr)
  );
  if (unknown !== undefined) {
    throw new UsageError(
      `--block names ${JSON.stringify(unknown)}; the snapshot has ` +
        blocks.map((block) => JSON.stringify(block.idstr)).join(", "),
    );
  }
  return blocks.map((block) => {
    const { idstr, usedLength } = block;
    const given = inputs.get(idstr);
    if (given !== undefined && given.source.byteLength > usedLength) {
      throw new UsageError(
        `${JSON.stringify(given.source.name)} has ${given.source.byteLength} ` +
          `bytes, more than RAMBlock ${JSON.stringify(idstr)}: ${usedLength}`,
      );
    }
    return { idstr, usedLength, source: given?.source ?? block };
  });
}

function printSummary(
  out: string,
  summary: SaveSummary,
  pageSize: number,
  milliseconds: number,
  json: boolean | undefined,
): void {
  if (json) {
    printJson({ file: out, pageSize, milliseconds, ...summary });
    return;
  }
  const rows = summary.blocks.map(({ idstr, pageCount, presentCount }) => [
    idstr,
    formatBytes(pageCount * pageSize),
    `${presentCount} pages stored`,
    `${pageCount - presentCount} zero pages left out`,
  ]);
  for (const line of formatTable(rows, [1, 2, 3])) print(`  ${line}`);
  print(`${paint("green", "saved")} ${out} in ${formatTime(milliseconds)}`);
}
