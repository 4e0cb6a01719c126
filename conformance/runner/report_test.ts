import assert from "node:assert/strict";
import { test } from "node:test";
import { conformsTo } from "./conforms_to.ts";
import { type CaseResult, makeReport } from "./report.ts";
import { reportJson } from "./report_json.ts";
import { reportJunit } from "./report_junit.ts";
import { reportText } from "./report_text.ts";

const BASE = { seconds: 0.25, reasons: [], remarks: [], classes: {} };
const CASES: CaseResult[] = [
  {
    ...BASE,
    name: "good",
    rules: ["item-type"],
    state: "pass",
    classes: { core: "pass", verifier: "not supported" },
  },
  {
    ...BASE,
    name: "bad",
    rules: ["u64-range", "item-type"],
    state: "fail",
    reasons: ['says "<no>" & \x1b[2J'],
  },
  {
    ...BASE,
    name: "other",
    rules: ["stream-magic"],
    state: "not supported",
    reasons: ["no libvirt"],
  },
  {
    ...BASE,
    name: "remarkable",
    rules: ["stream-magic"],
    state: "pass",
    remarks: ["offset is 4"],
    classes: { core: "pass", sequential: "pass" },
  },
];
const REPORT = makeReport(CASES, {
  suite: "mapped-ram 1.2",
  isComplete: true,
  task: "read",
  program: ["reader"],
  seconds: 2,
  order: ["stream-magic", "item-type", "page-size-valid"],
});

test("makeReport() counts by rule, in the order of the rules", () => {
  assert.deepEqual(REPORT.counts, { "pass": 2, "fail": 1, "not supported": 1 });
  assert.deepEqual(REPORT.rules, [
    {
      rule: "stream-magic",
      counts: { "pass": 1, "fail": 0, "not supported": 1 },
    },
    { rule: "item-type", counts: { "pass": 1, "fail": 1, "not supported": 0 } },
    { rule: "u64-range", counts: { "pass": 0, "fail": 1, "not supported": 0 } },
  ]);
});

test("makeReport() counts by class, in the order of SPEC.md", () => {
  const count = (pass: number, unsupported = 0) => ({
    "pass": pass,
    "fail": 0,
    "not supported": unsupported,
  });
  assert.deepEqual(REPORT.classes, [
    { name: "core", counts: count(2) },
    { name: "verifier", counts: count(0, 1) },
    { name: "sequential", counts: count(1) },
  ]);
});

test("conformsTo() names the classes without any exception", () => {
  assert.deepEqual(conformsTo(REPORT), ["Core reader", "Sequential"]);
  assert.match(
    reportText(REPORT),
    /^conforms to mapped-ram 1\.2: Core reader, Sequential$/m,
  );
  const some = { ...REPORT, isComplete: false };
  assert.deepEqual(conformsTo(some), []);
  assert.doesNotMatch(reportText(some), /conforms/);
  const writer = { ...REPORT, task: "save" as const };
  assert.deepEqual(conformsTo(writer), []);
  const counts = { "pass": 4, "fail": 0, "not supported": 0 };
  assert.deepEqual(conformsTo({ ...writer, counts }), ["Core writer"]);
  const sealer = { ...writer, task: "seal" as const, counts };
  assert.deepEqual(conformsTo(sealer), ["Sealer"]);
  const core = REPORT.classes.map((it) =>
    it.name === "core" ? { ...it, counts: { ...counts, fail: 1 } } : it
  );
  assert.deepEqual(conformsTo({ ...REPORT, classes: core }), ["Sequential"]);
});

test("reportText() lists everything that is wrong, without control characters", () => {
  const text = reportText(REPORT);
  assert.match(text, /^item-type +1 +1 +-$/m);
  assert.match(text, /^FAIL bad\n {2}says "<no>" & \?\[2J$/m);
  assert.match(text, /^NOT SUPPORTED other\n {2}no libvirt$/m);
  assert.match(text, /^note {5}remarkable: offset is 4$/m);
  assert.match(text, /4 cases, 2 pass, 1 fail, 1 not supported; 2\.0 s, 2 a/);
});

test("reportJson() is JSON with counts of each rule", () => {
  const report = JSON.parse(reportJson(REPORT));
  assert.equal(report.fail, 1);
  assert.deepEqual(report.rules[1], {
    rule: "item-type",
    kind: "refuse",
    section: "3.3",
    pass: 1,
    fail: 1,
    notSupported: 0,
  });
  assert.equal(report.cases.length, 4);
});

test("reportJunit() is well-formed, with each case in each of its suites", () => {
  const xml = reportJunit(REPORT);
  assert.match(xml, /^<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites /);
  assert.match(xml, /<testsuites .* tests="5" failures="2" .* skipped="1"/);
  assert.match(xml, /<failure message="says &quot;&lt;no&gt;&quot; &amp; \?\[/);
  assert.match(xml, /<skipped message="no libvirt"\/>/);
  const open = xml.match(/<(?!\?)[a-z]+[^>]*[^/]>/g)?.length;
  assert.equal(open, xml.match(/<\/[a-z-]+>/g)?.length);
});
