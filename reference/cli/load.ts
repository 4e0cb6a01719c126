import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  type ByteSink,
  createFileSink,
  exportImage,
  openSnapshot,
  type RAMBlock,
  SourceError,
} from "../mod.ts";
import {
  type Command,
  openOptions,
  parse,
  SNAPSHOT_OPTIONS,
  SNAPSHOT_OPTIONS_HELP,
  takePositionals,
} from "./command.ts";
import { formatBytes, formatTime } from "./format_bytes.ts";
import { openSource } from "./open_source.ts";
import { print, printJson, printMessage } from "./output.ts";
import { ProgressBar } from "./progress_bar.ts";

/** `load FILE OUTDIR` */
export const load: Command = {
  summary: "every RAMBlock to a flat, sparse image",
  help: `\
Usage: load FILE|URL OUTDIR [options]

Writes the memory of every RAMBlock to a flat image in OUTDIR, which must be
there: pc.ram to pc.ram.img. Characters of an idstr that do not belong into a
file name are written as %XX. Zero pages are holes.

  --force                     replace images that are there
${SNAPSHOT_OPTIONS_HELP}

Example: mkdir images && load vm.mr images`,
  async run(args, { signal }) {
    const { values, positionals } = parse(args, {
      ...SNAPSHOT_OPTIONS,
      force: { type: "boolean" },
    });
    const { FILE, OUTDIR } = takePositionals(positionals, "FILE", "OUTDIR");
    const force = values.force ?? false;
    const started = performance.now();
    await using opened = await openSource(FILE, { signal });
    const options = { ...openOptions(values), signal };
    const snapshot = await openSnapshot(opened.source, options);
    const ignored = snapshot.blocks.filter((block) => block.ignored);
    const images = snapshot.blocks.filter((block) => !block.ignored)
      .map((block) => ({ block, path: join(OUTDIR, imageName(block.idstr)) }));
    checkTargets(OUTDIR, images.map(({ path }) => path), force);
    for (const { idstr } of ignored) {
      printMessage(
        `RAMBlock "${idstr}" is left out: x-ignore-shared kept its pages ` +
          "in shared memory",
      );
    }
    await writeImages(images, force, signal);
    const took = performance.now() - started;
    if (values.json) {
      printJson({
        file: opened.source.name,
        images: images.map(({ block, path }) => ({
          idstr: block.idstr,
          usedLength: block.usedLength,
          path,
        })),
        ignored: ignored.map(({ idstr }) => idstr),
        milliseconds: took,
        transfer: opened.transfer(),
      });
      return 0;
    }
    for (const { block, path } of images) {
      print(`${path}  ${formatBytes(block.usedLength)}`);
    }
    print(`${images.length} images in ${formatTime(took)}`);
    return 0;
  },
};

/** The file name of a block's image; two idstrs never have the same. */
export function imageName(idstr: string): string {
  const escaped = idstr.replace(
    /[^A-Za-z0-9._@:+-]|^\./g,
    (character) =>
      `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
  return `${escaped}.img`;
}

function checkTargets(
  folder: string,
  paths: readonly string[],
  force: boolean,
): void {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new SourceError(
      folder,
      `Cannot write to ${JSON.stringify(folder)}: there is no such ` +
        "directory, make it first (mkdir)",
    );
  }
  if (force) return;
  for (const path of paths) {
    if (!existsSync(path)) continue;
    throw new SourceError(
      path,
      `Cannot write ${JSON.stringify(path)}: there is a file of that name ` +
        "(--force replaces it)",
    );
  }
}

/**
 * Writes all images beside their places, and puts them there when the last one is
 * whole: a failure leaves none, and old ones as they were.
 */
async function writeImages(
  images: readonly { readonly block: RAMBlock; readonly path: string }[],
  force: boolean,
  signal: AbortSignal,
): Promise<void> {
  const total = images.reduce((sum, { block }) => sum + block.usedLength, 0);
  const sinks: ByteSink[] = [];
  let before = 0;
  using bar = new ProgressBar("Loading");
  try {
    for (const { block, path } of images) {
      const sink = createFileSink(path, { force });
      sinks.push(sink);
      await exportImage(block, withoutCommit(sink), {
        signal,
        onProgress: ({ idstr, done }) =>
          bar.show({ idstr, done: before + done, total }),
      });
      before += block.usedLength;
    }
    for (const sink of sinks) await sink.commit();
  } catch (error) {
    for (const sink of sinks) await sink.abort();
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
