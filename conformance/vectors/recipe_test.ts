import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { assemblePieces, assembleRecipe } from "./recipe.ts";

/** Assembles `recipe` from its own folder, next to those of `others`. */
function assembleText(
  recipe: string,
  others: Record<string, string> = {},
): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "recipe-"));
  try {
    for (const [name, text] of Object.entries({ ...others, recipe })) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, "recipe.txt"), text);
    }
    return assembleRecipe(join(folder, "recipe", "recipe.txt"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

test("assembleRecipe() writes each kind of number big-endian", () => {
  const bytes = assembleText(
    "u8 255\nbe16 0x102\nbe32 0x0102_0304\nbe64 0xffff_ffff_ffff_fffe\n" +
      "be32 1_000\n",
  );
  assert.equal(hexOf(bytes), "ff010201020304fffffffffffffffe000003e8");
});

test("assembleRecipe() writes text with its escapes", () => {
  const bytes = assembleText(
    String.raw`text "a#\"\\\n\0\x7fz" # a comment` + "\n" +
      'cstr "ram"\ncstr ""\n',
  );
  assert.equal(hexOf(bytes), "6123225c0a007f7a" + "0372616d" + "00");
});

test("assembleRecipe() skips comments and empty lines", () => {
  const bytes = assembleText("# one\n\n  \t# two\n  hex 00 fF\t7e#three\r\n");
  assert.equal(hexOf(bytes), "00ff7e");
});

test("assembleRecipe() moves with at, and fills holes with zeros", () => {
  const bytes = assembleText("at 4\nfill 3 0xaa\nat 1\nu8 1\n");
  assert.equal(hexOf(bytes), "00010000aaaaaa");
});

test("assembleRecipe() truncates and extends with size", () => {
  assert.equal(hexOf(assembleText("hex 01 02 03\nsize 2\n")), "0102");
  assert.equal(hexOf(assembleText("size 4\nhex 01 02\n")), "01020000");
  assert.equal(assembleText("size 0\n").length, 0);
  assert.equal(assembleText("").length, 0);
});

test("assembleRecipe() repeats lines, and counts in them", () => {
  const text = 'u8 9\nrepeat 3 # times\nu8 {1+2*i}\ncstr "b{7+1*i}"\nend\n' +
    'text "{1+2*i}"\n';
  assert.equal(
    hexOf(assembleText(text)),
    "09" + "01026237" + "03026238" + "05026239" + "7b312b322a697d",
  );
});

test("assemblePieces() returns each piece with its position", () => {
  const folder = mkdtempSync(join(tmpdir(), "recipe-"));
  try {
    const path = join(folder, "recipe.txt");
    const far = "0x1_0000_0000";
    writeFileSync(path, `u8 1\npiece ${far}\nu8 2\nat 0x1_0000_0002\nu8 3\n`);
    const pieces = assemblePieces(path);
    assert.deepEqual(
      pieces.map(({ offset, bytes }) => [offset, hexOf(bytes)]),
      [[0, "01"], [2 ** 32, "020003"]],
    );
    assert.throws(() => assembleRecipe(path), /as one piece: it has several/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("assembleRecipe() starts from another recipe", () => {
  const others = {
    base: "fill 4 1\nsize 5\n",
    middle: "# over base\nfrom ../base\nu8 2\n",
  };
  assert.equal(
    hexOf(assembleText("from ../middle\nat 3\nbe16 3\nsize 6\n", others)),
    "020101000300",
  );
});

test("assembleRecipe() rejects a syntax error, and names its line", () => {
  const bad: Record<string, RegExp> = {
    "le32 1": /the instruction "le32"/,
    "U8 1": /the instruction "U8"/,
    "u8": /nothing, expected a number/,
    "u8 0x": /"0x", expected a number/,
    "u8 1a": /"1a", expected a number/,
    "u8 -1": /"-1", expected a number/,
    "u8 010": /"010", expected a number/,
    "u8 1__0": /"1__0", expected a number/,
    "u8 1_": /"1_", expected a number/,
    "u8 1.5": /"1.5", expected a number/,
    "u8 256": /"256", expected at most 0xff/,
    "be16 0x10000": /expected at most 0xffff/,
    "be32 0x1_0000_0000": /expected at most 0xffffffff/,
    "be64 0x1_0000_0000_0000_0000": /expected at most 0xffffffffffffffff/,
    "fill 1 256": /expected at most 0xff/,
    "fill 1": /nothing, expected a number/,
    "at 0x1000_0001": /expected at most 0x10000000/,
    "u8 1 2": /"2", expected the end of the line/,
    'text "a" b': /"b", expected the end of the line/,
    'text "a': /expected text in double quotes/,
    "text a": /expected text in double quotes/,
    "cstr": /nothing, expected text in double quotes/,
    'text "\\q"': /expected printable ASCII or an escape/,
    'text "\\x4"': /expected printable ASCII or an escape/,
    'text "\u00e9"': /expected printable ASCII or an escape/,
    'text "\t"': /expected printable ASCII or an escape/,
    [`cstr "${"a".repeat(256)}"`]: /256 bytes, expected at most 255/,
    "hex": /no byte, expected at least one/,
    "hex 0": /"0", expected two hexadecimal digits/,
    "hex 0011": /"0011", expected two hexadecimal digits/,
    "hex 0x11": /"0x11", expected two hexadecimal digits/,
    "size 1\nsize 1": /a second size/,
    "u8 1\nfrom ../recipe": /from after another instruction/,
    "repeat 2": /repeat without end, expected an end/,
    "repeat 65537\nend": /repeat 65537, expected at most 65536/,
    "repeat 0\nend": /the instruction "repeat"/,
    "from": /expected a folder/,
    "piece 8\nat 4": /"4", expected a position in the piece at 8/,
    "piece 0x100_0000_0001": /expected at most 0x10000000000/,
    "from /etc": /expected a folder/,
    "from ../recipe": /a recipe from itself/,
  };
  for (const [recipe, message] of Object.entries(bad)) {
    const inLastLine = !recipe.startsWith("repeat");
    const line = inLastLine ? recipe.split("\n").length + 1 : 2;
    assert.throws(
      () => assembleText(`# a comment first\n${recipe}\n`),
      (error) =>
        error instanceof Error && message.test(error.message) &&
        (message.source.includes("itself") ||
          error.message.includes(`recipe.txt:${line}: `)),
      recipe,
    );
  }
});

test("assembleRecipe() names the line in an included recipe", () => {
  assert.throws(
    () => assembleText("from ../base\n", { base: "u8 1\nu8 300\n" }),
    /base[/\\]recipe\.txt:2: "300"/,
  );
});
