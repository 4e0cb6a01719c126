/**
 * This repository's reader for many files: a list as JSON on stdin, each a path
 * and options, and a line of JSON for each on stdout.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { answer, type AnswerOptions } from "./mapped_ram.ts";

/** A file to be read. */
export interface AskedFile {
  readonly path: string;
  readonly options: AnswerOptions;
}

if (import.meta.main) {
  const files: AskedFile[] = JSON.parse(readFileSync(0, "utf8"));
  for (const { path, options } of files) {
    let line: unknown;
    try {
      line = await answer(path, options);
    } catch (error) {
      line = String(error);
    }
    console.log(JSON.stringify(line));
  }
}
