import { ByteWriter } from "../../../format/bytes/mod.ts";
import { openSnapshot } from "../../reading/mod.ts";
import { saveSnapshot } from "../../saving/mod.ts";
import { memorySink } from "../../sinks/mod.ts";
import { memorySource } from "../../sources/mod.ts";

/** Bytes of `pc.ram` in the fixture: 3 MiB. */
export const RAM_LENGTH = 0x300000;
/** The idstr of the fixture's last block, which cannot be a file name. */
export const TABLES = "/rom@etc/acpi/tables";

/** Returns the fixture's memory by idstr; pages 0x100 to 0x1ff are zero. */
export function fixtureMemory(): Record<string, Uint8Array> {
  const ram = new Uint8Array(RAM_LENGTH);
  for (let at = 0; at < ram.length; at += 4) ram[at] = (at >> 12) % 255 + 1;
  ram.set(new TextEncoder().encode("Hello, RAM!"), 0x1004);
  ram.fill(0, 0x100000, 0x200000);
  const tables = new Uint8Array(0x20000).fill(7, 0x3000, 0x4000);
  return {
    "pc.ram": ram,
    "vga.vram": new Uint8Array(0x8000),
    [TABLES]: tables,
  };
}

/** Returns a small snapshot of three RAMBlocks. */
export async function fixtureSnapshot(): Promise<Uint8Array<ArrayBuffer>> {
  const sink = memorySink();
  const blocks = Object.entries(fixtureMemory()).map(([idstr, bytes]) => ({
    idstr,
    source: memorySource(bytes),
  }));
  await saveSnapshot(sink, blocks, { machine: "pc-i440fx-10.0" });
  return sink.bytes();
}

/** Returns the same with the state of a device, as of a real guest. */
export async function fixtureGuest(): Promise<Uint8Array> {
  const ram = await fixtureSnapshot();
  const { index } = await openSnapshot(memorySource(ram));
  const field = { name: "ticks", type: "uint8", size: 1 };
  const timer = {
    name: "timer",
    instance_id: 0,
    vmsd_name: "timer",
    version: 2,
  };
  const vmdesc = JSON.stringify({
    page_size: 4096,
    devices: [{ ...timer, fields: [field] }],
  });
  return new ByteWriter().bytes(ram.subarray(0, index.ramEnd))
    .u8(4).be32(7).countedString("timer").be32(0).be32(2).u8(0)
    .u8(0x7e).be32(7)
    .u8(0)
    .u8(6).be32(vmdesc.length).text(vmdesc).finish();
}
