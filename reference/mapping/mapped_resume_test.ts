import assert from "node:assert/strict";
import { copyFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { sep } from "node:path";
import { test } from "node:test";
import { QEMU, SavedGuest } from "../qemu/testing/saved_guest.ts";
import { openSnapshotSync } from "../reading/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { savedFile, testMemory } from "../testing/saved_file.ts";
import { planMappedResume } from "./mapped_resume.ts";
import {
  MappedResumeError,
  type MappedResumeReason,
} from "./mapped_resume_error.ts";

const PC = { "pc.ram": testMemory(16, [1]), "pc.bios": testMemory(2, [0]) };
const MAPPED = "share=off,readonly=on,rom=off," +
  "x-use-canonical-path-for-ramblock-id=off";

/** Returns a check for a refusal with that reason and this text. */
function refused(reason: MappedResumeReason, words: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof MappedResumeError, String(error));
    assert.equal(error.reason, reason);
    assert.match(error.message, /^Cannot map the RAM of "/);
    assert.match(error.message, words);
    return true;
  };
}

test("planMappedResume() adds a memory backend for the machine's own RAM", async () => {
  using guest = await SavedGuest.make(PC);
  const given = ["-M", "q35", "-m", "64K"];
  const { args, blocks, path } = guest.plan(given);
  assert.equal(path, guest.path);
  assert.deepEqual(blocks, [
    { idstr: "pc.ram", id: "pc.ram", size: 0x10000, offset: 0x100000 },
  ]);
  assert.deepEqual(args, [
    ...given,
    "-object",
    "memory-backend-file,id=pc.ram,size=65536," +
    `mem-path=${guest.path},offset=1048576,${MAPPED}`,
    "-machine",
    "memory-backend=pc.ram",
  ]);
  assert.deepEqual(given, ["-M", "q35", "-m", "64K"]);
});

test("planMappedResume() refuses machines that write to RAM as they start", async () => {
  const names = {
    "pc-q35-rhel9.4.0": true,
    "virt-10.0": true,
    "virt": true,
    "none": true,
    "malta": true,
    "pseries-10.0": false,
    "powernv9": false,
    "s390-ccw-virtio-11.1": false,
    "sun4u": false,
    "pcx": false,
  };
  for (const [machine, isMapped] of Object.entries(names)) {
    using guest = await SavedGuest.make(PC, "vm.mr", { machine });
    if (isMapped) assert.equal(guest.plan([]).blocks.length, 1);
    else {assert.throws(
        () => guest.plan([]),
        refused("machine", new RegExp(`${machine}.*by postcopy$`)),
      );}
  }
});

test("planMappedResume() accepts relative paths and paths with commas", async () => {
  using guest = await SavedGuest.make(PC, "a,b=c,,d.mr");
  const { args, path } = guest.plan([]);
  assert.equal(path, guest.path);
  const quoted = guest.path.replaceAll(",", ",,");
  assert.ok(args[1]?.includes(`,mem-path=${quoted},offset=`), args[1]);

  const up = `..${sep}`.repeat(40);
  const relative = guest.plan([], { path: up + guest.path.slice(1) });
  assert.equal(relative.path, guest.path);
});

test("planMappedResume() replaces memory backends in place", async () => {
  using guest = await SavedGuest.make({
    "/objects/n1": testMemory(4, []),
    "n0": testMemory(4, []),
    "d0": testMemory(4, []),
    "shm": testMemory(4, []),
    "pc.bios": testMemory(1, []),
  });
  const kept = [
    ...["-numa", "node,memdev=n0", "-numa", "node,memdev=n1"],
    ...[
      "-object",
      "memory-backend-file,id=shm,share=on,mem-path=/shm,size=16K",
    ],
    ...["-device", "ivshmem-plain,memdev=shm"],
    ...["-device", '{"driver": "pc-dimm", "memdev": "d0"}'],
  ];
  const { args, blocks } = guest.plan([
    ...["-object", "memory-backend-ram,id=n0,size=16K,share=off,merge=off"],
    ...["-object", '{"qom-type": "memory-backend-memfd", "id": "n1"}'],
    ...["-object", "memory-backend-ram,size=16K,id=d0,prealloc=off"],
    ...kept,
  ]);
  assert.deepEqual(blocks.map((it) => [it.idstr, it.id]), [
    ["n0", "n0"],
    ["/objects/n1", "n1"],
    ["d0", "d0"],
  ]);
  const file = `mem-path=${guest.path}`;
  const at = Object.fromEntries(blocks.map(({ id, offset }) => [id, offset]));
  assert.deepEqual(args, [
    "-object",
    `memory-backend-file,id=n0,size=16384,${file},offset=${at.n0},` +
    `${MAPPED},merge=off`,
    "-object",
    `memory-backend-file,id=n1,size=16384,${file},offset=${at.n1},` +
    MAPPED.replace(/off$/, "on"),
    "-object",
    `memory-backend-file,id=d0,size=16384,${file},offset=${at.d0},${MAPPED}`,
    ...kept,
  ]);
});

