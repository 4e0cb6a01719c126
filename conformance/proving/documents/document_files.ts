import { writeFileSync } from "node:fs";
import {
  createFileSink,
  memorySource,
  openFileSource,
  openSnapshot,
  saveSnapshot,
  sealSource,
} from "../../../mod.ts";
import {
  imageOf,
  packQcow2,
  writeElfCore,
  writeSequential,
} from "../../../reference/doors/convert.ts";
import type { DocumentFolder } from "./document_folder.ts";

const MIB = 2 ** 20;

/** Makes memory with some pages that are not zero. */
function ram(byteLength: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(byteLength).fill(7, 0xf0000, 0x110000)
    .fill(8, byteLength - 0x10000);
}

const SNAPSHOTS: Readonly<
  Record<string, readonly [machine: string, Readonly<Record<string, number>>]>
> = {
  "vm.mr": ["pc-q35-10.0", { "pc.ram": 32 * MIB }],
  "later.mr": ["pc-q35-10.0", { "pc.ram": 32 * MIB }],
  "dimm.mr": ["pc-q35-10.0", { "pc.ram": 32 * MIB, dimm0: 1024 * MIB }],
  "numa.mr": ["pc-q35-10.0", { node0: 32 * MIB, node1: 32 * MIB }],
  "arm.mr": ["virt-10.0", { "mach-virt.ram": 1024 * MIB }],
};

/** Seals vm.mr, and writes its digest, for an example that only uses them. */
export async function sealSnapshot(
  folder: DocumentFolder,
  example: string,
): Promise<void> {
  if (!example.includes("vm.mr.digest")) return;
  if (example.includes(">vm.mr.digest")) return;
  using source = openFileSource(folder.file("vm.mr"));
  const sidecar = createFileSink(folder.file("vm.mr.verity"));
  const { digest } = await sealSource(source, sidecar);
  writeFileSync(folder.file("vm.mr.digest"), `${digest} vm.mr\n`);
}

/** Packs vm.mr, for an example that only uses the image. */
export async function packSnapshot(
  folder: DocumentFolder,
  example: string,
): Promise<void> {
  if (!example.includes("vm.qcow2") || /convert|qemu-img/.test(example)) return;
  using source = openFileSource(folder.file("vm.mr"));
  await packQcow2(source, createFileSink(folder.file("vm.qcow2")));
}

/** Writes the files that an example names, without QEMU. */
export async function writeDocumentFiles(
  folder: DocumentFolder,
  example: string,
): Promise<void> {
  for (const name of ["memory.img", "memory.bin"]) {
    if (example.includes(name)) writeFileSync(folder.file(name), ram(32 * MIB));
  }
  // Others make the image themselves.
  const packed = /vm\.qcow2/.test(example) && !/vm\.mr|qemu-img/.test(example);
  const derived = packed || /vm\.save|dump\.elf/.test(example);
  for (const [name, [machine, blocks]] of Object.entries(SNAPSHOTS)) {
    if (!example.includes(name) && !(derived && name === "vm.mr")) continue;
    const inputs = Object.entries(blocks).map(([idstr, byteLength]) => ({
      idstr,
      source: memorySource(ram(byteLength)),
    }));
    await saveSnapshot(createFileSink(folder.file(name)), inputs, { machine });
  }
  if (!derived) return;
  using source = openFileSource(folder.file("vm.mr"));
  const snapshot = await openSnapshot(source);
  await writeSequential(snapshot, createFileSink(folder.file("vm.save")));
  if (packed) {
    await packQcow2(source, createFileSink(folder.file("vm.qcow2")));
  }
  await writeElfCore(
    imageOf(snapshot),
    createFileSink(folder.file("dump.elf")),
  );
}
