import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** The SHA-256 of each file of a folder, as `sha256sum --check` takes them. */
export function checksums(folder: string): string {
  return readdirSync(folder, { recursive: true })
    .map((it) => String(it).replaceAll("\\", "/"))
    .filter((it) => statSync(join(folder, it)).isFile())
    .sort()
    .map((it) => {
      const bytes = readFileSync(join(folder, it));
      return `${createHash("sha256").update(bytes).digest("hex")}  ${it}\n`;
    })
    .join("");
}
