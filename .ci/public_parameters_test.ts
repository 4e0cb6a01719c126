import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { DOORS, ROOT } from "./build/project.ts";
import { findInModules } from "./public_parameters.ts";

test("no public function has more than two parameters and options", () => {
  assert.deepEqual(findInModules([...DOORS.values()], ROOT), []);
});

test("findInModules() finds functions of every kind, and allows options", () => {
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-"));
  try {
    writeFileSync(
      join(folder, "mod.ts"),
      `
      type Options = { x?: number };
      export function three(a: number, b: number, c = 1): void {}
      export function four(a: 1, b: 2, c: 3, options: Options = {}): void {}
      export function good(a: number, b: number, options: Options = {}): void {}
      export function open(a: number, b: number, { x }: Options = {}): void {}
      export class Thing {
        constructor(a: number, b: number, c: number) {}
        method(a: number, b: number, c?: Options): void {}
        static make(a: number, b: number, c: number): void {}
        #hidden(a: number, b: number, c: number): void {}
        private unseen(a: number, b: number, c: number): void {}
      }
      export class Made {
        private constructor(a: number, b: number, c: number) {}
      }
      export interface Face {
        method(a: number, b: number, c: number): void;
        readonly property: (a: number, b: number, c: number) => void;
        readonly inner: { readonly deep?: (a: 1, b: 2, c: 3) => void };
      }
      export type Call = (a: number, b: number, c: number) => void;
      export const arrow = (a: number, b: number, c: number): void => {};
      `,
    );
    assert.deepEqual(findInModules(["mod.ts"], folder), [
      "Call: 3 parameters",
      "Face.inner.deep: 3 parameters",
      "Face.method: 3 parameters",
      "Face.property: 3 parameters",
      "Thing.constructor: 3 parameters",
      "Thing.make: 3 parameters",
      "Thing.method: 3 parameters",
      "arrow: 3 parameters",
      "four: 4 parameters",
      "three: 3 parameters",
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
