import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import {
  commandLines,
  type DocumentBlock,
  documentBlocks,
  ROOT,
  TEXTS,
} from "./document_blocks.ts";
import { NOT_RUN, withoutComment } from "./run_block.ts";

const BLOCKS = documentBlocks();
const nameOf = (it: DocumentBlock) => `${it.document}:${it.line}`;
const read = (path: string) => readFileSync(ROOT + path, "utf8");

/** Returns the anchors of the headings of a document. */
function headingsOf(document: string): string[] {
  return Array.from(
    read(document).matchAll(/^#+ (.*)$/gm),
    ([, text]) =>
      text.toLowerCase().replaceAll(/[^\w -]/g, "").replaceAll(" ", "-"),
  );
}

/**
 * Returns the text of all modules that contain messages, with strings joined.
 */
function messages(): string {
  return ["format", "reference"].flatMap((area) =>
    readdirSync(ROOT + area, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts") && !path.endsWith("_test.ts"))
      .map((path) => read(`${area}/${path}`))
  ).join("\n").replaceAll(/["`] \+\s*["`]/g, "");
}

test("each JSON text of the documents can be parsed", () => {
  for (const block of BLOCKS.filter(({ language }) => language === "json")) {
    assert.doesNotThrow(() => JSON.parse(block.text), nameOf(block));
  }
});

test("each command line that is not run is in the documents, and has a reason", () => {
  const lines = BLOCKS.filter(({ language }) => language === "sh")
    .flatMap(commandLines).map(withoutComment);
  for (const [line, reason] of Object.entries(NOT_RUN)) {
    assert.ok(lines.includes(line) && reason !== "", line);
  }
});

test("each code block is of a kind that is run, or a diagram", () => {
  for (const block of BLOCKS) {
    assert.match(
      block.language,
      /^(ts|sh|json|text|html|nginx)$/,
      nameOf(block),
    );
  }
});

test("README.md has at most 160 lines", () => {
  assert.ok(read("README.md").split("\n").length <= 161);
});

test("each link of the texts points to an existing file and heading", () => {
  for (const document of TEXTS) {
    const links = read(document).matchAll(/\]\(([^)#:]*)(?:#([^)]*))?\)/g);
    for (const [link, path, heading] of links) {
      const to = path === "" ? document : join(dirname(document), path);
      assert.ok(existsSync(ROOT + to), `${document}: ${link}`);
      if (heading === undefined) continue;
      assert.ok(headingsOf(to).includes(heading), `${document}: ${link}`);
    }
  }
});

test("ARCHITECTURE.md names each room", () => {
  const text = read("docs/ARCHITECTURE.md");
  for (const room of readdirSync(`${ROOT}reference`)) {
    if (!statSync(`${ROOT}reference/${room}`).isDirectory()) continue;
    assert.ok(text.includes(`\`${room}/\``), room);
  }
});

test("the paths that the texts name exist", () => {
  const paths = /`((?:reference|conformance|format|docs|\.ci)\/[\w./-]+)`/g;
  for (const document of TEXTS) {
    for (const [, path] of read(document).matchAll(paths)) {
      // Names in capitals are placeholders, and one is that of a device.
      if (/NAME|CASE|RULE|FILE|\/dev0$/.test(path)) continue;
      assert.ok(existsSync(ROOT + path), `${document}: ${path}`);
    }
  }
});

test("troubleshooting.md quotes messages of the code exactly", () => {
  const code = messages();
  const rows = read("docs/troubleshooting.md").matchAll(/^\| (`[^|]*) \|/gm);
  for (const [, cell] of rows) {
    for (const [, quoted] of cell.matchAll(/`\(?([^`]*?)\)?`/g)) {
      assert.ok(code.includes(quoted), quoted);
    }
  }
});
