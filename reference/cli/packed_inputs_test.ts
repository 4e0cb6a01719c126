import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { packed } from "../packing/testing/packed_bytes.ts";
import { memorySource } from "../sources/mod.ts";
import { PATIENT, run, runAll, runAllGood } from "./testing/run_program.ts";
import { ScratchDirectory } from "./testing/scratch_directory.ts";
import { writeSealed } from "./testing/sealed_file.ts";
import { fixtureGuest, fixtureMemory } from "./testing/snapshot_fixture.ts";

/** Commands that read FILE, with what they print or the name of their product. */
const READING = [
  "info FILE --map",
  "info FILE --devices",
  "bitmaps FILE",
  "verify FILE --pages",
  "read FILE pc.ram 0x1000 64K",
  "load FILE OUT/images --jobs 2",
  "convert FILE OUT/vm.seq",
  "convert FILE OUT/vm.mr",
  "save OUT/new.mr --device-state FILE",
];

/** Returns the lines for a file, each with new files below `out`. */
function linesOf(file: string, out: string): string[][] {
  return READING.map((it) =>
    it.replaceAll("FILE", file).replaceAll("OUT", out).split(" ")
  );
}

/** Returns output without what differs between a file and an image of it. */
function withoutFacts(text: string): string {
  return text.replace(/^\S+\n/, "").replace(/^.* on disk.*\n/gm, "")
    .replace(/^packed in[^]*?\n\n/m, "").replaceAll(
      /\S*vm\.(mr|qcow2)/g,
      "FILE",
    );
}

test(
  "commands read a packed snapshot like the file in it",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    using plainOut = new ScratchDirectory();
    using packedOut = new ScratchDirectory();
    const guest = await fixtureGuest();
    const file = writeSealed(scratch, "vm.mr", guest);
    const image = scratch.write("vm.qcow2", await packed(guest));
    const plain = await runAllGood(linesOf(file.path, plainOut.path));
    const digest = ["--digest", file.digest, "--verity", `${file.path}.verity`];
    for (const more of [[], digest]) {
      const lines = linesOf(image, packedOut.path);
      const results = await runAllGood(
        lines.map((it) => [...it, ...more, ...force(it, more)]),
      );
      READING.forEach((command, index) => {
        if (command.includes("OUT") || more.length > 0) return;
        const found = withoutFacts(results[index]);
        assert.equal(found, withoutFacts(plain[index]), command);
      });
      for (const name of ["vm.seq", "vm.mr", "new.mr", "images/pc.ram.img"]) {
        assert.deepEqual(packedOut.read(name), plainOut.read(name), name);
      }
    }

    /** What the second round needs to replace the products of the first. */
    function force(line: readonly string[], more: readonly string[]): string[] {
      const writes = line.some((it) => it.startsWith(packedOut.path));
      return writes && more.length > 0 ? ["--force"] : [];
    }
  },
);

test("info shows the chain of a packed snapshot", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const guest = await fixtureGuest();
  const base = scratch.write("vm.mr", guest);
  const later = guest.slice();
  later.fill(9, 0x200000, 0x200010);
  const image = scratch.write(
    "later.qcow2",
    await packed(later, {
      backing: { source: memorySource(guest), name: "vm.mr", format: "raw" },
    }),
  );
  const [text, json] = await runAllGood([
    ["info", image],
    ["info", image, "--json"],
  ]);
  assert.match(text, /^packed in 2 files\n/m);
  assert.match(text, /later\.qcow2 +qcow2, z\w+, 64 KiB .* 64 KiB +0 bytes\n/);
  assert.match(text, /vm\.mr +raw +/);
  const { layers } = JSON.parse(json);
  // Node before 22.15 has no zstd.
  const { compression } = layers[0];
  assert.match(compression, /^(zlib|zstd)$/);
  assert.deepEqual(layers, [
    {
      file: image,
      format: "qcow2",
      fileLength: scratch.read("later.qcow2").length,
      clusterBits: 16,
      compression,
      dataBytes: 0x10000,
      zeroBytes: 0,
    },
    {
      file: base,
      format: "raw",
      fileLength: guest.length,
      dataBytes: guest.length,
      zeroBytes: 0,
    },
  ]);
});

test("--allow-backing permits a backing file elsewhere", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  using bases = new ScratchDirectory();
  const guest = await fixtureGuest();
  const base = bases.write("vm.mr", guest);
  const image = scratch.write(
    "later.qcow2",
    await packed(guest, {
      backing: { source: memorySource(guest), name: base, format: "raw" },
    }),
  );
  const lines = [
    ["info", image],
    ["convert", image, scratch.file("vm.mr")],
    ["resume", image, "--to", "unix:x"],
    ["page-server", image, "--block", "pc.ram", "--listen", "unix:x"],
  ];
  for (const { code, stderr } of await runAll(lines)) {
    assert.match(stderr, /--allow-backing PLACE allows another place/);
    assert.equal(code, 1);
  }
  const allow = ["--allow-backing", bases.path];
  await runAllGood(lines.slice(0, 2).map((it) => [...it, ...allow]));
  assert.deepEqual(scratch.read("vm.mr"), new Uint8Array(guest));
});

test("the memory of a guest is never taken for an image", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  scratch.write("secret", new Uint8Array(0x300000).fill(0x53));
  // A guest writes the header of an image to the start of its memory.
  const memory = await packed(fixtureMemory()["pc.ram"], {
    backing: {
      source: memorySource(new Uint8Array(0x300000)),
      name: "secret",
      format: "raw",
    },
  });
  const image = scratch.write("ram.img", memory);
  const out = scratch.file("out.mr");
  const places = ["--block", `pc.ram=${image}`];
  const serving = ["page-server", image, "--flat", "--listen", "unix:/none/x"];
  const refused = [["save", out, ...places], serving];
  for (const { code, stderr } of await runAll(refused)) {
    assert.match(stderr, /it is a qcow2 disk image/);
    assert.equal(code, 1);
  }
  await runAllGood([
    ["save", out, ...places, "--from", "raw"],
    ["load", out, scratch.file("images")],
  ]);
  const loaded = scratch.read("images/pc.ram.img").subarray(0, memory.length);
  assert.deepEqual(loaded, memory);
  const { stderr } = await run([...serving, "--from", "raw"]);
  assert.match(stderr, /listen/);
});

test("the traffic of all images of a chain is counted", PATIENT, async () => {
  const guest = await fixtureGuest();
  const backing = {
    source: memorySource(guest),
    name: "base.qcow2",
    format: "qcow2" as const,
  };
  const files: Readonly<Record<string, Uint8Array>> = {
    "/base.qcow2": await packed(guest),
    "/later.qcow2": await packed(guest, { backing }),
  };
  let bytes = 0;
  let requests = 0;
  const server = createServer(({ headers, url = "" }, response) => {
    const file = files[url];
    const [first, last] = (headers.range ?? "").replace("bytes=", "")
      .split("-").map(Number);
    const part = file.subarray(first, last + 1);
    requests++;
    bytes += part.length;
    response.writeHead(206, {
      "content-range": `bytes ${first}-${
        first + part.length - 1
      }/${file.length}`,
      etag: '"1"',
    }).end(part);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  try {
    const url = `http://127.0.0.1:${port}/later.qcow2`;
    const { stdout } = await run(["info", url, "--json"]);
    const { transfer, layers } = JSON.parse(stdout);
    assert.deepEqual(transfer, { requests, bytes });
    assert.equal(layers.length, 2);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
