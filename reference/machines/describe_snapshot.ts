import { formatUuid, type StreamItem } from "../../format/stream/mod.ts";
import {
  JsonObject,
  type JsonValue,
  type Vmdesc,
} from "../../format/vmdesc/mod.ts";
import { textOf } from "../qemu/mod.ts";
import type { Snapshot } from "../reading/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";
import type {
  MachineDescription,
  MachineField,
  MachineSection,
} from "./machine_description.ts";

/** Parts of a CPU's state that exist only with a certain feature. */
const FEATURE_OF_SUBSECTION: Readonly<Record<string, string>> = {
  "cpu/avx512": "avx512f",
  "cpu/mpx": "mpx",
  "cpu/pkru": "pku",
  "cpu/pkrs": "pks",
  "cpu/xss": "xsaves",
};

/** Types of fields whose size does not depend on the state. */
const PLAIN_TYPE = /^(bool|u?int(8|16|32|64)( equal| le)?|buffer|timer)$/;

/**
 * Returns what a snapshot needs of the machine that loads it, read from its
 * headers, its device sections and its vmdesc.
 *
 * @throws {FormatError} if what follows the RAM breaks a rule
 * @throws {SourceError} if it cannot be read
 *
 * @example
 * ```ts
 * import { openFileSource, openSnapshot } from "../../mod.ts";
 * import { describeSnapshot } from "../doors/qemu.ts";
 *
 * async function cpuCount(path: string): Promise<number | undefined> {
 *   using source = openFileSource(path);
 *   return (await describeSnapshot(await openSnapshot(source))).cpuCount;
 * }
 * ```
 */
export async function describeSnapshot(
  snapshot: Snapshot,
  options?: ReadOptions,
): Promise<MachineDescription> {
  const { index, source, machine, capabilities } = snapshot;
  const { uuid } = index.configuration;
  const { vmdesc, sections, eofOffset } = await snapshot.deviceState(options);
  const described = eofOffset === undefined
    ? undefined
    : describeSections([...index.earlySections, ...sections], vmdesc);
  const features = described?.flatMap((it) =>
    it.idstr === "cpu" ? it.subsections : []
  )
    .flatMap((name) =>
      Object.hasOwn(FEATURE_OF_SUBSECTION, name)
        ? [FEATURE_OF_SUBSECTION[name]]
        : []
    );
  return {
    name: source.name,
    version: undefined,
    runState: undefined,
    machine,
    pageSize: snapshot.blocks[0]?.pageSize,
    uuid: uuid === undefined ? undefined : formatUuid(uuid),
    capabilities,
    blocks: snapshot.blocks.map(({ idstr, usedLength }) => ({
      idstr,
      usedLength,
    })),
    sections: described,
    cpuCount: described?.filter((it) => it.idstr === "cpu_common").length ||
      undefined,
    cpuFeatures: Object.fromEntries((features ?? []).map((it) => [it, true])),
    pciDevices: undefined,
    machines: undefined,
    unknown: [
      "CPU model: it is not in a snapshot, so use the same -cpu",
      ...described === undefined
        ? ["devices: the snapshot has no vmdesc that describes them"]
        : [],
      ...vmdesc === undefined
        ? ["the state of devices: the snapshot has no vmdesc"]
        : [],
    ],
  };
}

function describeSections(
  items: readonly StreamItem[],
  vmdesc: Vmdesc | undefined,
): MachineSection[] {
  /** By device: a file may have any number of sections of one. */
  const states = new Map<string, DescribedState>();
  return items.flatMap((item) => {
    if (item.kind !== "full") return [];
    const { idstr, instanceId, versionId } = item.section;
    const key = `${instanceId} ${idstr}`;
    const state = states.get(key) ??
      describeState(vmdesc?.devices.description(idstr, instanceId));
    states.set(key, state);
    return [{ idstr, instanceId, versionId, ...state }];
  });
}

type DescribedState = Pick<MachineSection, "fields" | "subsections">;

function describeState(state: JsonObject | undefined): DescribedState {
  const fields = state?.get("fields");
  return {
    fields: isList(fields) ? fields.map(describeField) : undefined,
    subsections: listOf(state?.get("subsections")).map((it) =>
      it instanceof JsonObject ? textOf(it.get("vmsd_name")) : ""
    ),
  };
}

/** Nothing in a vmdesc is trusted, not even that a field is an object. */
function describeField(field: JsonValue): MachineField {
  const get = (key: string) =>
    field instanceof JsonObject ? field.get(key) : undefined;
  const type = get("type");
  const isPlain = typeof type === "string" && PLAIN_TYPE.test(type);
  return {
    name: textOf(get("name")),
    length: isPlain
      ? Number(textOf(get("size"))) * Number(textOf(get("array_len") ?? 1))
      : undefined,
  };
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return isList(value) ? value : [];
}
