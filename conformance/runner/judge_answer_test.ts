import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { Expected } from "../vectors/list_vectors.ts";
import { judgeAnswer } from "./judge_answer.ts";
import { EXPECTED_BLOCK } from "./testing/expected_block.ts";

const READ: Expected = {
  rules: ["offsets-absolute"],
  machine: "none",
  capabilities: ["mapped-ram"],
  blocks: [EXPECTED_BLOCK],
  findings: [],
};
const REFUSED: Expected = {
  rules: ["stream-magic"],
  error: { kind: "format", rule: "stream-magic", offset: 0 },
};
const { rules: _, ...ANSWER } = READ;

function sha(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Returns the answer with a member of its block changed. */
function withBlock(change: Readonly<Record<string, unknown>>): unknown {
  return { ...ANSWER, blocks: [{ ...ANSWER.blocks?.[0], ...change }] };
}

test("judgeAnswer() passes the expected answer, and names the differences of others", () => {
  assert.equal(judgeAnswer(ANSWER, READ).state, "pass");
  const wrong: [unknown, RegExp][] = [
    [null, /expected a JSON object/],
    [[], /expected a JSON object/],
    [{}, /blocks is missing/],
    [{ ...ANSWER, machine: "pc" }, /machine is "pc", expected "none"/],
    [{ ...ANSWER, capabilities: [] }, /capabilities is \[\]/],
    [{ ...ANSWER, blocks: [] }, /0 RAMBlocks, expected 1/],
    [{ ...ANSWER, blocks: [7] }, /block 0 \("ram"\) is 7/],
    [{ ...ANSWER, findings: ["item-type"] }, /findings is \["item-type"\]/],
    [{ error: { kind: "format" } }, /refused: .* expected to be read/],
    [withBlock({ idstr: "rom" }), /idstr is "rom"/],
    [withBlock({ usedLength: undefined }), /usedLength is missing/],
    [withBlock({ sha256: undefined }), /sha256 is missing/],
    [withBlock({ sha256: "bb" }), /sha256 is "bb", expected "aa"/],
    [withBlock({ presentRuns: [[0, 2]] }), /presentRuns is \[\[0,2\]\]/],
    [withBlock({ pagesOffset: 0 }), /pagesOffset is 0, expected 4096/],
    [withBlock({ ignored: true }), /ignored is true/],
  ];
  for (const [answer, reason] of wrong) {
    const { state, reasons } = judgeAnswer(answer, READ);
    assert.equal(state, "fail", JSON.stringify(answer));
    assert.match(reasons.join("\n"), reason);
  }
});

test("judgeAnswer() lists the members that a reader does not report", () => {
  const { idstr, usedLength, sha256 } = READ.blocks?.[0] ?? {};
  const few = { blocks: [{ idstr, usedLength, sha256 }] };
  const { state, remarks } = judgeAnswer(few, READ);
  assert.equal(state, "pass");
  assert.deepEqual(remarks, [
    "not reported: machine, capabilities, pageSize, bitmapOffset, pagesOffset, presentRuns",
  ]);
});

test("judgeAnswer() passes a refusal by any rule, with a remark on a difference", () => {
  const { error } = REFUSED;
  assert.deepEqual(judgeAnswer({ error }, REFUSED).remarks, []);
  assert.deepEqual(judgeAnswer({ error: {} }, REFUSED).remarks, []);
  const other = judgeAnswer({ error: { ...error, offset: 4 } }, REFUSED);
  assert.equal(other.state, "pass");
  assert.deepEqual(other.remarks, ["offset is 4, expected 0"]);
  assert.equal(judgeAnswer(ANSWER, REFUSED).state, "fail");
  assert.match(judgeAnswer(ANSWER, REFUSED).reasons[0], /accepted/);
});

test("judgeAnswer() accepts that a reader does not support such files", () => {
  const error = { kind: "unsupported", rule: "capability-mapped-ram" };
  for (const expected of [READ, REFUSED]) {
    for (const answer of [{ notSupported: "libvirt" }, { error }]) {
      assert.equal(judgeAnswer(answer, expected).state, "not supported");
    }
  }
});

test("judgeAnswer() judges the additional members of other dialects", () => {
  const error = { kind: "format", rule: "record-block", offset: 9 } as const;
  const stream = { machine: "none", pageSize: 4096, blocks: [] };
  const good: Expected = { ...REFUSED, sequential: stream };
  const bad: Expected = { ...REFUSED, sequentialError: error };
  const answer = { error: REFUSED.error };
  for (const expected of [good, bad]) {
    const { state, reasons } = judgeAnswer(answer, expected);
    assert.equal(state, "not supported");
    assert.match(reasons.join(), /^not reported: sequential/);
  }
  const states = [
    judgeAnswer({ ...answer, sequential: stream }, good),
    judgeAnswer({ ...answer, sequentialError: error }, bad),
    judgeAnswer({ ...answer, sequential: {} }, good),
    judgeAnswer({ ...answer, sequential: stream }, bad),
    judgeAnswer({ ...answer, sequentialError: error }, good),
  ].map(({ state }) => state);
  assert.deepEqual(states, ["pass", "pass", "fail", "fail", "fail"]);
});

test("judgeAnswer() judges a reader of sidecars by what it returns and refuses", () => {
  const verity = {
    sha256: "ab",
    refused: [[3, 4]],
    rule: "verity-data",
    offset: 12288,
  } as const;
  const expected: Expected = {
    rules: ["verity-data"],
    options: { digest: "sha256:00" },
    verity,
    seal: { digest: "sha256:00", sha256: "00" },
  };
  const judge = (answer: object) => judgeAnswer(answer, expected);
  assert.deepEqual(judge({ verity }).remarks, []);
  const { sha256, refused } = verity;
  assert.equal(judge({ verity: { sha256, refused } }).state, "pass");
  const wrong: [object, RegExp][] = [
    [{ verity: { ...verity, refused: [] } }, /refused is \[\], expected/],
    [{ verity: { ...verity, sha256: "cd" } }, /sha256 is "cd"/],
    [{ verity: { ...verity, rule: "verity-tree" } }, /rule is "verity-tree"/],
    [{ verity: { sha256 } }, /refused is missing/],
    [{ verityError: {} }, /verityError is \{\}, expected verity/],
  ];
  for (const [answer, reason] of wrong) {
    const { state, reasons } = judge(answer);
    assert.equal(state, "fail", JSON.stringify(answer));
    assert.match(reasons.join(), reason);
  }
  for (const answer of [{ blocks: [] }, { error: { kind: "format" } }]) {
    assert.equal(judge(answer).state, "not supported");
  }
});

test("judgeAnswer() compares nested members one by one", () => {
  const libvirt = {
    version: 2,
    byteOrder: "little",
    format: "raw",
    wasRunning: true,
    streamOffset: 4096,
    xml: "<domain/>",
    streamSha256: "ab",
  } as const;
  const { xml: _, streamSha256: __, ...rest } = libvirt;
  const expected: Expected = { ...REFUSED, libvirt };
  const { error } = REFUSED;
  const judge = (answer: object) =>
    judgeAnswer({ error, libvirt: answer }, expected);
  assert.equal(judge({ ...rest, xml: "<domain/>" }).state, "pass");
  const byHash = {
    ...REFUSED,
    libvirt: { ...rest, xmlSha256: sha(libvirt.xml) },
  };
  for (const it of [{ xml: libvirt.xml }, { xmlSha256: sha(libvirt.xml) }]) {
    const answer = { error, libvirt: { ...rest, ...it } };
    assert.equal(judgeAnswer(answer, byHash).state, "pass");
    assert.equal(judgeAnswer(answer, expected).state, "pass");
  }
  assert.deepEqual(judge({ ...rest, xml: "<other/>", version: 1 }).reasons, [
    "libvirt.version is 1, expected 2",
    'libvirt.xml is "<other/>", expected "<domain/>"',
  ]);
  assert.deepEqual(judge({ ...rest, xmlSha256: "00" }).reasons, [
    "libvirt.xmlSha256 is another text",
  ]);
  assert.deepEqual(judge(rest).reasons, [
    'libvirt.xml is missing, expected "<domain/>"',
  ]);
});

test("judgeAnswer() shows two long values where they differ", () => {
  const runs = Array.from({ length: 200 }, (_, at) => [2 * at, 2 * at + 1]);
  const other = runs.map(([first, end], at) =>
    at === 150 ? [first, end + 1] : [first, end]
  );
  const [reason] = judgeAnswer(withBlock({ presentRuns: other }), {
    ...READ,
    blocks: (READ.blocks ?? []).map((it) => ({
      ...it,
      presentRuns: runs as [number, number][],
    })),
  }).reasons;
  assert.match(reason, /presentRuns is \.\.\..*\[300,302\]/);
  assert.match(reason, /expected \.\.\..*\[300,301\]/);
  assert(reason.length < 320, `${reason.length}`);
});
