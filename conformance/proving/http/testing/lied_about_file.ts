import assert from "node:assert/strict";
import {
  type HttpSource,
  type HttpSourceOptions,
  memorySink,
  memorySource,
  openHttpSource,
  saveSnapshot,
  SourceError,
} from "../../../../mod.ts";
import type { LiarServer } from "../liar_server.ts";

/** Options with which a source gives up soon, unless it waits for a server. */
export const FAST: HttpSourceOptions = { retries: 2, retryDelay: 1 };

/** Opens a URL, again if this process was too slow for a short `timeout`. */
export async function openAtLast(
  url: string,
  options: HttpSourceOptions,
): Promise<HttpSource> {
  for (;;) {
    try {
      return await openHttpSource(url, options);
    } catch (error) {
      if (!/: no answer for \d+ ms/.test(String(error))) throw error;
    }
  }
}

/** Makes a snapshot of 2 MiB of RAM with different pages. */
async function file(): Promise<Uint8Array> {
  const ram = new Uint8Array(2 ** 21);
  for (let page = 0; page < 512; page++) {
    if (page % 3 !== 0) {
      ram.fill(page % 255 + 1, page * 4096, page * 4096 + 4096);
    }
  }
  const sink = memorySink();
  await saveSnapshot(sink, [{ idstr: "ram", source: memorySource(ram) }]);
  return sink.bytes();
}

/** The file that servers serve correctly or not. */
export const FILE = await file();

/**
 * Returns the message of a rejection, one line, with the server's address as
 * `URL`.
 */
export async function messageOf(
  promise: Promise<unknown>,
  liar?: LiarServer,
): Promise<string> {
  const error = await promise.then(() => undefined, (error: unknown) => error);
  assert(error instanceof SourceError, String(error));
  assert(!error.message.includes("\n"));
  return error.message.replace(liar?.url ?? /http:[^"]*/, "URL");
}
