import { type PostcopyOptions, PostcopySource } from "../../migration/mod.ts";
import { openSnapshot, type Snapshot } from "../../reading/mod.ts";
import { memorySource } from "../../sources/mod.ts";
import { savedFile, testMemory } from "../../testing/saved_file.ts";
import { Destination } from "./destination.ts";

/** The memory that is served by default. */
export const RAM = testMemory(600, [0, 1, 2, 5, 300, 301, 302, 599]);
export const VGA = testMemory(8, [3]);

/** Opens a snapshot of these RAMBlocks. */
export async function snapshotOf(
  blocks: Readonly<Record<string, Uint8Array>> = { "pc.ram": RAM, "vga": VGA },
): Promise<Snapshot> {
  return await openSnapshot(memorySource(await savedFile(blocks)));
}

/** Serves a destination; `served` settles as serve() does. */
export async function serveDestination(
  options: PostcopyOptions = {},
  opened?: Snapshot,
): Promise<{
  readonly destination: Destination;
  readonly source: PostcopySource;
  readonly served: Promise<void>;
}> {
  const huge = Object.keys(options.hugePageSizes ?? {});
  const destination = await Destination.open(huge);
  const source = new PostcopySource(opened ?? await snapshotOf(), options);
  const served = source.serve(destination.pair.channel);
  served.catch(() => {});
  return { destination, source, served };
}
