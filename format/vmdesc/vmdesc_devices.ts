import { NAME_LENGTH_MAX } from "../stream/constants.ts";
import { JsonScanner, type JsonString } from "./json_scanner.ts";
import { JsonObject, parseJson } from "./vmdesc_json.ts";

/** How deep subsections may be in one another. */
const DEPTH_MAX = 32;
/** The longest name that a section can have, each character an escape. */
const NAME_TEXT_MAX = 6 * NAME_LENGTH_MAX;
const INSTANCE_ID_MAX = 0xffffffff;
/** Bytes that are looked at together for whether they are UTF-8. */
const UTF8_PIECE = 0x10000;
/** The members that are wanted, of all objects together. */
const KEYS = [
  ...["devices", "page_size", "name", "instance_id", "vmsd_name"],
  ...["fields", "subsections", "size", "array_len"],
];

/**
 * What the text of a vmdesc says; undefined if it is none: not JSON in UTF-8, or
 * without an array `devices`.
 */
export function scanVmdesc(text: Uint8Array): {
  readonly devices: VmdescDevices;
  readonly pageSize: number | undefined;
} | undefined {
  const scanner = new JsonScanner(text, KEYS);
  let devices: VmdescDevices | undefined;
  let pageSize: number | undefined;
  try {
    scanner.object((key) => {
      if (key === "devices" && scanner.isArray) {
        const found = new VmdescDevices(text);
        devices = found;
        scanner.array(() => {
          const device = readDevice(scanner);
          if (device !== undefined) found.add(device);
        });
      } else if (key === "page_size") pageSize = scanner.number();
      else {
        if (key === "devices") devices = undefined;
        scanner.skipValue();
      }
    });
    checkUtf8(text);
  } catch {
    return undefined;
  }
  return scanner.isAtEnd && devices ? { devices, pageSize } : undefined;
}

/** Throws a TypeError if the bytes are not UTF-8. */
function checkUtf8(text: Uint8Array): void {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for (let start = 0; start < text.length; start += UTF8_PIECE) {
    decoder.decode(text.subarray(start, start + UTF8_PIECE), { stream: true });
  }
  decoder.decode();
}

/** A device as it stands in the text of a vmdesc. */
export interface ScannedDevice {
  /** The idstr of its section. */
  readonly name: string;
  /** Tells devices of the same name apart. */
  readonly instanceId: number;
  /** Position of its object in the text. */
  readonly start: number;
  /** Position behind that. */
  readonly end: number;
  /** Bytes of its state; undefined where the object does not tell it. */
  readonly length: number | undefined;
}

/**
 * The devices of a vmdesc, found once: where each is described and how long its
 * state is. It keeps the text, and next to nothing for each device.
 */
export class VmdescDevices {
  readonly #text: Uint8Array;
  readonly #indexes = new Map<string, number>();
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #lengths: (number | undefined)[] = [];

  /** None yet, of the text of a vmdesc. */
  constructor(text: Uint8Array) {
    this.#text = text;
  }

