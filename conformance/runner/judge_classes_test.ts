import assert from "node:assert/strict";
import { test } from "node:test";
import type { Expected } from "../vectors/list_vectors.ts";
import { judgeClasses } from "./judge_classes.ts";
import { EXPECTED_BLOCK } from "./testing/expected_block.ts";

const READ: Expected = {
  rules: ["offsets-absolute"],
  machine: "none",
  capabilities: ["mapped-ram"],
  blocks: [EXPECTED_BLOCK],
  findings: ["pages-offset-mebibyte"],
};
const { rules: _, findings, ...RAM } = READ;

test("judgeClasses() asks a verifier for findings, and no other reader", () => {
  const classes = ["core", "verifier"] as const;
  const judge = (answer: object) => judgeClasses(answer, READ, { classes });
  assert.deepEqual(judge({ ...RAM, findings }), {
    core: "pass",
    verifier: "pass",
  });
  assert.deepEqual(judge(RAM), { core: "pass", verifier: "not supported" });
  assert.deepEqual(judge({ ...RAM, findings: [] }), {
    core: "pass",
    verifier: "fail",
  });
  assert.deepEqual(judge({ blocks: [] }), { core: "fail", verifier: "fail" });
});

test("judgeClasses() judges each class by its own members", () => {
  const refusal = {
    kind: "unsupported",
    rule: "capability-mapped-ram",
    offset: 17,
  } as const;
  const sequential = { machine: "none", pageSize: 4096, blocks: [] };
  const expected: Expected = {
    rules: ["sequential-page-size"],
    error: refusal,
    sequential,
  };
  const classes = ["core", "sequential"] as const;
  const judge = (answer: object) => judgeClasses(answer, expected, { classes });
  const other = { ...sequential, pageSize: 8192 };
  assert.deepEqual(judge({ error: refusal, sequential }), {
    core: "pass",
    sequential: "pass",
  });
  assert.deepEqual(judge({ error: refusal, sequential: other }), {
    core: "pass",
    sequential: "fail",
  });
  assert.deepEqual(judge({ error: refusal }), {
    core: "pass",
    sequential: "not supported",
  });
});

test("judgeClasses() applies a change to each verdict", () => {
  const states = judgeClasses({ ...RAM, findings }, READ, {
    classes: ["core"],
    adjust: (verdict) => ({ ...verdict, state: "fail" }),
  });
  assert.deepEqual(states, { core: "fail" });
});
