/** Named values, as QMP carries them. */
export type QmpObject = Readonly<Record<string, unknown>>;

/** Why QEMU refused a command, in its own words. */
export interface QmpRefusal {
  /** Its class: `GenericError`, `CommandNotFound` … */
  readonly class: string;
  /** Its text. */
  readonly desc: string;
}

/** What QEMU tells without being asked. */
export interface QmpEvent {
  /** Its name: `RESUME`, `MIGRATION` … */
  readonly event: string;
  /** What comes with it. */
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

/** Reads a line, or gives undefined if it is none of QMP. */
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

/** Whether it is an object with names. */
export function isObject(value: unknown): value is QmpObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A text or a number as text; what else it may be, and however deep, as none. */
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
