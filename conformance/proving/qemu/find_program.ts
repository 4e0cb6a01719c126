import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { env } from "node:process";

/** The paths of all programs with a name, in the order of PATH. */
export function findPrograms(name: string): string[] {
  return (env.PATH ?? "").split(delimiter)
    .map((directory) => join(directory, name))
    .filter((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
