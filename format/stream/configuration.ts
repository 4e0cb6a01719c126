/**
 * The configuration: machine name, capabilities, target page bits, UUID
 * (SPEC 3.6 and 3.7).
 *
 * @module
 */

import type { ByteWriter } from "../bytes/byte_writer.ts";
import { isPrintableAscii } from "../bytes/byte_reader.ts";
import { hexText } from "../bytes/hex_text.ts";
import type { Walk } from "../bytes/walk.ts";
import { hex } from "../rules/errors.ts";
import {
  CAPABILITIES_MAX,
  CAPABILITY_FIXED_RAM,
  CAPABILITY_IGNORE_SHARED,
  CAPABILITY_MAPPED_RAM,
  NAME_LENGTH_MAX,
  QEMU_VM_CONFIGURATION,
  QEMU_VM_SUBSECTION,
  TARGET_PAGE_BITS_MAX,
  TARGET_PAGE_BITS_MIN,
} from "./constants.ts";
import type { StreamReader } from "./stream_reader.ts";

/** The configuration of a stream. */
export interface Configuration {
  /** QEMU's name of the machine type: `pc-i440fx-10.0`. */
  readonly machine: string;
  /** The capabilities that both ends must share; `mapped-ram` is one. */
  readonly capabilities: readonly string[];
  /** log2 of the target page size, if it differs from the target's minimum. */
  readonly targetPageBits?: number;
  /** The 16 bytes of the machine's UUID, if `validate-uuid` was on. */
  readonly uuid?: Uint8Array;
}

