import { existsSync } from "node:fs";

/** Returns the path, or a similar one at which there is no file yet. */
export function freeName(path: string): string {
  for (let number = 0;; number++) {
    const name = number === 0 ? path : `${path}.${number}`;
    if (!existsSync(name)) return name;
  }
}
