import { SourceError } from "../sources/mod.ts";

/** Named values, as in QMP. */
export type QmpObject = Readonly<Record<string, unknown>>;

/** Why QEMU refused a command. */
export interface QmpRefusal {
  /** Error class: `GenericError`, `CommandNotFound` … */
  readonly class: string;
  /** Error message. */
  readonly desc: string;
}

/** Returns why QEMU refused a command; undefined for any other error. */
export function qmpRefusal(error: unknown): QmpRefusal | undefined {
  const { cause } = error as { readonly cause?: unknown };
  const isRefusal = error instanceof SourceError && isObject(cause) &&
    !(cause instanceof Error) && typeof cause.desc === "string";
  return isRefusal
    ? { class: textOf(cause.class), desc: textOf(cause.desc) }
    : undefined;
}

/** An event, which QEMU sends unasked. */
export interface QmpEvent {
  /** Name of the event: `RESUME`, `MIGRATION` … */
  readonly event: string;
  /** Data of the event. */
  readonly data: QmpObject;
}

/** A line from QEMU. */
export type QmpMessage =
  | { readonly kind: "greeting"; readonly version: string }
  | ({ readonly kind: "event" } & QmpEvent)
  | {
    readonly kind: "answer";
    readonly id: unknown;
    readonly value: unknown;
    readonly refusal: QmpRefusal | undefined;
  };

/** Parses a line; returns undefined if it is not QMP. */
export function readQmpMessage(line: string): QmpMessage | undefined {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isObject(message)) return undefined;
  if (isObject(message.QMP)) {
    return { kind: "greeting", version: readVersion(message.QMP.version) };
  }
  if (typeof message.event === "string") {
    const data = isObject(message.data) ? message.data : {};
    return { kind: "event", event: message.event, data };
  }
  const { id, error } = message;
  if (isObject(error)) {
    const refusal = {
      class: textOf(error.class),
      desc: textOf(error.desc),
    };
    return { kind: "answer", id, value: undefined, refusal };
  }
  if (!("return" in message)) return undefined;
  return { kind: "answer", id, value: message.return, refusal: undefined };
}

/** Whether a value is an object with named values. */
export function isObject(value: unknown): value is QmpObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns a string or number as text, anything else as "". */
export function textOf(value: unknown): string {
  return ["string", "number", "boolean"].includes(typeof value)
    ? String(value)
    : "";
}

function readVersion(version: unknown): string {
  const qemu = isObject(version) && isObject(version.qemu) ? version.qemu : {};
  return [qemu.major, qemu.minor, qemu.micro]
    .map((part) => Number(textOf(part)) || 0).join(".");
}
