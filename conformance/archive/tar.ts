import { Buffer } from "node:buffer";

/** A file of an archive. */
export interface TarFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Whether it is a program. Default: false. */
  readonly isProgram?: boolean;
}

const BLOCK = 512;
/** Fields of a header: position and length in bytes. */
const NAME = [0, 100] as const;
const MODE = [100, 8] as const;
const UID = [108, 8] as const;
const GID = [116, 8] as const;
const SIZE = [124, 12] as const;
const MTIME = [136, 12] as const;
const CHECKSUM = [148, 8] as const;
const TYPE = [156, 1] as const;
const MAGIC = [257, 8] as const;
const PREFIX = [345, 155] as const;

/**
 * Returns the files as a tar archive (POSIX ustar). The same files make the same
 * bytes: all are of the user 0, at the time 0.
 *
 * @throws {RangeError} if a path is too long for the format
 */
export function tar(files: readonly TarFile[]): Uint8Array {
  const blocks = files.flatMap((file) => {
    const padding = -file.bytes.length & BLOCK - 1;
    return [headerOf(file), file.bytes, Buffer.alloc(padding)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

function headerOf({ path, bytes, isProgram }: TarFile): Buffer {
  const header = Buffer.alloc(BLOCK);
  const write = ([at, length]: readonly [number, number], text: string) => {
    header.write(text.slice(0, length), at, "latin1");
  };
  const octal = (field: readonly [number, number], value: number) =>
    write(field, `${value.toString(8).padStart(field[1] - 1, "0")}\0`);
  const [prefix, name] = splitPath(path);
  write(NAME, name);
  octal(MODE, isProgram ? 0o755 : 0o644);
  octal(UID, 0);
  octal(GID, 0);
  octal(SIZE, bytes.length);
  octal(MTIME, 0);
  write(TYPE, "0");
  write(MAGIC, "ustar\x0000");
  write(PREFIX, prefix);
  // The sum is that of a header with spaces in its place.
  write(CHECKSUM, " ".repeat(CHECKSUM[1]));
  const sum = header.reduce((sum, byte) => sum + byte, 0);
  write(CHECKSUM, `${sum.toString(8).padStart(6, "0")}\0 `);
  return header;
}

/** Splits a path at a slash so that both parts fit. */
function splitPath(path: string): [prefix: string, name: string] {
  if (path.length <= NAME[1]) return ["", path];
  const at = path.indexOf("/", path.length - NAME[1] - 1);
  const name = path.slice(at + 1);
  if (at <= 0 || at > PREFIX[1] || name.length > NAME[1]) {
    throw new RangeError(`Cannot archive ${path}: its path is too long`);
  }
  return [path.slice(0, at), name];
}
