/**
 * The notes of an ELF core for x86 processors: `CORE`, which debuggers show as
 * the registers of a thread, and `QEMU`, with the registers that no thread has.
 *
 * @module
 */

import type { ReadOptions } from "../sources/mod.ts";
import type { Architecture } from "./architecture.ts";
import { type DeviceFields, readDevices } from "./device_fields.ts";
import { encodeElfNote, NT_PRSTATUS } from "./elf_layout.ts";
import type { MemoryImage } from "./memory_image.ts";

/** General registers, in the order of the device state. */
const REGISTERS = [
  ...["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"],
  ...["r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"],
] as const;
/** Segment registers, in the order of the device state. */
const SEGMENTS = ["es", "cs", "ss", "ds", "fs", "gs"] as const;
/** Bytes of a segment in the device state: selector, base, limit, flags. */
const SEGMENT_LENGTH = 20;

/** Bytes of a thread's status, and where its number and registers are in it. */
const STATUS_64 = { length: 336, pid: 32, registers: 112 };
const STATUS_32 = { length: 144, pid: 24, registers: 72 };
const QEMU_STATE_VERSION = 1;
const QEMU_STATE_LENGTH = 440;

interface Segment {
  readonly selector: number;
  readonly base: bigint;
  readonly limit: number;
  readonly flags: number;
}

/** The registers of one processor. */
interface Processor {
  readonly general: Readonly<Record<string, bigint>>;
  readonly segments: Readonly<Record<string, Segment>>;
  /** cr0 to cr4; cr1 does not exist. */
  readonly control: readonly bigint[];
  readonly kernelGsBase: bigint;
}

/**
 * Encodes the notes of all processors; none if their state is missing, or is of
 * another architecture.
 */
export async function encodeCpuNotes(
  image: MemoryImage,
  { name }: Architecture,
  options?: ReadOptions,
): Promise<Uint8Array[]> {
  if (name !== "x86_64" && name !== "i386") return [];
  const encodeStatus = name === "i386" ? encodeStatus32 : encodeStatus64;
  const sections = await readDevices(image, (it) => it === "cpu", options);
  const processors: Processor[] = [];
  for (
    const fields of sections.toSorted((a, b) => a.instanceId - b.instanceId)
  ) {
    const processor = readProcessor(fields);
    if (processor !== undefined) processors.push(processor);
  }
  return [
    ...processors.map((it, index) =>
      encodeElfNote("CORE", NT_PRSTATUS, encodeStatus(it, index + 1))
    ),
    ...processors.map((it) => encodeElfNote("QEMU", 0, encodeQemuState(it))),
  ];
}

/**
 * Reads the registers of an x86-64 processor; undefined for any other state.
 */
function readProcessor(fields: DeviceFields): Processor | undefined {
  const general: Record<string, bigint> = {};
  for (const [index, name] of REGISTERS.entries()) {
    const value = fields.number("env.regs", 8, index);
    if (value === undefined) return undefined;
    general[name] = value;
  }
  const rip = fields.number("env.eip", 8);
  const rflags = fields.number("env.eflags", 8);
  const table = fields.bytes("env.segs");
  if (
    rip === undefined || rflags === undefined ||
    table?.length !== SEGMENTS.length * SEGMENT_LENGTH
  ) return undefined;
  const segments: Record<string, Segment> = {};
  for (const [index, name] of SEGMENTS.entries()) {
    const start = index * SEGMENT_LENGTH;
    segments[name] = readSegment(
      table.subarray(start, start + SEGMENT_LENGTH),
    );
  }
  for (const name of ["ldt", "tr", "gdt", "idt"]) {
    const bytes = fields.bytes(`env.${name}`);
    if (bytes?.length !== SEGMENT_LENGTH) return undefined;
    segments[name] = readSegment(bytes);
  }
  return {
    general: { ...general, rip, rflags },
    segments,
    control: [0, 1, 2, 3, 4].map((it) =>
      fields.number(`env.cr[${it}]`, 8) ?? 0n
    ),
    kernelGsBase: fields.number("env.kernelgsbase", 8) ?? 0n,
  };
}

function readSegment(bytes: Uint8Array): Segment {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    selector: view.getUint32(0),
    base: view.getBigUint64(4),
    limit: view.getUint32(12),
    flags: view.getUint32(16),
  };
}

/** Encodes the status of a thread as the i386 kernel writes it into cores. */
function encodeStatus32(
  { general, segments }: Processor,
  pid: number,
): Uint8Array {
  const view = new DataView(new ArrayBuffer(STATUS_32.length));
  view.setUint32(STATUS_32.pid, pid, true);
  const { rip, rflags } = general;
  const selector = (name: string) => BigInt(segments[name].selector & 0xffff);
  const words = [
    ...["rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rax"]
      .map((name) => general[name]),
    ...["ds", "es", "fs", "gs"].map(selector),
    0n, // eax on entry to the kernel: unknown, as in QEMU's dumps
    rip,
    selector("cs"),
    rflags,
    general.rsp,
    selector("ss"),
  ];
  for (const [index, word] of words.entries()) {
    const at = STATUS_32.registers + 4 * index;
    view.setUint32(at, Number(BigInt.asUintN(32, word)), true);
  }
  return new Uint8Array(view.buffer);
}

/** Encodes the status of a thread as the x86-64 kernel writes it into cores. */
function encodeStatus64(
  { general, segments }: Processor,
  pid: number,
): Uint8Array {
  const view = new DataView(new ArrayBuffer(STATUS_64.length));
  view.setUint32(STATUS_64.pid, pid, true);
  const { rip, rflags } = general;
  const selector = (name: string) => BigInt(segments[name].selector);
  const words = [
    ...["r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8"]
      .map((name) => general[name]),
    ...["rax", "rcx", "rdx", "rsi", "rdi"].map((name) => general[name]),
    0n, // rax on entry to the kernel: unknown, as in QEMU's dumps
    rip,
    selector("cs"),
    rflags,
    general.rsp,
    selector("ss"),
    segments.fs.base,
    segments.gs.base,
    ...["ds", "es", "fs", "gs"].map(selector),
  ];
  for (const [index, word] of words.entries()) {
    view.setBigUint64(STATUS_64.registers + 8 * index, word, true);
  }
  return new Uint8Array(view.buffer);
}

/** Encodes the rest of a processor's state, as in QEMU's own dumps. */
function encodeQemuState(processor: Processor): Uint8Array {
  const view = new DataView(new ArrayBuffer(QEMU_STATE_LENGTH));
  let at = 0;
  function u32(value: number): void {
    view.setUint32(at, value, true);
    at += 4;
  }
  function u64(value: bigint): void {
    view.setBigUint64(at, value, true);
    at += 8;
  }
  u32(QEMU_STATE_VERSION);
  u32(QEMU_STATE_LENGTH);
  for (const name of ["rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rsp", "rbp"]) {
    u64(processor.general[name]);
  }
  for (let number = 8; number < 16; number++) {
    u64(processor.general[`r${number}`]);
  }
  u64(processor.general.rip);
  u64(processor.general.rflags);
  const order = ["cs", "ds", "es", "fs", "gs", "ss", "ldt", "tr", "gdt", "idt"];
  for (const name of order) {
    const { selector, limit, flags, base } = processor.segments[name];
    u32(selector);
    u32(limit);
    u32(flags);
    u32(0);
    u64(base);
  }
  for (const value of processor.control) u64(value);
  u64(processor.kernelGsBase);
  return new Uint8Array(view.buffer);
}
