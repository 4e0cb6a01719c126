/**
 * Saves an image, or loads a snapshot, once, and prints the error as JSON. The
 * arguments are `save` or `load`, the file to read, the file to write, the
 * number of jobs and whether to bypass the page cache.
 *
 * @module
 */

import process from "node:process";
import {
  createFileSink,
  exportImage,
  openFileSource,
  openSnapshot,
  saveSnapshot,
  SourceError,
} from "../../../mod.ts";

const [work, from, to, jobs, direct] = process.argv.slice(2);
const options = { jobs: Number(jobs), directIo: direct === "true" };
let failure: unknown;
try {
  using source = openFileSource(from);
  const sink = createFileSink(to, { force: true });
  if (work === "save") {
    await saveSnapshot(sink, [{ idstr: "ram", source }], options);
  } else {
    const { blocks } = await openSnapshot(source);
    await exportImage(blocks[0], sink, options);
  }
} catch (error) {
  failure = error instanceof SourceError
    ? { name: error.name, message: error.message, source: error.source }
    : { name: "other", message: String(error), source: "" };
}
process.stdout.write(JSON.stringify(failure ?? null));
