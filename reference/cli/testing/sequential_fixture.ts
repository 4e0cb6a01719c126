import { gzipSync } from "node:zlib";
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

/** Returns a libvirt save image with a stream, packed by gzip. */
export function packedImage(stream: Uint8Array): Uint8Array {
  const head = new Uint8Array(100);
  head.set(new TextEncoder().encode("LibvirtQemudSave"));
  const view = new DataView(head.buffer);
  for (const [index, word] of [2, 8, 0, 1].entries()) {
    view.setUint32(16 + 4 * index, word, true);
  }
  head.set(new TextEncoder().encode("<domain"), 92);
  return new Uint8Array([...head, ...gzipSync(stream)]);
}
