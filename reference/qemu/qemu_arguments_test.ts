import assert from "node:assert/strict";
import { test } from "node:test";
import {
  findOptions,
  formatOptionValue,
  hasOption,
  parseOptionValue,
} from "./qemu_arguments.ts";

test("findOptions() finds options with one dash and two, and their values", () => {
  const args = ["-M", "pc", "-S", "--object", "a", "-object", "-M", "-M"];
  assert.deepEqual(findOptions(args, ["object"]), [
    { name: "object", value: "a", index: 4 },
    { name: "object", value: "-M", index: 6 },
  ]);
  assert.deepEqual(findOptions(args, ["M", "machine"]), [
    { name: "M", value: "pc", index: 1 },
    { name: "M", value: "-M", index: 7 },
  ]);
  assert.deepEqual(findOptions([], ["M"]), []);
});

test("hasOption() finds an option with and without value", () => {
  const args = ["-M", "pc", "--mem-prealloc", "incoming"];
  assert.equal(hasOption(args, "mem-prealloc"), true);
  assert.equal(hasOption(args, "M"), true);
  assert.equal(hasOption(args, "incoming"), false);
  assert.equal(hasOption(args, "pc"), false);
});

test("parseOptionValue() reads properties, a first value, double commas", () => {
  const cases: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    "pc": { type: "pc" },
    "pc,acpi=off": { type: "pc", acpi: "off" },
    "type=q35,usb": { type: "q35", usb: "on" },
    "a,,b,path=/x,,y=z,,,,,n=1": { type: "a,b", path: "/x,y=z,,", n: "1" },
    "a=": { a: "" },
    "": {},
    '{"id": "x,y", "share": true, "merge": false, "size": 5}': {
      id: "x,y",
      share: "on",
      merge: "off",
      size: "5",
    },
    "{no JSON": {},
  };
  for (const [text, properties] of Object.entries(cases)) {
    const parsed = Object.fromEntries(parseOptionValue(text, "type"));
    assert.deepEqual(parsed, properties, text);
  }
});

test("formatOptionValue() writes what parseOptionValue() reads", () => {
  const properties = [["id", "a"], ["mem-path", "/a,b,,c=d,"]] as const;
  const text = formatOptionValue("kind", properties);
  assert.equal(text, "kind,id=a,mem-path=/a,,b,,,,c=d,,");
  assert.deepEqual(
    [...parseOptionValue(text, "type")],
    [["type", "kind"], ...properties],
  );
});
