import type {
  DeviceField,
  DeviceStruct,
  FieldValue,
} from "../../format/vmdesc/mod.ts";
import type { FieldDifference } from "./snapshot_difference.ts";

/** A difference in a field of some device. */
export type StructDifference = Pick<
  FieldDifference,
  "field" | "type" | "a" | "b"
>;

/** Yields the fields in which two structures of one kind differ. */
export function* compareStructs(
  a: DeviceStruct,
  b: DeviceStruct,
  prefix = "",
): Generator<StructDifference> {
  if (a.version !== b.version) {
    const versions = { a: a.version, b: b.version };
    yield { field: `${prefix}version`, type: "version", ...versions };
  }
  for (const [name, [one, other]] of pairs(a.fields, b.fields)) {
    const { type } = (one ?? other) as DeviceField;
    const field = { field: prefix + name, type };
    yield* compareValues(field, one?.value, other?.value);
  }
  for (const [name, [one, other]] of pairs(a.subsections, b.subsections)) {
    const field = { field: prefix + name, type: "subsection" };
    yield* compareValues(field, one, other);
  }
}

type Pair<T> = readonly [T | undefined, T | undefined];

/** Returns what two lists hold by name; names are unique in a list. */
function pairs<T extends { readonly name: string }>(
  a: readonly T[],
  b: readonly T[],
): Map<string, Pair<T>> {
  const found = new Map<string, Pair<T>>(
    a.map((it) => [it.name, [it, undefined]]),
  );
  for (const it of b) found.set(it.name, [found.get(it.name)?.[0], it]);
  return found;
}

function* compareValues(
  field: Pick<StructDifference, "field" | "type">,
  a: FieldValue | undefined,
  b: FieldValue | undefined,
): Generator<StructDifference> {
  if (isList(a) && isList(b)) {
    for (let index = 0; index < Math.max(a.length, b.length); index++) {
      const element = { ...field, field: `${field.field}[${index}]` };
      yield* compareValues(element, a[index], b[index]);
    }
  } else if (isStruct(a) && isStruct(b)) {
    yield* compareStructs(a, b, `${field.field}/`);
  } else if (!isSame(a, b)) yield { ...field, a, b };
}

function isSame(a: FieldValue | undefined, b: FieldValue | undefined): boolean {
  if (!(a instanceof Uint8Array && b instanceof Uint8Array)) return a === b;
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function isList(
  value: FieldValue | undefined,
): value is readonly FieldValue[] {
  return Array.isArray(value);
}

function isStruct(value: FieldValue | undefined): value is DeviceStruct {
  return typeof value === "object" && value !== null &&
    "subsections" in value;
}
