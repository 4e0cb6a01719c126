import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { SPEC_VERSION } from "../../mod.ts";
import { tar, type TarFile } from "./tar.ts";

const CONFORMANCE = fileURLToPath(new URL("../", import.meta.url));
const SPEC = fileURLToPath(new URL("../../SPEC.md", import.meta.url));
const LICENSE = fileURLToPath(new URL("../../LICENSE", import.meta.url));

/** A snapshot of at most this many bytes is also there unpacked. */
const UNPACKED_MAX = 0x10000;
/** What the archive holds besides the vectors, relative to `conformance/`. */
const FILES = [
  ...["README.md", `manifest-${SPEC_VERSION}.json`, "rules.json"],
  ...["descriptions/mapped_ram.ksy", "descriptions/mapped_ram.magic"],
  ...["mistakes/mistakes.json"],
];
const PROGRAMS = [
  ...["runner/run_vectors.py", "mistakes/find_mistakes.py"],
  ...["readers/mapped_ram_reader.py", "readers/verity_reader.py"],
  ...["readers/qcow2_reader.py", "writers/mapped_ram_writer.py"],
];
const FOLDERS = ["invalid", "libvirt", "packed", "qemu", "valid", "verity"];

/** The folder of the archive. */
export const ARCHIVE_NAME = `mapped-ram-vectors-${SPEC_VERSION}`;

/**
 * Returns the archive of the vectors, with all that another implementation
 * needs to run them without this repository. Its files have the paths that they
 * have here, so that links and commands in its texts work.
 */
export function vectorsArchive(): Uint8Array {
  const fileOf = (path: string, isProgram = false): TarFile => ({
    path: `${ARCHIVE_NAME}/conformance/${path}`,
    bytes: readFileSync(join(CONFORMANCE, path)),
    isProgram,
  });
  const packed = gzipSync(
    tar([
      { path: `${ARCHIVE_NAME}/SPEC.md`, bytes: readFileSync(SPEC) },
      { path: `${ARCHIVE_NAME}/LICENSE`, bytes: readFileSync(LICENSE) },
      ...FILES.map((path) => fileOf(path)),
      ...PROGRAMS.map((path) => fileOf(path, true)),
      ...FOLDERS.flatMap((it) => filesBelow(`vectors/${it}`))
        .flatMap((path) => [fileOf(path), ...unpacked(fileOf(path))]),
    ]),
    { level: 9 },
  );
  packed[9] = 255; // The system is unknown, so that each builds the same bytes.
  return packed;
}

function filesBelow(folder: string): string[] {
  const entries = readdirSync(join(CONFORMANCE, folder), {
    recursive: true,
    withFileTypes: true,
  });
  return entries.filter((it) => it.isFile())
    .map(({ parentPath, name }) =>
      join(parentPath, name).slice(CONFORMANCE.length).replaceAll("\\", "/")
    )
    .toSorted();
}

/** Returns `snapshot` for a small `snapshot.gz`. */
function unpacked({ path, bytes }: TarFile): TarFile[] {
  if (!path.endsWith("/snapshot.gz")) return [];
  const size = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .getUint32(bytes.byteLength - 4, true);
  return size > UNPACKED_MAX
    ? []
    : [{ path: path.slice(0, -".gz".length), bytes: gunzipSync(bytes) }];
}
