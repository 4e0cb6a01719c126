import type { Stats } from "node:fs";
import { builtinModule, nodeFs } from "../local/mod.ts";
import type { Snapshot } from "../reading/mod.ts";
import { originalFile } from "../sources/mod.ts";
import { MappedResumeError } from "./mapped_resume_error.ts";
import { isOwnFile } from "./own_file.ts";

/** Options of finding the file that QEMU maps. */
export interface FindFileOptions {
  /**
   * An open descriptor of the file, through which QEMU opens it on Linux: it
   * maps this file even if another one takes its name. Keep it open until QEMU
   * has started. Default: QEMU opens the path.
   */
  readonly descriptor?: number | undefined;
  /**
   * `measureVerity` of the door `linux`: returns the digest that the kernel
   * enforces. If the source of the snapshot checks what it reads against a
   * digest, this must return the same one, since QEMU reads the file itself.
   * Default: the kernel enforces none.
   */
  readonly measureVerity?:
    | ((descriptor: number) => string | undefined)
    | undefined;
  /**
   * Whether the caller has just read all of the source, which checked it. The
   * kernel then need not enforce its digest, and later changes of the file go
   * unnoticed. Default: false.
   */
  readonly isChecked?: boolean | undefined;
}

/** The file that QEMU maps. */
export interface FoundFile {
  /** Absolute path, with links resolved, which may lead elsewhere later. */
  readonly path: string;
  /** The path by which QEMU opens it. */
  readonly memPath: string;
}

/**
 * Finds the file of a snapshot, which must be the whole of it.
 *
 * @throws {MappedResumeError} if there is none
 */
export function findFile(
  name: string,
  snapshot: Snapshot,
  { descriptor }: FindFileOptions,
): FoundFile {
  const path = findPath(name, snapshot, descriptor);
  if (descriptor === undefined) return { path, memPath: path };
  const { pid } = builtinModule("node:process", {
    what: "the host",
    action: "name a descriptor of this process",
  });
  return { path, memPath: `/proc/${pid}/fd/${descriptor}` };
}

/** Returns the absolute path of the snapshot's own file. */
function findPath(
  name: string,
  snapshot: Snapshot,
  descriptor: number | undefined,
): string {
  const fs = nodeFs();
  const { byteLength } = snapshot.source;
  let path = name;
  let stat: Stats | undefined;
  try {
    path = fs.realpathSync(name);
    stat = descriptor === undefined
      ? fs.statSync(path)
      : fs.fstatSync(descriptor);
  } catch {
    // It does not exist, or it is a URL.
  }
  const isFile = stat?.isFile() && stat.size === byteLength;
  if (isFile && isOwnFile(snapshot, stat)) return path;
  const found = isFile
    ? "another file has its name now"
    : stat === undefined
    ? "it is not a local file"
    : stat.isFile()
    ? `the file has ${stat.size} bytes, the snapshot ${byteLength}`
    : "it is not a regular file";
  throw new MappedResumeError(name, {
    reason: "file",
    text: `${found}, expected the snapshot's own file; copy it here, ` +
      "or resume by postcopy",
  });
}

/**
 * Checks that QEMU will read from the file what a source that checks its bytes
 * would hand over.
 *
 * @throws {MappedResumeError} if it might read others
 */
export function checkDigest(
  path: string,
  { source }: Snapshot,
  { descriptor, measureVerity, isChecked }: FindFileOptions,
): void {
  if (source.digest === undefined) return;
  const fs = nodeFs();
  const fd = descriptor ?? fs.openSync(path, "r");
  let enforced: string | undefined;
  try {
    enforced = measureVerity?.(fd);
  } finally {
    if (fd !== descriptor) fs.closeSync(fd);
  }
  if (enforced === source.digest) return;
  if (isChecked === true && originalFile(source) !== undefined) return;
  const found = enforced === undefined
    ? "fs-verity is not enabled for it"
    : `it enforces ${enforced}`;
  throw new MappedResumeError(path, {
    reason: "digest",
    text: `QEMU reads the file itself, and the kernel does not check it ` +
      `against ${source.digest}: ${found}; enable fs-verity for the file, ` +
      "check all of it first, or resume by postcopy",
  });
}
