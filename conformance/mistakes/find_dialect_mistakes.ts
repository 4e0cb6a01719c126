/**
 * Finds a vector for each mistake of `dialect_mistakes.json`, in its class.
 * A mistake is a change of a file of this repository's reader.
 *
 * ```sh
 * deno run -A conformance/mistakes/find_dialect_mistakes.ts
 * ```
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { AskedFile } from "../readers/answer_many.ts";
import { judgeClasses } from "../runner/judge_classes.ts";
import { type SuiteVector, suiteVectors } from "../runner/suite_vectors.ts";
import type { ConformanceClass } from "../vectors/conformance_class.ts";

/** A mistake that an implementer could make. */
export interface Mistake {
  readonly name: string;
  readonly class: ConformanceClass;
  /** The rules whose vectors are tried first. */
  readonly rules: readonly string[];
  /** The file that it is in. */
  readonly file: string;
  /** Texts of the file, each with the text that replaces it. */
  readonly changes: readonly (readonly [string, string])[];
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const MISTAKES = new URL("dialect_mistakes.json", import.meta.url);
const COPIED = ["format", "reference", "mod.ts", "conformance/readers"];
const READER = "conformance/readers/answer_many.ts";
const TIMEOUT_MS = 60_000;
/** Runs a script with the runtime that runs this one. */
const RUNTIME = "Deno" in globalThis
  ? ["run", "--allow-all", "--no-check", "--no-config", "--no-lock"]
  : [];

/** Returns the mistakes. */
export function listMistakes(): Mistake[] {
  return JSON.parse(readFileSync(MISTAKES, "utf8"));
}

/** A copy of the reader in which mistakes are made, one at a time. */
export class FaultyReader implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "mapped-ram-mistakes-"));
  readonly #vectors = suiteVectors();
  readonly #unpacked = new Set<SuiteVector>();

  /** Copies the reader. */
  constructor() {
    for (const path of COPIED) {
      cpSync(join(ROOT, path), join(this.#folder, path), {
        recursive: true,
        filter: (path) => !path.endsWith("_test.ts"),
      });
    }
  }

  /** Returns the path of a vector of its class that finds a mistake, if any. */
  find(mistake: Mistake): string | undefined {
    const { file, rules } = mistake;
    const path = join(this.#folder, file);
    const text = readFileSync(path, "utf8");
    writeFileSync(path, changed(text, mistake));
    try {
      const ofClass = this.#vectors.filter(({ classes }) =>
        classes.includes(mistake.class)
      );
      const isFirst = ({ expected }: SuiteVector) =>
        expected.rules.some((rule) => rules.includes(rule));
      return this.#findIn(ofClass.filter(isFirst), mistake) ??
        this.#findIn(ofClass.filter((it) => !isFirst(it)), mistake);
    } finally {
      writeFileSync(path, text);
    }
  }

  /** Removes the copy. */
  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }

  #findIn(
    vectors: readonly SuiteVector[],
    mistake: Mistake,
  ): string | undefined {
    const files: AskedFile[] = vectors.map((vector) => ({
      path: this.#unpack(vector),
      options: {
        ...vector.expected.options,
        ...vector.profile === undefined ? {} : { profile: vector.profile },
      },
    }));
    const { stdout } = spawnSync(process.execPath, [
      ...RUNTIME,
      join(this.#folder, READER),
    ], {
      input: JSON.stringify(files),
      encoding: "utf8",
      timeout: TIMEOUT_MS,
      maxBuffer: 2 ** 28,
    });
    const lines = stdout.split("\n");
    return vectors.find(({ expected }, index) => {
      const answer: unknown = JSON.parse(lines[index] || "null");
      const states = judgeClasses(answer, expected, {
        classes: [mistake.class],
      });
      return states[mistake.class] !== "pass";
    })?.path;
  }

  #unpack(vector: SuiteVector): string {
    const file = join(this.#folder, vector.path.replaceAll("/", "-"));
    if (!this.#unpacked.has(vector)) {
      vector.unpackTo(file);
      this.#unpacked.add(vector);
    }
    return file;
  }
}

function changed(text: string, { name, file, changes }: Mistake): string {
  return changes.reduce((all, [from, to]) => {
    if (all.split(from).length !== 2) {
      throw new Error(`Cannot make the mistake "${name}": ${file} has changed`);
    }
    return all.replace(from, () => to);
  }, text);
}

if (import.meta.main) {
  using reader = new FaultyReader();
  for (const mistake of listMistakes()) {
    const found = reader.find(mistake) ?? "NOT FOUND";
    console.log(`${mistake.class}: ${mistake.name}: ${found}`);
    if (found === "NOT FOUND") process.exitCode = 1;
  }
}
