import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { env } from "node:process";

/** What an image contains. */
export interface ImageContents {
  /**
   * Paths of programs of this machine. In the image they have the same paths,
   * links in `/usr/bin`, and the libraries that they need.
   */
  readonly programs?: readonly string[];
  /** Paths of files and folders of this machine, by their path in the image. */
  readonly files?: Readonly<Record<string, string>>;
  /** Paths of empty folders in the image. */
  readonly folders?: readonly string[];
  /** Options of mke2fs. Default: none. */
  readonly options?: readonly string[];
}

/** Bytes of a block: those of a page of the emulated machine. */
export const BLOCK = 4096;

/** Free space in a file system, besides as much as its contents take. */
const FREE_MIB = 32;

/** Programs that administer file systems may not be in PATH. */
const ENVIRONMENT = { ...env, PATH: `${env.PATH}:/usr/sbin:/sbin` };

/** Makes an image of an ext4 file system at `path`; needs no privileges. */
export function makeImage(path: string, contents: ImageContents): void {
  const { programs = [], files = {}, folders = [], options = [] } = contents;
  const root = `${path}.root`;
  try {
    mkdirSync(root);
    for (const folder of folders) {
      mkdirSync(join(root, folder), { recursive: true });
    }
    for (const program of programs) copyProgram(program, root);
    for (const [target, source] of Object.entries(files)) {
      copy(source, join(root, target));
    }
    const used = Number.parseInt(run("du", ["-sm", root]));
    writeFileSync(path, "");
    truncateSync(path, (2 * used + FREE_MIB) * 2 ** 20);
    run("mke2fs", [
      ...["-q", "-t", "ext4", "-b", String(BLOCK)],
      ...[...options, "-d", root, path],
    ]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/**
 * The offset in an image at which block `index` of a file is; the path is that
 * in the image.
 */
export function offsetInImage(
  image: string,
  { path, index }: { readonly path: string; readonly index: number },
): number {
  const text = run("debugfs", ["-R", `bmap ${path} ${index}`, image]);
  const block = Number.parseInt(text);
  if (block > 0) return block * BLOCK;
  throw new Error(`Cannot find block ${index} of ${path} in ${image}: ${text}`);
}

function copyProgram(program: string, root: string): void {
  const path = realpathSync(program);
  copy(path, join(root, path));
  const link = join(root, "usr/bin", basename(program));
  mkdirSync(dirname(link), { recursive: true });
  if (!existsSync(link)) symlinkSync(path, link);
  for (const [library] of run("ldd", [path]).matchAll(/\/\S+/g)) {
    copy(library, join(root, library));
  }
}

/** Copies a file or folder, following links, unless it is there. */
function copy(source: string, target: string): void {
  if (existsSync(target)) return;
  // Deno changes the arguments of programs that are given its own path.
  cpSync(source, target, { recursive: true, dereference: true });
}

function run(program: string, args: readonly string[]): string {
  return execFileSync(program, args, {
    encoding: "utf8",
    env: ENVIRONMENT,
    stdio: ["ignore", "pipe", "pipe"],
  });
}
