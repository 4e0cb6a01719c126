import { parseVerityDigest } from "../../../format/verity/mod.ts";
import type { FileSourceOptions } from "../../local/mod.ts";
import {
  cachedSource,
  isWebUrl,
  type ReadOptions,
  SourceError,
} from "../../sources/mod.ts";
import { type VerifiedSource, verifiedSource } from "../../verity/mod.ts";
import { programWords } from "../program/program_name.ts";
import { readOption } from "../program/usage_error.ts";
import { type BareSource, openBare, type Transfer } from "./open_bare.ts";
import { joinWords } from "./split_words.ts";
import type { Verity } from "./verity_options.ts";

/**
 * Opens a path, or a URL with a cache, and at the same time its sidecar. What
 * the cache holds is checked each time it is read.
 *
 * @throws {UsageError} if the digest is none
 * @throws {IntegrityError} if the sidecar is not that of the digest
 */
export async function openVerified(
  path: string,
  { verity, ...options }: ReadOptions & FileSourceOptions & {
    readonly verity: Verity;
  },
): Promise<BareSource & { readonly verified: VerifiedSource }> {
  const { signal } = options;
  const { digest, option = "--digest" } = verity;
  readOption(option, () => parseVerityDigest(digest));
  const opening = [
    openBare(path, options),
    openSidecar(path, verity, { signal }),
  ];
  const opened = (await Promise.allSettled(opening))
    .flatMap((it) => it.status === "fulfilled" ? [it.value] : []);
  const close = async () => {
    for (const it of opened) await it[Symbol.asyncDispose]();
  };
  try {
    const [file, tree] = await Promise.all(opening);
    const isRemote = file.transfer() !== undefined;
    const verified = await verifiedSource(
      isRemote ? cachedSource(file.source) : file.source,
      { tree: tree.source, digest, signal },
    );
    return {
      source: verified,
      verified,
      transfer: () => sum(file.transfer(), tree.transfer()),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Opens a sidecar; if that fails, the error says how to get one. */
async function openSidecar(
  path: string,
  { tree }: Verity,
  options: ReadOptions,
): Promise<BareSource> {
  try {
    return await openBare(tree, options);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    const { source, message, range, changed } = error;
    const file = isWebUrl(path) ? "FILE" : path;
    const seal = joinWords([...programWords(), "seal", file]);
    throw new SourceError(
      source,
      `${message}; --digest needs the hashes in it: ${seal} makes it, and ` +
        "--verity PLACE names it if it is elsewhere",
      { cause: error, changed, ...range === undefined ? {} : { range } },
    );
  }
}

function sum(
  one: Transfer | undefined,
  other: Transfer | undefined,
): Transfer | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return {
    requests: one.requests + other.requests,
    bytes: one.bytes + other.bytes,
  };
}
