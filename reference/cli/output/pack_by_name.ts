import type { ByteSink } from "../../sinks/mod.ts";
import type { PackSettings } from "./pack_settings.ts";

/** Whether a file of that name is to be packed. */
export function isPackedName(path: string): boolean {
  return /\.qcow2$/i.test(path);
}

/**
 * Returns the sink of a snapshot that packs it into `sink` if that is to be
 * packed by its name, else `sink`.
 */
export async function packByName(
  sink: ByteSink,
  settings: PackSettings,
): Promise<ByteSink> {
  if (!isPackedName(sink.name)) return sink;
  try {
    const { createPackedOutput } = await import("./packed_output.ts");
    return createPackedOutput(sink, settings);
  } catch (error) {
    await sink.abort();
    throw error;
  }
}
