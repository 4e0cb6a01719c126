import { fstatSync } from "node:fs";
import { sourceAddress } from "../../inputs/mod.ts";
import type { FileSourceOptions } from "../../local/mod.ts";
import { type OpenedPlace, openPlace } from "../../opening/mod.ts";
import {
  isWebUrl,
  type ReadOptions,
  shownName,
  SourceError,
} from "../../sources/mod.ts";
import { programWords } from "../program/program_name.ts";
import { readOption } from "../program/usage_error.ts";
import type { InputPlace } from "./place_options.ts";
import { joinWords } from "./split_words.ts";

/**
 * Opens an input as `openPlace` does, with the options of the command line in
 * its errors.
 *
 * @throws {UsageError} if the digest is none
 */
export async function openSource(
  place: InputPlace,
  options: ReadOptions & FileSourceOptions,
): Promise<OpenedPlace> {
  const { file, verity } = place;
  if (verity !== undefined) {
    const { digest, option = "--digest" } = verity;
    const { parseVerityDigest } = await import(
      "../../../format/verity/mod.ts"
    );
    readOption(option, () => parseVerityDigest(digest));
  }
  refusePipedInput(file);
  try {
    return await openPlace(place, options);
  } catch (error) {
    throw explainSidecar(error, place);
  }
}

/** Says how to get a sidecar that could not be read. */
function explainSidecar(
  error: unknown,
  { file, verity }: InputPlace,
): unknown {
  if (verity === undefined || !(error instanceof SourceError)) return error;
  const { source, message, range, changed } = error;
  if (source !== shownName(sourceAddress(verity.tree))) return error;
  const name = isWebUrl(file) ? "FILE" : file;
  const [, suffix = ""] = /^--digest(-\w+)$/.exec(verity.option ?? "") ?? [];
  const seal = joinWords([...programWords(), "seal", name]);
  const advice = `--digest needs the hashes in it: ${seal} makes it, and ` +
    "--verity PLACE names it if it is elsewhere";
  return new SourceError(
    source,
    `${message}; ${advice.replace(/--(?:digest|verity)/g, `$&${suffix}`)}`,
    { cause: error, changed, ...range === undefined ? {} : { range } },
  );
}

/** Names of standard input. */
const INPUT = /^(?:-|\/dev\/stdin|\/dev\/fd\/0|\/proc\/self\/fd\/0)$/;

/**
 * Explains that a pipe cannot be read, before Deno reports that it may not open
 * `/dev/stdin`.
 */
export function refusePipedInput(path: string): void {
  if (!INPUT.test(path)) return;
  let isFile = false;
  try {
    isFile = fstatSync(0).isFile();
  } catch {
    // Standard input is closed.
  }
  if (isFile && path !== "-") return;
  throw new SourceError(
    path,
    `Cannot open ${JSON.stringify(path)}: standard input is not a file; ` +
      "expected a regular file, which can be read at any position",
  );
}
