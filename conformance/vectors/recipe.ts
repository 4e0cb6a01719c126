/**
 * Assembles a `recipe.txt` into the bytes it describes. The grammar is in
 * `conformance/README.md`; this file is independent of the snapshot format.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { RecipeLine } from "./recipe_line.ts";
import { recipeLines } from "./recipe_lines.ts";
import { RecipeOutput, type RecipePiece } from "./recipe_output.ts";

/** The maximum depth of recipes that include another with `from`. */
const DEPTH_MAX = 8;

/**
 * Returns the bytes that the recipe at `path` describes. A syntax error is
 * thrown as an Error that names file and line.
 */
export function assembleRecipe(path: string): Uint8Array {
  const [piece, other] = assemblePieces(path);
  if (other === undefined) return piece.bytes;
  throw new Error(`Cannot assemble ${path} as one piece: it has several`);
}

/** Returns the pieces of the file that the recipe at `path` describes. */
export function assemblePieces(path: string): RecipePiece[] {
  return assemble(path, 0);
}

function assemble(path: string, depth: number): RecipePiece[] {
  let output = new RecipeOutput();
  const outputs = [output];
  let instructions = 0;
  for (const line of recipeLines(path, readFileSync(path, "utf8"))) {
    const instruction = line.word();
    if (instruction === undefined) continue;
    if (instruction === "from") {
      if (instructions > 0) {
        throw line.error("from after another instruction", "it first");
      }
      if (depth === DEPTH_MAX) {
        throw line.error("a recipe from itself", `at most ${DEPTH_MAX}`);
      }
      const folder = line.word() ?? "";
      const [{ bytes }, other] = assemble(base(path, folder, line), depth + 1);
      if (other !== undefined) throw line.error("several pieces", "one");
      output.write(bytes);
      output.moveTo(0);
    } else if (instruction === "piece") {
      output = new RecipeOutput(line.position());
      outputs.push(output);
    } else {
      applyInstruction(output, instruction, line);
    }
    line.end();
    instructions++;
  }
  return outputs.map((it) => ({ offset: it.start, bytes: it.bytes() }));
}

function base(path: string, folder: string, line: RecipeLine): string {
  if (!/^(\.\.?\/)[\w./-]+$/.test(folder)) {
    throw line.error(`"${folder}"`, "a folder such as ../name");
  }
  return join(dirname(path), folder, "recipe.txt");
}

/** Executes an instruction that writes, moves or sets the length. */
export function applyInstruction(
  output: RecipeOutput,
  instruction: string,
  line: RecipeLine,
): void {
  switch (instruction) {
    case "at":
      return output.moveTo(line.positionIn(output.start));
    case "u8":
      return output.write(line.unsigned(1));
    case "be16":
      return output.write(line.unsigned(2));
    case "be32":
      return output.write(line.unsigned(4));
    case "be64":
      return output.write(line.unsigned(8));
    case "cstr": {
      const bytes = line.quoted();
      if (bytes.length > 255) {
        throw line.error(`a string of ${bytes.length} bytes`, "at most 255");
      }
      output.write(Uint8Array.of(bytes.length));
      return output.write(bytes);
    }
    case "text":
      return output.write(line.quoted());
    case "hex":
      return output.write(line.hexBytes());
    case "fill": {
      const length = line.length();
      const [value = 0] = line.unsigned(1);
      return output.write(new Uint8Array(length).fill(value));
    }
    case "size":
      if (!output.resizeTo(line.positionIn(output.start))) {
        throw line.error("a second size", "one");
      }
      return;
    default:
      throw line.error(`the instruction "${instruction}"`, "a defined one");
  }
}
