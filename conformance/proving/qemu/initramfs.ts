/** A directory or file of an initramfs. */
export interface InitramfsEntry {
  /** The path without a leading slash; parent directories come before it. */
  readonly path: string;
  /** The contents of a file; absent for a directory. */
  readonly content?: Uint8Array;
}

const MAGIC = "070701";
const TRAILER = "TRAILER!!!";
const DIRECTORY_MODE = 0o040755;
const PROGRAM_MODE = 0o100755;
const ALIGNMENT = 4;

/**
 * An initramfs for Linux: a cpio archive in the "newc" format.
 *
 * All files are executable, owned by root and dated 1970, so that equal entries
 * give equal bytes.
 */
export function initramfs(entries: readonly InitramfsEntry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [index, { path, content }] of entries.entries()) {
    const mode = content === undefined ? DIRECTORY_MODE : PROGRAM_MODE;
    const length = content?.length ?? 0;
    parts.push(record(path, { inode: index + 1, mode, length }));
    if (content !== undefined) parts.push(padded(content));
  }
  parts.push(record(TRAILER, { inode: 0, mode: 0, length: 0 }));
  return joined(parts);
}

/** The header and name of an entry. */
function record(
  path: string,
  entry: {
    readonly inode: number;
    readonly mode: number;
    readonly length: number;
  },
): Uint8Array {
  const name = new TextEncoder().encode(`${path}\0`);
  const fields = [
    entry.inode,
    entry.mode,
    0, // owner
    0, // group
    1, // links
    0, // time of the last change
    entry.length,
    0, // device that the file is on, major
    0, // and minor
    0, // device that the file is, major
    0, // and minor
    name.length,
    0, // checksum, which this format does not have
  ];
  const digits = fields.map((value) => value.toString(16).padStart(8, "0"));
  const header = new TextEncoder().encode(MAGIC + digits.join(""));
  return padded(joined([header, name]));
}

function padded(bytes: Uint8Array): Uint8Array {
  const length = Math.ceil(bytes.length / ALIGNMENT) * ALIGNMENT;
  const result = new Uint8Array(length);
  result.set(bytes);
  return result;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const result = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}
