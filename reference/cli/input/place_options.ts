import { sidecarPlace } from "../../inputs/mod.ts";
import type { Place, PlaceVerity } from "../../opening/mod.ts";
import { checkNeeds } from "../program/option_ways.ts";

/**
 * Returns the options that say what belongs to the file of that name; `suffix`
 * ends the names of those that are of one of several files.
 */
export function placeOptions(file: string, suffix = "") {
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
        `path or URL of the hashes that --digest${suffix} needs, which seal ` +
        "makes; " +
        `default: ${file}.verity`,
    },
    "allow-backing": {
      type: "string",
      multiple: true,
      value: "PLACE",
      text:
        `if ${file} is qcow2: a folder, file or URL where its backing files ` +
        `may be, besides the folder of ${file}; repeatable`,
    },
  } as const;
}

/** Names of {@linkcode placeOptions}. */
export const PLACE_NAMES = ["digest", "verity", "allow-backing"] as const;

/** Hashes prove nothing without the digest that they agree with. */
export const PLACE_NEEDS = { verity: ["digest"] } as const;

/** Values of {@linkcode placeOptions}. */
export interface PlaceValues {
  readonly digest?: string | undefined;
  readonly verity?: string | undefined;
  readonly "allow-backing"?: readonly string[] | undefined;
}

/** What a file is checked against. */
export interface Verity extends PlaceVerity {
  /** The option that gave the digest. Default: `--digest`. */
  readonly option?: string;
}

/** An input as the command line names it. */
export interface InputPlace extends Place {
  readonly verity?: Verity | undefined;
}

/**
 * Returns where an input is. Whether the digest is one is found when it is
 * opened.
 *
 * @throws {UsageError} if only the sidecar is given
 */
export function placeOf(file: string, values: PlaceValues): InputPlace {
  checkNeeds({ needs: PLACE_NEEDS }, values);
  const { digest, verity, "allow-backing": allowBacking } = values;
  return {
    file,
    verity: digest === undefined
      ? undefined
      : { digest, tree: verity ?? sidecarPlace(file) },
    allowBacking,
  };
}

/** Returns the sidecars that a command reads, which it must not replace. */
export function sidecarsOf(
  ...verities: readonly (Verity | undefined)[]
): string[] {
  return verities.flatMap((it) => it === undefined ? [] : [it.tree]);
}

/** Returns the files that a command reads, which it must not replace. */
export function filesOf({ file, verity }: InputPlace): string[] {
  return [file, ...sidecarsOf(verity)];
}

/** Returns the words of a command line that name an input. */
export function placeWords(
  { file, verity, allowBacking = [] }: InputPlace,
): string[] {
  const words = allowBacking.flatMap((it) => ["--allow-backing", it]);
  if (verity === undefined) return [file, ...words];
  const { digest, tree } = verity;
  const place = tree === sidecarPlace(file) ? [] : ["--verity", tree];
  return [file, ...words, "--digest", digest, ...place];
}
