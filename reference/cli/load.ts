import { join } from "node:path";
import {
  type ByteSink,
  exportImage,
  openSnapshot,
  type RAMBlock,
} from "../mod.ts";
import { type Command, parse, takePositionals } from "./command.ts";
import { commitTogether, type PendingFile } from "./commit_together.ts";
import { formatBytes } from "./format_bytes.ts";
import { countOf } from "./format_count.ts";
import { formatTime } from "./format_time.ts";
import { imageName } from "./image_name.ts";
import { openSource } from "./open_source.ts";
import { print, printJson, printMessage } from "./output.ts";
import {
  allocatedBytes,
  checkFolder,
  checkOutput,
  createOutput,
  type OutputOptions,
} from "./output_file.ts";
import { printable } from "./printable.ts";
import { ProgressBar } from "./progress_bar.ts";
import {
  openOptions,
  SNAPSHOT_OPTIONS,
  SNAPSHOT_OPTIONS_HELP,
} from "./snapshot_options.ts";
import { formatTable } from "./table.ts";
import { paint } from "./terminal.ts";

/** `load FILE OUTDIR` */
export const load: Command = {
  summary: "every RAMBlock to a flat, sparse image",
  help: `\
Usage: deno task load FILE|URL OUTDIR [options]

Writes the memory of every RAMBlock to a flat image in OUTDIR, which must be
there: pc.ram to pc.ram.img. Characters of an idstr that do not belong into a
file name are written as %XX. Zero pages are holes. Either all images are
written or none.

  --force                     replace images that are there
${SNAPSHOT_OPTIONS_HELP}

Example: mkdir images && deno task load vm.mr images`,
  async run(args, { signal }) {
    const { values, positionals } = parse(args, {
      ...SNAPSHOT_OPTIONS,
      force: { type: "boolean" },
    });
    const { FILE, OUTDIR } = takePositionals(positionals, "FILE", "OUTDIR");
    const output = { force: values.force ?? false, inputs: [FILE] };
    const options = { ...openOptions(values), signal };
    const started = performance.now();
    await using opened = await openSource(FILE, { signal });
    const snapshot = await openSnapshot(opened.source, options);
    checkFolder(OUTDIR);
    const ignored = snapshot.blocks.filter((block) => block.ignored);
    const images = snapshot.blocks.filter((block) => !block.ignored)
      .map((block) => ({ block, path: join(OUTDIR, imageName(block.idstr)) }));
    for (const { path } of images) checkOutput(path, output);
    for (const { idstr } of ignored) {
      printMessage(
        `RAMBlock "${idstr}" is left out: x-ignore-shared kept its pages ` +
          "in shared memory",
      );
    }
    await writeImages(images, output, signal);
    const milliseconds = performance.now() - started;
    if (values.json) {
      printJson({
        file: opened.source.name,
        images: images.map(({ block, path }) => ({
          idstr: block.idstr,
          usedLength: block.usedLength,
          path,
        })),
        ignored: ignored.map(({ idstr }) => idstr),
        milliseconds,
        transfer: opened.transfer(),
      });
    } else {
      printImages(images, milliseconds);
    }
    return 0;
  },
};

/** A RAMBlock and where its image goes. */
interface Image {
  readonly block: RAMBlock;
  readonly path: string;
}

/**
 * Writes all images beside their places, and puts them there when the last one is
 * whole: a failure leaves none, and old ones as they were.
 */
async function writeImages(
  images: readonly Image[],
  options: OutputOptions,
  signal: AbortSignal,
): Promise<void> {
  const total = images.reduce((sum, { block }) => sum + block.usedLength, 0);
  const files: PendingFile[] = [];
  let before = 0;
  using bar = new ProgressBar("Loading");
  try {
    for (const { block, path } of images) {
      const sink = createOutput(path, options);
      files.push({ sink, path });
      await exportImage(block, withoutCommit(sink), {
        signal,
        onProgress: ({ idstr, done }) =>
          bar.show({ idstr, done: before + done, total }),
      });
      before += block.usedLength;
    }
    signal.throwIfAborted();
    await commitTogether(files);
  } catch (error) {
    await Promise.allSettled(files.map(({ sink }) => sink.abort()));
    throw error;
  }
}

/** The sink, but for its commit, which comes later, and its abort. */
function withoutCommit(sink: ByteSink): ByteSink {
  return {
    name: sink.name,
    write: (bytes, offset) => sink.write(bytes, offset),
    setLength: (byteLength) => sink.setLength(byteLength),
    flush: () => sink.flush(),
    commit: () => Promise.resolve(),
    abort: () => Promise.resolve(),
  };
}

function printImages(images: readonly Image[], milliseconds: number): void {
  const header = [
    { title: "image" },
    { title: "size", right: true },
    { title: "on disk", right: true },
  ];
  const rows = images.map(({ block, path }) => {
    const allocated = allocatedBytes(path);
    return [
      printable(path),
      formatBytes(block.usedLength),
      allocated === undefined ? "" : formatBytes(allocated),
    ];
  });
  if (rows.length > 0) {
    for (const line of formatTable(header, rows)) print(line);
  }
  print(
    `${paint("green", "loaded")} ${countOf(images.length, "image")} in ` +
      formatTime(milliseconds),
  );
}
