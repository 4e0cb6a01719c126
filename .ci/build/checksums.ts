import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** The file with the checksums, which marks a folder that a build made. */
export const SUMS = "SHA256SUMS";

/**
 * Returns the SHA-256 of each other file of a folder, in the format of
 * `sha256sum --check`.
 */
export function checksums(folder: string): string {
  return readdirSync(folder, { recursive: true })
    .map((it) => String(it).replaceAll("\\", "/"))
    .filter((it) => it !== SUMS && statSync(join(folder, it)).isFile())
    .sort()
    .map((it) => {
      const bytes = readFileSync(join(folder, it));
      return `${createHash("sha256").update(bytes).digest("hex")}  ${it}\n`;
    })
    .join("");
}