/** Formats the 16 bytes of a UUID: 8-4-4-4-12 hexadecimal digits. */
export function formatUuid(uuid: Uint8Array): string {
  return hexText(uuid).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

const SUBSECTION_CAPABILITIES = "configuration/capabilities";
const SUBSECTION_TARGET_PAGE_BITS = "configuration/target-page-bits";
const SUBSECTION_UUID = "configuration/uuid";
const SUBSECTION_VERSION = 1;

const KNOWN_CAPABILITIES: readonly string[] = [
  CAPABILITY_MAPPED_RAM,
  CAPABILITY_IGNORE_SHARED,
  CAPABILITY_FIXED_RAM,
];

type Mutable<T> = { -readonly [key in keyof T]: T[key] };

/** Reads the configuration of a mapped-ram file, item type included. */
export function* readConfiguration(reader: StreamReader): Walk<Configuration> {
  const configuration = yield* readAnyConfiguration(reader);
  const { capabilities } = configuration;
  const isMapped = capabilities.includes(CAPABILITY_MAPPED_RAM);
  const isFixed = capabilities.includes(CAPABILITY_FIXED_RAM);
  if (isMapped && isFixed) {
    throw reader.formatError("capability-mapped-ram", {
      offset: reader.offset,
      found: `both "${CAPABILITY_MAPPED_RAM}" and "${CAPABILITY_FIXED_RAM}"`,
      expected: "one of them",
    });
  }
  if (!isMapped && !isFixed) {
    throw reader.unsupportedError("capability-mapped-ram", {
      feature: "RAM that is not mapped-ram",
      offset: reader.offset,
      found: "a configuration without that capability",
      expected: `the capability "${CAPABILITY_MAPPED_RAM}"`,
    });
  }
  return configuration;
}

/** Reads the configuration of any stream, mapped-ram or not. */
export function* readAnyConfiguration(
  reader: StreamReader,
): Walk<Configuration> {
  yield* reader.fetch(5 + NAME_LENGTH_MAX);
  const { offset } = reader;
  const type = reader.u8("the item type");
  if (type !== QEMU_VM_CONFIGURATION) {
    throw reader.formatError("configuration-present", {
      offset,
      found: `the first item has type ${hex(type)}`,
      expected: `${hex(QEMU_VM_CONFIGURATION)} (CONFIGURATION)`,
    });
  }
  const configuration: Mutable<Configuration> = {
    machine: readMachineName(reader),
    capabilities: [],
  };
  const seen = new Set<string>();
  yield* reader.fetch(1);
  while (reader.peek() === QEMU_VM_SUBSECTION) {
    yield* readSubsection(reader, configuration, seen);
    yield* reader.fetch(1);
  }
  return configuration;
}

function readMachineName(reader: StreamReader): string {
  const { offset } = reader;
  const length = reader.be32("the length of the machine name");
  const inRange = length >= 1 && length <= NAME_LENGTH_MAX;
  const machine = inRange
    ? String.fromCharCode(...reader.bytes(length, "the machine name"))
    : "";
  if (!inRange || !isPrintableAscii(machine)) {
    throw reader.formatError("machine-name", {
      offset,
      found: inRange
        ? `the machine name is ${JSON.stringify(machine)}`
        : `the machine name has ${length} bytes`,
      expected: `1 to ${NAME_LENGTH_MAX} bytes of printable ASCII`,
    });
  }
  return machine;
}

function* readSubsection(
  reader: StreamReader,
  configuration: Mutable<Configuration>,
  seen: Set<string>,
): Walk<void> {
  yield* reader.fetch(6 + NAME_LENGTH_MAX + 16);
  const { offset } = reader;
  reader.u8("the subsection type");
  const name = reader.countedString("the subsection name");
  const version = reader.be32("the subsection version");
  if (seen.has(name) || version < SUBSECTION_VERSION) {
    throw reader.formatError("configuration-subsection", {
      offset,
      found: seen.has(name)
        ? `a second subsection ${JSON.stringify(name)}`
        : `subsection ${JSON.stringify(name)} of version ${version}`,
      expected: `one of version ${SUBSECTION_VERSION}`,
    });
  }
  seen.add(name);
  if (version === SUBSECTION_VERSION) {
    switch (name) {
      case SUBSECTION_CAPABILITIES:
        configuration.capabilities = yield* readCapabilities(reader);
        return;
      case SUBSECTION_TARGET_PAGE_BITS:
        configuration.targetPageBits = readTargetPageBits(reader);
        return;
      case SUBSECTION_UUID:
        configuration.uuid = reader.bytes(16, "the UUID").slice();
        return;
    }
  }
  throw reader.unsupportedError("configuration-subsection", {
    feature: `subsection ${JSON.stringify(name)} of version ${version}`,
    offset,
    found: `subsection ${JSON.stringify(name)} of version ${version}`,
    expected: "capabilities, target-page-bits or uuid, of version 1",
  });
}

function* readCapabilities(reader: StreamReader): Walk<string[]> {
  const { offset } = reader;
  const count = reader.be32("the number of capabilities");
  if (count > CAPABILITIES_MAX) {
    throw reader.formatError("capability-count", {
      offset,
      found: `${count} capabilities`,
      expected: `at most ${CAPABILITIES_MAX}`,
    });
  }
  const capabilities: string[] = [];
  for (let index = 0; index < count; index++) {
    yield* reader.fetch(1 + NAME_LENGTH_MAX);
    const { offset } = reader;
    const name = reader.countedString("a capability");
    if (!KNOWN_CAPABILITIES.includes(name)) {
      throw reader.unsupportedError("capability-known", {
        feature: `capability ${JSON.stringify(name)}`,
        offset,
        found: `the capability ${JSON.stringify(name)}`,
        expected: `one of ${KNOWN_CAPABILITIES.join(", ")}`,
      });
    }
    if (!capabilities.includes(name)) capabilities.push(name);
  }
  return capabilities;
}

function readTargetPageBits(reader: StreamReader): number {
  const { offset } = reader;
  const bits = reader.be32("target-page-bits");
  if (bits < TARGET_PAGE_BITS_MIN || bits > TARGET_PAGE_BITS_MAX) {
    throw reader.formatError("target-page-bits", {
      offset,
      found: `target-page-bits is ${bits}`,
      expected: `${TARGET_PAGE_BITS_MIN} to ${TARGET_PAGE_BITS_MAX}`,
    });
  }
  return bits;
}

/** Writes a configuration, item type included, its subsections in QEMU's order. */
export function writeConfiguration(
  writer: ByteWriter,
  configuration: Configuration,
): void {
  const { machine, capabilities, targetPageBits, uuid } = configuration;
  writer.u8(QEMU_VM_CONFIGURATION).be32(machine.length).text(machine);
  function subsection(name: string): ByteWriter {
    return writer.u8(QEMU_VM_SUBSECTION).countedString(name)
      .be32(SUBSECTION_VERSION);
  }
  if (targetPageBits !== undefined) {
    subsection(SUBSECTION_TARGET_PAGE_BITS).be32(targetPageBits);
  }
  if (capabilities.length > 0) {
    subsection(SUBSECTION_CAPABILITIES).be32(capabilities.length);
    for (const name of capabilities) writer.countedString(name);
  }
  if (uuid !== undefined) subsection(SUBSECTION_UUID).bytes(uuid);
}
