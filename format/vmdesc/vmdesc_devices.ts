import { NAME_LENGTH_MAX } from "../stream/constants.ts";
import { JsonScanner, type JsonString } from "./json_scanner.ts";
import { JsonObject, parseJson } from "./vmdesc_json.ts";

/** Maximum nesting of subsections. */
const DEPTH_MAX = 32;
/** Length of the longest name of a section if each character is an escape. */
const NAME_TEXT_MAX = 6 * NAME_LENGTH_MAX;
const INSTANCE_ID_MAX = 0xffffffff;
/** Bytes checked at a time for valid UTF-8. */
const UTF8_PIECE = 0x10000;
/** The members that are wanted, of all objects together. */
const KEYS = [
  ...["devices", "page_size", "name", "instance_id", "vmsd_name"],
  ...["fields", "subsections", "size", "array_len"],
];

/** The contents of a vmdesc. */
export interface ScannedVmdesc {
  readonly devices: VmdescDevices;
  /** Size of a page in bytes, if given. */
  readonly pageSize: number | undefined;
}

/**
 * Scans the text of a vmdesc; returns undefined if it is not JSON in UTF-8 with
 * an array `devices`.
 */
export function scanVmdesc(text: Uint8Array): ScannedVmdesc | undefined {
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

/** A device in the text of a vmdesc. */
export interface ScannedDevice {
  /** The idstr of its section, a character a byte. */
  readonly name: string;
  /** Distinguishes devices of the same name. */
  readonly instanceId: number;
  /** Position of its object in the text. */
  readonly start: number;
  /** Position after its object. */
  readonly end: number;
  /** Length of its state in bytes; undefined if the object does not give it. */
  readonly length: number | undefined;
}

/**
 * The devices of a vmdesc: where each is described, and the length of its
 * state. Besides the text, it takes little memory per device.
 */
export class VmdescDevices {
  readonly #text: Uint8Array;
  readonly #indexes = new Map<string, number>();
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #lengths: (number | undefined)[] = [];

  /** Starts without devices, for the text of a vmdesc. */
  constructor(text: Uint8Array) {
    this.#text = text;
  }

  /**
   * Adds a device; the first of several with the same name and instance_id
   * counts.
   */
  add({ name, instanceId, start, end, length }: ScannedDevice): void {
    const key = keyOf(name, instanceId);
    if (this.#indexes.has(key)) return;
    this.#indexes.set(key, this.#starts.length);
    this.#starts.push(start);
    this.#ends.push(end);
    this.#lengths.push(length);
  }

  /** Number of devices. */
  get count(): number {
    return this.#starts.length;
  }

  /**
   * Returns the length of a device's state, without the header and footer of
   * its section; undefined if it is not given.
   */
  stateLength(idstr: string, instanceId: number): number | undefined {
    const index = this.#indexes.get(keyOf(idstr, instanceId));
    return index === undefined ? undefined : this.#lengths[index];
  }

  /** Returns the description of a device; undefined if there is none. */
  description(idstr: string, instanceId: number): JsonObject | undefined {
    const index = this.#indexes.get(keyOf(idstr, instanceId));
    if (index === undefined) return undefined;
    const text = this.#text.subarray(this.#starts[index], this.#ends[index]);
    try {
      const value = parseJson(new TextDecoder().decode(text));
      return value instanceof JsonObject ? value : undefined;
    } catch {
      return undefined; // It has too many values: that it is JSON was checked before.
    }
  }
}

function keyOf(idstr: string, instanceId: number): string {
  return `${instanceId} ${idstr}`;
}

/** Reads a device; returns undefined if it cannot belong to a section. */
function readDevice(scanner: JsonScanner): ScannedDevice | undefined {
  if (!scanner.isObject) return void scanner.skipValue();
  const start = scanner.position;
  const { name, instanceId, length } = readState(scanner, 0);
  if (name === undefined || name.end - name.start > NAME_TEXT_MAX) return;
  if (!isLength(instanceId) || instanceId > INSTANCE_ID_MAX) return;
  const end = scanner.position;
  const idstr = String.fromCharCode(...scanner.utf8Of(name));
  return { name: idstr, instanceId, start, end, length };
}

/** The members of a device or a subsection that are used. */
interface State {
  readonly name: JsonString | undefined;
  readonly instanceId: number | undefined;
  readonly subsectionName: JsonString | undefined;
  /** Bytes of its fields and subsections. */
  readonly length: number | undefined;
}

/** Reads an object; the last of several members with the same key counts. */
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
  const length = hasFields ? add(fields, subsections) : add(size, 0);
  return { name, instanceId, subsectionName, length };
}

function stringOf(scanner: JsonScanner): JsonString | undefined {
  if (scanner.isString) return scanner.string();
  scanner.skipValue();
  return undefined;
}

/** Returns the sum of the lengths in an array; undefined for other values. */
function sumOf(
  scanner: JsonScanner,
  read: () => number | undefined,
): number | undefined {
  if (!scanner.isArray) return void scanner.skipValue();
  let sum: number | undefined = 0;
  scanner.array(() => sum = add(sum, read()));
  return sum;
}

/** Returns the length of a field; `size` includes everything inside it. */
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

/**
 * Returns the length of a subsection: type byte, counted name, be32 version,
 * then its state.
 */
function subsectionLength(
  scanner: JsonScanner,
  depth: number,
): number | undefined {
  if (!scanner.isObject || depth > DEPTH_MAX) return void scanner.skipValue();
  const { subsectionName, length } = readState(scanner, depth);
  if (subsectionName === undefined) return undefined;
  return add(length, 1 + 1 + scanner.utf8Of(subsectionName).length + 4);
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
