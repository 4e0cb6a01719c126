import { hexText } from "../../format/bytes/mod.ts";
import { builtinModule } from "../local/mod.ts";
import { SourceError } from "../sources/mod.ts";

/**
 * An algorithm that needs SHA-256 but computes none: it yields byte arrays, and
 * is sent their hashes in hexadecimal digits. One serves the synchronous hash
 * of Deno, Bun and Node, and the asynchronous one of browsers.
 */
export type Hashing<T> = Generator<
  readonly Uint8Array[],
  T,
  readonly string[]
>;

type Hash = (bytes: Uint8Array) => string;

let nodeHash: Hash | undefined;

/** Returns the runtime's synchronous SHA-256. */
export function syncHash(): Hash {
  return nodeHash ??= bindHash();
}

function bindHash(): Hash {
  const { hash, createHash } = builtinModule("node:crypto", {
    what: "SHA-256",
    action: "check bytes synchronously",
    instead: "use verifiedSource, which uses WebCrypto",
  });
  // On Deno digits are faster than a buffer, and a copy than looking up the name.
  if ("Deno" in globalThis) {
    const sha256 = createHash("sha256");
    return (bytes) => sha256.copy().update(bytes).digest("hex");
  }
  // Node has `hash` since 20.12.
  return hash === undefined
    ? (bytes) => createHash("sha256").update(bytes).digest("hex")
    : (bytes) => hash("sha256", bytes, "hex");
}

/** Whether the runtime has a synchronous SHA-256. */
export const hasSyncHash: boolean = (() => {
  try {
    syncHash();
    return true;
  } catch {
    return false;
  }
})();

/** Runs an algorithm with the runtime's synchronous SHA-256. */
export function hashSync<T>(hashing: Hashing<T>): T {
  const hash = syncHash();
  let step = hashing.next();
  while (!step.done) step = hashing.next(step.value.map(hash));
  return step.value;
}

/** Runs an algorithm, in a browser with WebCrypto. */
export async function hashWithRuntime<T>(hashing: Hashing<T>): Promise<T> {
  if (hasSyncHash) return hashSync(hashing);
  const { subtle } = crypto as { readonly subtle?: SubtleCrypto };
  if (subtle === undefined) {
    throw new SourceError(
      "SHA-256",
      "Cannot check bytes: this page has no WebCrypto; it needs to come by " +
        "https, or from localhost",
    );
  }
  let step = hashing.next();
  while (!step.done) {
    const hashes = await Promise.all(
      step.value.map((bytes) => subtle.digest("SHA-256", bytes.slice())),
    );
    step = hashing.next(hashes.map((hash) => hexText(new Uint8Array(hash))));
  }
  return step.value;
}