test("planMappedResume() uses the backend given to the machine", async () => {
  using guest = await SavedGuest.make({ "my.memory": testMemory(4, []) });
  const given = [
    "-M",
    "pc,memory-backend=x",
    "--machine",
    "memory-backend=my.memory",
  ];
  const { args, blocks } = guest.plan(given);
  assert.deepEqual(blocks.map(({ id }) => id), ["my.memory"]);
  assert.deepEqual(args.slice(0, 5), [...given, "-object"]);
  assert.equal(args.length, 6);
});

test("planMappedResume() refuses a path that is not the snapshot's local file", async () => {
  const bytes = await savedFile(PC);
  using guest = await SavedGuest.make(PC);
  const name = "https://example.com/vm.mr";
  const remote = openSnapshotSync(memorySource(bytes, { name }));
  const options = { qemu: QEMU, args: [] };
  assert.throws(
    () => planMappedResume(remote, options),
    refused("file", /not a local file, .* resume by postcopy$/),
  );
  assert.equal(
    planMappedResume(remote, { ...options, path: guest.path }).path,
    guest.path,
  );
  writeFileSync(guest.path, "x", { flag: "a" });
  assert.throws(
    () => guest.plan([]),
    refused("file", /the file has \d+ bytes, the snapshot \d+, /),
  );
  assert.throws(
    () => guest.plan([], { path: "." }),
    refused("file", /it is not a regular file, /),
  );
});

test("planMappedResume() refuses a QEMU without the features it needs", async () => {
  using guest = await SavedGuest.make(PC);
  const cases = [
    [
      "8.0.5",
      ["readonly"],
      /8\.0\.5 has no offset, rom in memory-backend-file/,
    ],
    [
      "8.1.0",
      ["readonly", "offset"],
      /8\.1\.0 has no rom in .*QEMU 9\.0 or la/,
    ],
    [
      "8.2.1",
      ["readonly", "offset", "rom"],
      /8\.2\.1 does not read mapped-ram/,
    ],
  ] as const;
  for (const [version, memoryBackendFile, words] of cases) {
    const qemu = { program: "qemu", version, memoryBackendFile };
    assert.throws(() => guest.plan([], { qemu }), refused("qemu", words));
  }
  // A QEMU that does not report its version is judged by its properties.
  guest.plan([], { qemu: { ...QEMU, version: "" } });
});

test("planMappedResume() refuses memory without a backend", async () => {
  using guest = await SavedGuest.make({
    "ram0": testMemory(4, []),
    "0000:00:02.0/vga.vram": testMemory(4, []),
  });
  assert.throws(
    () => guest.plan(["-m", "16K"]),
    refused("memory", /\(ram0, .*vga\.vram\) is known as main memory; add/),
  );
});

test("planMappedResume() refuses pages that the host cannot map", async () => {
  using guest = await SavedGuest.make(PC);
  assert.throws(
    () => guest.plan([], { hostPageSize: 0x20000 }),
    refused("memory", /"pc\.ram" has 0x10000 bytes at 0x100000, expected/),
  );
  assert.throws(
    () => guest.plan([], { hostPageSize: 0x200000 }),
    refused("memory", /host's page size 2097152; resume by postcopy$/),
  );
});

test("planMappedResume() refuses arguments that require another kind of memory", async () => {
  using guest = await SavedGuest.make(PC);
  const own = "memory-backend-ram,id=pc.ram,size=64K";
  const use = ["-machine", "memory-backend=pc.ram"];
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["-mem-path", "/dev/hugepages"], /given -mem-path, /],
    [["-mem-prealloc"], /given -mem-prealloc, /],
    [["-device", "vhost-user-fs-pci,chardev=c"], /share=on.*leave the device/],
    [["-netdev", "vhost-user,id=n"], /"vhost-user,id=n" needs memory shared/],
    [["-object", `${own},share=on`, ...use], /pc\.ram has share=on, /],
    [["-object", `${own},prealloc=yes`, ...use], /has prealloc=yes, /],
    [["-object", `${own},policy=bind`, ...use], /has policy=bind, /],
    [["-object", `${own},host-nodes=0`, ...use], /has host-nodes=0, /],
    [[
      "-object",
      '{"qom-type":"memory-backend-ram","id":"pc.ram","share":true}',
    ], /has share=on, /],
  ];
  for (const [args, words] of cases) {
    assert.throws(() => guest.plan(args), refused("arguments", words));
  }
});

test("planMappedResume() refuses a path that now leads to another file", async () => {
  using guest = await SavedGuest.make(PC);
  const args = ["-M", "q35", "-m", "64K"];
  const link = `${guest.path}.link`;
  symlinkSync(guest.path, link);
  assert.equal(guest.plan(args, { path: link }).path, guest.path);
  const other = `${guest.path}.other`;
  copyFileSync(guest.path, other);
  assert.throws(
    () => guest.plan(args, { path: other }),
    refused("file", /another file has its name now, expected the snapshot's/),
  );
  renameSync(other, guest.path);
  assert.throws(
    () => guest.plan(args),
    refused("file", /another file has its name now, expected the snapshot's/),
  );
});
