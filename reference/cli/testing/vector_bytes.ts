import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** Returns the file of a vector of the conformance suite: `libvirt/raw`. */
export function vectorBytes(path: string): Uint8Array<ArrayBuffer> {
  const url = new URL(
    `../../../conformance/vectors/${path}/snapshot.gz`,
    import.meta.url,
  );
  return new Uint8Array(gunzipSync(readFileSync(url)));
}
