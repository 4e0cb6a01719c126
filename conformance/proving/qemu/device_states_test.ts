import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { env } from "node:process";
import { openFileSource } from "../../../mod.ts";
import {
  deviceStates,
  type DeviceStruct,
  type FieldValue,
  openSequential,
} from "../../../reference/doors/convert.ts";
import { QemuProcess } from "./qemu_process.ts";
import { qemuTest } from "./qemu_test_case.ts";
import { runMigration } from "./run_migration.ts";

/**
 * Path of QEMU's scripts/analyze-migration.py; if set, its fields are compared.
 */
const SCRIPT = env.MAPPED_RAM_ANALYZE_MIGRATION;

const MACHINES = {
  pc: ["-M", "pc", "-m", "64M", "-device", "VGA"],
  q35: [
    ...["-M", "q35", "-m", "64M", "-smp", "2", "-device", "VGA"],
    ...["-blockdev", "null-co,node-name=disk0,size=1048576"],
    ...["-device", "virtio-blk-pci,drive=disk0", "-device", "virtio-net-pci"],
    ...["-device", "virtio-rng-pci", "-device", "qemu-xhci"],
    ...["-device", "usb-tablet", "-device", "virtio-balloon-pci"],
  ],
};

for (const [machine, args] of Object.entries(MACHINES)) {
  qemuTest(
    `deviceStates() decodes every device of a ${machine}` +
      (SCRIPT === undefined ? "" : ", as analyze-migration.py does"),
    "x86_64",
    async (scratch) => {
      {
        await using qemu = await QemuProcess.start({
          target: "x86_64",
          directory: scratch.path,
          args,
        });
        await qemu.qmp.execute("cont");
        await qemu.qmp.execute("stop");
        await qemu.qmp.execute("migrate-set-capabilities", {
          capabilities: [{ capability: "events", state: true }],
        });
        await runMigration(qemu.qmp, "migrate", { uri: "file:stream" });
      }
      const path = scratch.file("stream");
      using source = openFileSource(path);
      using stream = await openSequential(source);
      const theirs = SCRIPT === undefined ? undefined : JSON.parse(
        execFileSync("python3", [SCRIPT, "-f", path], {
          encoding: "utf8",
          maxBuffer: 2 ** 28,
        }),
      );
      let count = 0;
      for await (const device of deviceStates(stream)) {
        const { idstr, sectionId, state, fault } = device;
        assert(state !== undefined, `${idstr}: ${fault}`);
        count++;
        if (theirs === undefined) continue;
        const key = `${idstr} (${sectionId})`;
        assert.deepEqual(asScriptPrints(state), theirs[key], key);
        delete theirs[key];
      }
      assert(count > 20);
      if (theirs !== undefined) {
        assert.deepEqual(
          Object.keys(theirs).filter((it) => !/^ram /.test(it)),
          [],
        );
      }
    },
  );
}

/** Converts a structure to what the script prints. */
function asScriptPrints(struct: DeviceStruct): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const { name, type, value } of struct.fields) {
    const words = valueAsScriptPrints(value, type);
    // The script prints an array of one element as a plain value.
    object[name] = Array.isArray(words) && words.length === 1
      ? words[0]
      : words;
  }
  for (const it of struct.subsections) object[it.name] = asScriptPrints(it);
  return object;
}

function valueAsScriptPrints(value: FieldValue, type: string): unknown {
  // The script prints these types as bytes; deviceStates() decodes them.
  if (["tmp", "vstruct", "qtailq", "qlist", "gtree"].includes(type)) {
    return spaced(bytesOf(value, type));
  }
  if (Array.isArray(value)) {
    return value.map((it) => valueAsScriptPrints(it, type));
  }
  if (value instanceof Uint8Array) return spaced(hexOf(value));
  if (typeof value === "object" && value !== null) {
    return asScriptPrints(value as DeviceStruct);
  }
  if (type === "timer") return spaced(bytesOf(value, type));
  if (value === null) return "nullptr";
  if (typeof value !== "number" && typeof value !== "bigint") return value;
  const bits = Number(/\d+/.exec(type)?.[0]);
  const text = `0x${
    BigInt.asUintN(bits, BigInt(value)).toString(16)
      .padStart(bits / 4, "0")
  }`;
  // The script treats these types as signed.
  const signed = !type.startsWith("u") || /^uint(8|16) equal/.test(type)
    ? BigInt.asIntN(bits, BigInt(value))
    : 0n;
  return signed < 0n ? `${text} (${signed})` : text;
}

/** The bytes that a value was read from, in hexadecimal digits. */
function bytesOf(value: FieldValue, type: string): string {
  if (value instanceof Uint8Array) return hexOf(value);
  if (type === "timer") {
    return BigInt.asUintN(64, (value ?? -1n) as bigint).toString(16)
      .padStart(16, "0");
  }
  if (type === "nullptr" || value === null) return "30";
  if (typeof value === "boolean") return value ? "01" : "00";
  if (typeof value === "number" || typeof value === "bigint") {
    const bits = Number(/\d+/.exec(type)?.[0]);
    return BigInt.asUintN(bits, BigInt(value)).toString(16)
      .padStart(bits / 4, "0");
  }
  if (Array.isArray(value)) {
    const isList = type === "qtailq" || type === "qlist";
    const head = isList ? "01" : "";
    return value.map((it) => head + bytesOf(it, isList ? "struct" : type))
      .join("") + (isList ? "00" : "");
  }
  const struct = value as DeviceStruct;
  return struct.fields.map((it) => bytesOf(it.value, it.type)).join("");
}

function hexOf(bytes: Uint8Array): string {
  return [...bytes].map((it) => it.toString(16).padStart(2, "0")).join("");
}

function spaced(hex: string): string {
  return hex.replace(/..(?=.)/g, "$& ");
}
