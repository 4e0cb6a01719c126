import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { ByteFile } from "../testing/byte_file.ts";
import { findStreamKind } from "./stream_kind.ts";

function kindOf(writer: ByteWriter): string | undefined {
  const bytes = new ByteWriter().text("xxx").bytes(writer.finish()).finish();
  const file = new ByteFile(bytes);
  return file.run(findStreamKind(file, 3));
}

function streamWith(...capabilities: readonly string[]): ByteWriter {
  const writer = new ByteWriter().text("QEVM").be32(3)
    .u8(7).be32(4).text("none");
  if (capabilities.length === 0) return writer.u8(0);
  writer.u8(5).countedString("configuration/capabilities").be32(1)
    .be32(capabilities.length);
  for (const name of capabilities) writer.countedString(name);
  return writer.u8(0);
}

test("findStreamKind() decides by the capabilities", () => {
  assert.equal(kindOf(streamWith()), "sequential");
  assert.equal(kindOf(streamWith("x-ignore-shared")), "sequential");
  assert.equal(
    kindOf(streamWith("x-ignore-shared", "mapped-ram")),
    "mapped-ram",
  );
  assert.equal(kindOf(streamWith("fixed-ram")), "mapped-ram");
});

test("findStreamKind() finds none without the magic, and refuses invalid streams", () => {
  for (
    const text of ["", "QEV", "QEVN", "QEVM".toLowerCase(), "LibvirtQemud"]
  ) {
    assert.equal(kindOf(new ByteWriter().text(text)), undefined, text);
  }
  assert.throws(() => kindOf(new ByteWriter().text("QEVM")), {
    rule: "file-truncated",
    offset: 7,
  });
  assert.throws(() => kindOf(new ByteWriter().text("QEVM").be32(2)), {
    rule: "stream-version",
    offset: 7,
  });
});
