import { join } from "node:path";
import type { Plugin } from "rolldown";
import { ROOT } from "./project.ts";

/** How the names of modules begin that only the build has. */
const PREFIX = "build:";

/** What such a module is imported by. */
export function virtualName(name: string): string {
  return PREFIX + name;
}

/** Gives the bundler modules by their text, which may import `/mod.ts`. */
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
