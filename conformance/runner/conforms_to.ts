import { CLASS_NAMES } from "../vectors/conformance_class.ts";
import type { SuiteReport } from "./report.ts";

/**
 * Returns the names of the classes of SPEC.md 10.1 that a program conforms to:
 * those whose cases it passes without exception. A run of some of the cases
 * shows nothing.
 */
export function conformsTo(
  { classes, counts, isComplete, task }: SuiteReport,
): string[] {
  if (!isComplete) return [];
  if (task !== "read") {
    const name = task === "save" ? "Core writer" : "Sealer";
    return counts.fail + counts["not supported"] === 0 ? [name] : [];
  }
  const passes = (name: string) =>
    classes.some(({ name: it, counts }) =>
      it === name && counts.fail + counts["not supported"] === 0
    );
  // Every other class is one of Core readers.
  const isAlone = (name: string) =>
    ["sequential", "verified", "packed"].includes(name);
  return classes.map(({ name }) => name)
    .filter((name) => passes(name) && (isAlone(name) || passes("core")))
    .map((name) => CLASS_NAMES[name]);
}
