import { readFileSync, writeFileSync } from "node:fs";
import { type ByteSink, createFileSink } from "../../../sinks/mod.ts";
import { backingOf, setBacking } from "../../../sources/mod.ts";
import type { ScratchFolder } from "../../../testing/scratch_folder.ts";
import type { PendingFile } from "../file_group.ts";

/** What a test changes of a sink. */
export type Change = (sink: ByteSink) => Partial<ByteSink>;

/** Returns a file that is written, and not in place yet. */
export async function pending(
  scratch: ScratchFolder,
  name: string,
  change: Change = () => ({}),
): Promise<PendingFile> {
  const path = scratch.file(name);
  const sink = createFileSink(path, { force: true });
  await sink.write(new TextEncoder().encode(`new ${name}`), 0);
  const changed = {
    name: sink.name,
    write: (bytes: Uint8Array, offset: number) => sink.write(bytes, offset),
    setLength: (byteLength: number) => sink.setLength(byteLength),
    flush: () => sink.flush(),
    commit: () => sink.commit(),
    abort: () => sink.abort(),
    ...change(sink),
  };
  const backing = backingOf(sink);
  if (backing !== undefined) setBacking(changed, backing);
  return { path, sink: changed };
}

/** Returns what the files of a folder hold. */
export function texts(scratch: ScratchFolder): Record<string, string> {
  return Object.fromEntries(
    scratch.names().map((name) => [
      name,
      readFileSync(scratch.file(name), "utf8"),
    ]),
  );
}

/**
 * Creates a folder with old files, and new files for them, the third with a
 * changed sink.
 */
export async function files(
  scratch: ScratchFolder,
  change?: Change,
): Promise<PendingFile[]> {
  for (const name of ["a", "c", "d"]) {
    writeFileSync(scratch.file(name), `old ${name}`);
  }
  return [
    await pending(scratch, "a"),
    await pending(scratch, "b"),
    await pending(scratch, "c", change),
    await pending(scratch, "d"),
  ];
}

/** What is in the folder before the commit, and after it. */
export const OLD = { a: "old a", c: "old c", d: "old d" };
export const NEW = { a: "new a", b: "new b", c: "new c", d: "new d" };
