import { realpathSync } from "node:fs";
import type { MappedBlock, MappedResumePlan } from "../../mapping/mod.ts";
import { type QmpClient, qmpRefusal } from "../../qemu/mod.ts";
import { SourceError } from "../../sources/mod.ts";

/**
 * Checks that a QEMU maps the RAM from the snapshot: otherwise its guest would
 * run with other memory without notice.
 *
 * @throws {SourceError} if it does not
 */
export async function checkMapping(
  qmp: QmpClient,
  { path, blocks }: MappedResumePlan,
  signal: AbortSignal,
): Promise<void> {
  for (const block of blocks) {
    const wanted: Readonly<Record<string, unknown>> = {
      "mem-path": path,
      offset: block.offset,
      size: block.size,
      share: false,
    };
    for (const [property, expected] of Object.entries(wanted)) {
      const found = await ask(qmp, { block, property }, signal);
      if (found === expected || isSameFile(found, expected)) continue;
      throw new SourceError(
        qmp.name,
        `Cannot map the RAM of ${JSON.stringify(path)}: the memory backend ` +
          `${block.id} of QEMU at ${qmp.name} has ${property} ` +
          `${JSON.stringify(found) ?? "unset"}, expected ` +
          `${JSON.stringify(expected)}; start it with the arguments above`,
      );
    }
  }
}

/** Returns a property of a memory backend; undefined if there is none. */
async function ask(
  qmp: QmpClient,
  { block, property }: {
    readonly block: MappedBlock;
    readonly property: string;
  },
  signal: AbortSignal,
): Promise<unknown> {
  try {
    const path = `/objects/${block.id}`;
    return await qmp.execute("qom-get", { path, property }, { signal });
  } catch (error) {
    if (qmpRefusal(error) === undefined) throw error;
    return undefined;
  }
}

function isSameFile(found: unknown, expected: unknown): boolean {
  if (typeof found !== "string" || typeof expected !== "string") return false;
  try {
    return realpathSync(found) === realpathSync(expected);
  } catch {
    return false; // It is not a file on this machine.
  }
}
