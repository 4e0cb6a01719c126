import { writeSequential } from "../../convert/mod.ts";
import { openSnapshot } from "../../reading/mod.ts";
import { memorySink } from "../../sinks/mod.ts";
import { memorySource } from "../../sources/mod.ts";
import { fixtureSnapshot } from "./snapshot_fixture.ts";

/** Returns the small snapshot of three RAMBlocks as a sequential stream. */
export async function fixtureStream(): Promise<Uint8Array<ArrayBuffer>> {
  const snapshot = await openSnapshot(memorySource(await fixtureSnapshot()));
  const sink = memorySink();
  await writeSequential(snapshot, sink);
  return sink.bytes();
}
