/**
 * This repository's saver as a program for the suite: request and path in, a
 * snapshot out.
 *
 * ```sh
 * deno task conformance --writer deno run -A conformance/writers/mapped_ram.ts
 * ```
 *
 * @module
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import {
  createFileSink,
  type FileSource,
  openFileSource,
  saveSnapshot,
} from "../../mod.ts";

/** A request to save; `conformance/README.md` describes it. */
interface SaveRequest {
  readonly machine: string;
  readonly pageSize: number;
  readonly blocks: readonly {
    readonly idstr: string;
    readonly image: string;
  }[];
}

/** Saves the blocks of a request. */
export async function save(request: SaveRequest, path: string): Promise<void> {
  const { machine, pageSize, blocks } = request;
  const sources: FileSource[] = [];
  try {
    const inputs = blocks.map(({ idstr, image }) => {
      const source = openFileSource(image);
      sources.push(source);
      return { idstr, source };
    });
    await saveSnapshot(createFileSink(path), inputs, { machine, pageSize });
  } finally {
    for (const source of sources) source[Symbol.dispose]();
  }
}

if (import.meta.main) {
  const [request = "", path = ""] = process.argv.slice(2);
  await save(JSON.parse(readFileSync(request, "utf8")), path);
}
