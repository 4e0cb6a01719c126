import { sidecarPlace } from "../../inputs/mod.ts";
import { checkNeeds } from "../program/option_ways.ts";

/** Returns the options that let a command check the file of that name. */
export function verityOptions(file: string) {
  return {
    digest: {
      type: "string",
      value: "DIGEST",
      text:
        `check each block of ${file} that is read: sha256:..., as seal and ` +
        "fsverity digest print it",
    },
    verity: {
      type: "string",
      value: "PLACE",
      text:
        "path or URL of the hashes that --digest needs, which seal makes; " +
        `default: ${file}.verity`,
    },
  } as const;
}

/** Names of {@linkcode verityOptions}. */
export const VERITY_NAMES = ["digest", "verity"] as const;

/** Hashes prove nothing without the digest that they agree with. */
export const VERITY_NEEDS = { verity: ["digest"] } as const;

/** Values of {@linkcode verityOptions}. */
export interface VerityValues {
  readonly digest?: string | undefined;
  readonly verity?: string | undefined;
}

/** What a file is checked against. */
export interface Verity {
  /** Its digest: `sha256:…`. */
  readonly digest: string;
  /** Path or URL of its sidecar. */
  readonly tree: string;
  /** The option that gave the digest. Default: `--digest`. */
  readonly option?: string;
}

/**
 * Returns what to check a file against, if it is to be checked. Whether the
 * digest is one is found when the file is opened.
 *
 * @throws {UsageError} if only the sidecar is given
 */
export function verityOf(
  file: string,
  values: VerityValues,
): Verity | undefined {
  checkNeeds({ needs: VERITY_NEEDS }, values);
  const { digest, verity } = values;
  if (digest === undefined) return undefined;
  return { digest, tree: verity ?? sidecarPlace(file) };
}

/** Returns the sidecars that a command reads, which it must not replace. */
export function sidecarsOf(
  ...verities: readonly (Verity | undefined)[]
): string[] {
  return verities.flatMap((it) => it === undefined ? [] : [it.tree]);
}

/** Returns the words of a command line that give these options. */
export function verityWords(
  file: string,
  verity: Verity | undefined,
): string[] {
  if (verity === undefined) return [];
  const { digest, tree } = verity;
  const place = tree === sidecarPlace(file) ? [] : ["--verity", tree];
  return ["--digest", digest, ...place];
}
