import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  exportImage,
  type HttpOptions,
  memorySink,
  memorySource,
  openHttpSource,
  openSnapshot,
  saveSnapshot,
} from "../../../../mod.ts";
import { type Lie, startLiar, truth } from "../liar_server.ts";

/** 1 MiB of RAM with every third page present, all different. */
export const RAM = new Uint8Array(2 ** 20);
for (let page = 0; page < 256; page += 3) {
  RAM.fill(page % 255 + 1, page * 4096, page * 4096 + 4096);
}
/** A snapshot of {@linkcode RAM}. */
export const FILE = await saved(RAM);

const FAR_RAM = new Uint8Array(2 ** 23);
for (let page = 0; page < 2048; page += 20) {
  FAR_RAM.fill(page % 255 + 1, page * 4096, page * 4096 + 4096);
}
/** 8 MiB whose pages are too far apart to be read together. */
export const FAR = { ram: FAR_RAM, file: await saved(FAR_RAM) };

async function saved(ram: Uint8Array): Promise<Uint8Array> {
  const sink = memorySink();
  await saveSnapshot(sink, [{ idstr: "ram", source: memorySource(ram) }]);
  return sink.bytes();
}

/** Responds to a request for several ranges. */
export type Answer = (
  parts: { first: number; last: number }[],
  response: Parameters<Lie>[1],
  file: Uint8Array,
) => void;

/** Responds to single ranges correctly, to several with `answer`. */
export function answering(answer: Answer): Lie {
  return (request, response, file) => {
    const specs = String(request.headers.range).replace("bytes=", "").split(
      ",",
    );
    if (specs.length === 1) return truth(request, response, file);
    const parts = specs.map((spec) => {
      const [first, last] = spec.split("-").map(Number);
      return { first, last };
    });
    answer(parts, response, file);
  };
}

/** Headers of a response with several ranges. */
export const HEADERS = {
  "content-type": "multipart/byteranges; boundary=b1",
  etag: '"1"',
};

/** Returns the correct body of such a response. */
export function body(
  parts: { first: number; last: number }[],
  file: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const pieces = parts.flatMap(({ first, last }) => [
    Buffer.from(
      `\r\n--b1\r\nContent-Range: bytes ${first}-${last}/${file.length}\r\n\r\n`,
    ),
    file.subarray(first, last + 1),
  ]);
  return Buffer.concat([...pieces, Buffer.from("\r\n--b1--\r\n")]);
}

/** Options with which a source gives up soon, unless it waits for a server. */
export const OPTIONS: HttpOptions = { retries: 2, retryDelay: 1 };

/** Loads the RAM from a server that responds with `answer`, and checks it. */
export async function load(
  answer: Answer,
  options = OPTIONS,
): Promise<{ requests: number }> {
  return await loadFile({ ram: RAM, file: FILE }, answer, options);
}

/** As {@linkcode load}, for another file. */
export async function loadFile(
  { ram, file }: { readonly ram: Uint8Array; readonly file: Uint8Array },
  answer: Answer,
  options = OPTIONS,
): Promise<{ requests: number }> {
  await using liar = await startLiar(file);
  liar.lie = answering(answer);
  const source = await openHttpSource(liar.url, options);
  const image = memorySink();
  const snapshot = await openSnapshot(source);
  await exportImage(snapshot.block("ram"), image);
  assert.deepEqual(image.bytes(), ram);
  return { requests: source.requests };
}
