import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** Returns the unpacked bytes of a package without its source maps. */
export function unpackedBytes(folder: string): number {
  return readdirSync(folder, { recursive: true })
    .map((it) => join(folder, String(it)))
    .filter((it) => !it.endsWith(".map"))
    .map((it) => statSync(it))
    .reduce((sum, it) => sum + (it.isFile() ? it.size : 0), 0);
}

/** Prints the sizes of what was built. */
export function printSizes(folder: string): void {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) {
      const bytes = unpackedBytes(path);
      console.log(`${name}/: ${kilobytes(bytes)} kB without source maps`);
    } else if (name.endsWith(".js")) {
      const bytes = readFileSync(path);
      const packed = kilobytes(gzipSync(bytes, { level: 9 }).length);
      console.log(`${name}: ${kilobytes(bytes.length)} kB, gzip ${packed} kB`);
    } else if (!name.endsWith(".map")) {
      console.log(`${name}: ${kilobytes(statSync(path).size)} kB`);
    }
  }
}

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(1);
}
