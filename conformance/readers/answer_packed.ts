import { createHash } from "node:crypto";
import { openFileSource } from "../../mod.ts";
import { openBackingFiles, openQcow2 } from "../../reference/doors/convert.ts";
import { refusalOf } from "./refusal_of.ts";

const CHUNK = 0x100000;

/** Returns the answer for a qcow2 image at a path: the disk in it. */
export async function answerPacked(path: string): Promise<object> {
  using image = openFileSource(path);
  try {
    const openBacking = openBackingFiles(path, {
      open: (address) => openFileSource(String(address)),
    });
    using disk = await openQcow2(image, { openBacking });
    const { byteLength } = disk;
    const hash = createHash("sha256");
    const chunk = new Uint8Array(CHUNK);
    for (let at = 0; at < byteLength; at += CHUNK) {
      const part = chunk.subarray(0, byteLength - at);
      await disk.readInto(part, at);
      hash.update(part);
    }
    return { packed: { byteLength, sha256: hash.digest("hex") } };
  } catch (error) {
    return { packedError: refusalOf(error) };
  }
}
