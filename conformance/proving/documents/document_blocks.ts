import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The root folder of the project. */
export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** A code block of a document. */
export interface DocumentBlock {
  /** Path of the document, such as `docs/resume.md`. */
  readonly document: string;
  /** Line of its first line of code, from 1. */
  readonly line: number;
  /** `sh`, `ts`, `json`, `text`; `html` and `nginx` of web pages. */
  readonly language: string;
  readonly text: string;
}

/** README.md and the pages in docs/, whose code blocks are run. */
const DOCUMENTS: readonly string[] = [
  "README.md",
  ...readdirSync(`${ROOT}docs`).filter((name) => name.endsWith(".md")).sort()
    .map((name) => `docs/${name}`),
];

/** All texts for readers. */
export const TEXTS: readonly string[] = [
  ...DOCUMENTS,
  "SPEC.md",
  "conformance/README.md",
  "conformance/handler/README.md",
];

/** Returns all code blocks of the documents, in order. */
export function documentBlocks(): DocumentBlock[] {
  return DOCUMENTS.flatMap((document) => {
    const text = readFileSync(ROOT + document, "utf8");
    return Array.from(
      text.matchAll(/^```(\w+)\n([^]*?)^```$/gm),
      ({ index, 1: language, 2: code }) => ({
        document,
        language,
        text: code,
        line: text.slice(0, index).split("\n").length + 1,
      }),
    );
  });
}

/**
 * Whether a block is a program that imports the installed package, which the
 * tests of the S3 service run.
 */
export function isOfPackage({ text }: DocumentBlock): boolean {
  return text.includes('from "mapped-ram"');
}

/** Returns the command lines of a block, with continued lines joined. */
export function commandLines({ text }: DocumentBlock): string[] {
  return text.replaceAll(/ *\\\n */g, " ").split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}
