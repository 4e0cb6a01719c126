import assert from "node:assert/strict";
import { test } from "node:test";
import { ForwardReader } from "./forward_reader.ts";
import type { Section, SectionPart } from "../stream/migration_stream.ts";
import { ByteByByte } from "../testing/byte_by_byte.ts";
import { type SectionSkips, skipSection } from "./sequential_sections.ts";

function sectionOf(idstr: string, versionId: number): Section {
  return { sectionId: 1, idstr, instanceId: 3, versionId };
}

/** Returns the number of bytes skipped. */
function skip(
  kind: SectionPart,
  section: Section,
  skips: SectionSkips = {},
): number {
  const socket = new ByteByByte(Uint8Array.from([1, 2, 3, 4, 5]), {
    ends: true,
  });
  const reader = new ForwardReader(socket, 0);
  socket.run(skipSection(reader, skips, { kind, section, offset: 77 }));
  return reader.offset;
}

test("skipSection() skips dirty bitmaps, and FULL sections by their length", () => {
  assert.equal(skip("part", sectionOf("dirty-bitmap", 1)), 1);
  const asked: unknown[] = [];
  const lengths = (...of: unknown[]) => {
    asked.push(of);
    return 4;
  };
  assert.equal(skip("full", sectionOf("dev", 9), { lengths }), 4);
  assert.equal(skip("full", sectionOf("dirty-bitmap", 1), { lengths }), 4);
  assert.equal(skip("full", sectionOf("dev", 9), { lengths: () => 0 }), 0);
  assert.deepEqual(asked, [["dev", 3], ["dirty-bitmap", 3]]);
});

test("skipSection() reports the section that it cannot skip", () => {
  const rest = "one of ram, dirty-bitmap of version 1, " +
    "s390-storage_attributes of version 0, spapr/htab of version 1";
  const cases = [
    ["part", sectionOf("dirty-bitmap", 2), rest],
    ["start", sectionOf("spapr/htab", 2), rest],
    ["end", sectionOf("dev", 1), rest],
    ["full", sectionOf("dev", 1), "a vmdesc that gives its length"],
  ] as const;
  for (const [kind, section, expected] of cases) {
    // A vmdesc describes only FULL sections.
    const lengths = kind === "full" ? () => undefined : () => 4;
    assert.throws(() => skip(kind, section, { lengths }), {
      name: "UnsupportedError",
      rule: "section-known",
      offset: 77,
      expected,
    });
  }
});
