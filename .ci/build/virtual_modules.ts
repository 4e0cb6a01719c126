import { join } from "node:path";
import type { Plugin } from "rolldown";
import { ROOT } from "./project.ts";

/** Prefix of the names of modules that exist only in the build. */
const PREFIX = "build:";

/** Returns the name by which such a module is imported. */
export function virtualName(name: string): string {
  return PREFIX + name;
}

/**
 * Returns a plugin with modules by name and text. Their imports that start with a
 * slash are relative to the project.
 */
export function virtualModules(
  texts: Readonly<Record<string, string>>,
): Plugin {
  return {
    name: "virtual-modules",
    resolveId(specifier, importer) {
      if (specifier.startsWith(PREFIX)) return specifier;
      const isInside = importer?.startsWith(PREFIX) ?? false;
      return isInside && specifier.startsWith("/")
        ? join(ROOT, specifier)
        : null;
    },
    load(id) {
      return id.startsWith(PREFIX) ? texts[id.slice(PREFIX.length)] : null;
    },
  };
}