  /** Adds a device; of several of one name and instance_id the first counts. */
  add({ name, instanceId, start, end, length }: ScannedDevice): void {
    const key = keyOf(name, instanceId);
    if (this.#indexes.has(key)) return;
    this.#indexes.set(key, this.#starts.length);
    this.#starts.push(start);
    this.#ends.push(end);
    this.#lengths.push(length);
  }

  /** How many there are. */
  get count(): number {
    return this.#starts.length;
  }

  /**
   * Bytes of the state of a device, between the head of its section and the
   * footer; undefined where it is not told.
   */
  stateLength(idstr: string, instanceId: number): number | undefined {
    const index = this.#indexes.get(keyOf(idstr, instanceId));
    return index === undefined ? undefined : this.#lengths[index];
  }

  /** The description of a device; undefined where there is none. */
  description(idstr: string, instanceId: number): JsonObject | undefined {
    const index = this.#indexes.get(keyOf(idstr, instanceId));
    if (index === undefined) return undefined;
    const text = this.#text.subarray(this.#starts[index], this.#ends[index]);
    try {
      const value = parseJson(new TextDecoder().decode(text));
      return value instanceof JsonObject ? value : undefined;
    } catch {
      return undefined; // Too much of it, for it was JSON before.
    }
  }
}

function keyOf(idstr: string, instanceId: number): string {
  return `${instanceId} ${idstr}`;
}

/** Reads a device; undefined if it can be that of no section. */
function readDevice(scanner: JsonScanner): ScannedDevice | undefined {
  if (!scanner.isObject) return void scanner.skipValue();
  const start = scanner.position;
  const { name, instanceId, length } = readState(scanner, 0);
  if (name === undefined || name.end - name.start > NAME_TEXT_MAX) return;
  if (!isLength(instanceId) || instanceId > INSTANCE_ID_MAX) return;
  const end = scanner.position;
  return { name: scanner.textOf(name), instanceId, start, end, length };
}

/** What is wanted of a device, or of a subsection. */
interface State {
  readonly name: JsonString | undefined;
  readonly instanceId: number | undefined;
  readonly subsectionName: JsonString | undefined;
  /** Bytes of its fields and subsections. */
  readonly length: number | undefined;
}

/** Reads an object; of members of one key the last one counts. */
function readState(scanner: JsonScanner, depth: number): State {
  let name: JsonString | undefined;
  let subsectionName: JsonString | undefined;
  let instanceId: number | undefined;
  let size: number | undefined;
  let fields: number | undefined;
  let hasFields = false;
  let subsections: number | undefined = 0;
  scanner.object((key) => {
    switch (key) {
      case "name":
        name = stringOf(scanner);
        break;
      case "vmsd_name":
        subsectionName = stringOf(scanner);
        break;
      case "instance_id":
        instanceId = scanner.number();
        break;
      case "size":
        size = scanner.number();
        break;
      case "fields":
        hasFields = true;
        fields = sumOf(scanner, () => fieldLength(scanner));
        break;
      case "subsections":
        subsections = sumOf(
          scanner,
          () => subsectionLength(scanner, depth + 1),
        );
        break;
      default:
        scanner.skipValue();
    }
  });
  const length = hasFields ? fields : size;
  return { name, instanceId, subsectionName, length: add(length, subsections) };
}

function stringOf(scanner: JsonScanner): JsonString | undefined {
  if (scanner.isString) return scanner.string();
  scanner.skipValue();
  return undefined;
}

/** The sum of the lengths in an array; what is no array has none. */
function sumOf(
  scanner: JsonScanner,
  read: () => number | undefined,
): number | undefined {
  let sum: number | undefined = 0;
  if (!scanner.isArray) scanner.skipValue();
  else scanner.array(() => sum = add(sum, read()));
  return sum;
}

/** `size` counts all that is inside of a field. */
function fieldLength(scanner: JsonScanner): number | undefined {
  if (!scanner.isObject) return void scanner.skipValue();
  let size: number | undefined;
  let count: number | undefined = 1;
  scanner.object((key) => {
    if (key === "size") size = scanner.number();
    else if (key === "array_len") count = scanner.number();
    else scanner.skipValue();
  });
  return isLength(size) && isLength(count) ? size * count : undefined;
}

/** Type byte, counted name, be32 version, then its state. */
function subsectionLength(
  scanner: JsonScanner,
  depth: number,
): number | undefined {
  if (!scanner.isObject || depth > DEPTH_MAX) return void scanner.skipValue();
  const { subsectionName, length } = readState(scanner, depth);
  if (subsectionName === undefined) return undefined;
  const { end, start, isEscaped } = subsectionName;
  const nameLength = isEscaped
    ? new TextEncoder().encode(scanner.textOf(subsectionName)).length
    : end - start;
  return add(length, 1 + 1 + nameLength + 4);
}

function add(
  a: number | undefined,
  b: number | undefined,
): number | undefined {
  return isLength(a) && isLength(b) ? a + b : undefined;
}

function isLength(value: number | undefined): value is number {
  return Number.isSafeInteger(value) && value as number >= 0;
}
