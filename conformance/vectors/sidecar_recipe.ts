/**
 * Assembles a `sidecar.txt`: the sidecar that the `fsverity` tool makes of a
 * file, and what is changed in it. The grammar is in `conformance/README.md`.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { HAS_FSVERITY, type SealedFile, sealPieces } from "./fsverity.ts";
import { applyInstruction, assemblePieces } from "./recipe.ts";
import type { RecipeLine } from "./recipe_line.ts";
import { recipeLines } from "./recipe_lines.ts";
import { RecipeOutput } from "./recipe_output.ts";
import type { Expected } from "./list_vectors.ts";

/** A sidecar, and the digest that a reader is given with it. */
export interface Sidecar {
  readonly bytes: Uint8Array;
  readonly digest: string;
}

/** Position of the tree in a sidecar. */
const TREE_OFFSET = 4096;
const DESCRIPTOR_LENGTH = 256;
/** What the tool made of the file of a recipe, by its path and arguments. */
const SEALED = new Map<string, SealedFile>();

/**
 * Returns the sidecar that the recipe at `path` describes; undefined if the
 * tool is not installed.
 */
export function sidecarOf(path: string): Sidecar | undefined {
  if (!HAS_FSVERITY) return undefined;
  const output = new RecipeOutput();
  let digest = "";
  for (const line of recipeLines(path, readFileSync(path, "utf8"))) {
    const instruction = line.word();
    if (instruction === undefined) continue;
    if (instruction === "seal") {
      const sealed = sealedFile(path, line);
      digest = sealed.digest;
      output.write(plainSidecar(sealed));
      output.moveTo(0);
    } else if (instruction === "take") {
      const from = plainSidecar(sealedFile(path, line));
      const start = line.position();
      output.write(from.subarray(start, start + line.length()));
    } else if (instruction === "digest") {
      digest = digestOf(output.bytes());
    } else if (instruction === "digest-of") {
      ({ digest } = sealedFile(path, line));
    } else {
      applyInstruction(output, instruction, line);
    }
    line.end();
  }
  return { bytes: output.bytes(), digest };
}

/**
 * Returns what in the `expected.json` of a folder is not what the tool makes of
 * its file.
 */
export function sealDifferences(
  folder: string,
  { options, seal }: Expected,
  digest: string,
): string[] {
  const found: [string, string | undefined, string][] = [
    ["options.digest", options?.digest, digest],
  ];
  if (seal !== undefined) {
    const sealed = sealRecipe(join(folder, "recipe.txt"), []);
    found.push(["seal.digest", seal.digest, sealed.digest]);
    found.push(["seal.sha256", seal.sha256, sha256(plainSidecar(sealed))]);
  }
  return found.filter(([, value, right]) => value !== right)
    .map(([name, value, right]) => `${name} is ${value}, fsverity: ${right}`);
}

/** Returns the sidecar without holes of a file. */
export function plainSidecar({ descriptor, tree }: SealedFile): Uint8Array {
  const sidecar = new Uint8Array(TREE_OFFSET + tree.length);
  sidecar.set(descriptor);
  sidecar.set(tree, TREE_OFFSET);
  return sidecar;
}

/** Seals the file of the folder that a line names, with its `--OPTION=VALUE`. */
function sealedFile(path: string, line: RecipeLine): SealedFile {
  const folder = line.word() ?? "";
  if (!/^\.\.?(\/[\w.-]+)*$/.test(folder)) {
    throw line.error(`"${folder}"`, "a folder such as . or ../name");
  }
  const args = line.options();
  return sealRecipe(join(dirname(path), folder, "recipe.txt"), args);
}

function sealRecipe(recipe: string, args: readonly string[]): SealedFile {
  const key = [recipe, ...args].join(" ");
  const sealed = SEALED.get(key) ?? sealPieces(assemblePieces(recipe), args);
  SEALED.set(key, sealed);
  return sealed;
}

/** Returns the digest of the descriptor at the start of a sidecar. */
function digestOf(sidecar: Uint8Array): string {
  return `sha256:${sha256(sidecar.subarray(0, DESCRIPTOR_LENGTH))}`;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
