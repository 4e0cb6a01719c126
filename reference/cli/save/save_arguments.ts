import type { OpenOptions } from "../../reading/mod.ts";
import { checkMachineName } from "../input/machine_name.ts";
import { parseNumber } from "../input/number_argument.ts";
import { openOptions, type OpenValues } from "../input/snapshot_options.ts";
import {
  type InputPlace,
  placeOf,
  type PlaceValues,
  type Verity,
} from "../input/place_options.ts";
import { readOption, UsageError } from "../program/usage_error.ts";
import { checkCapabilities } from "./capability_rules.ts";

/** The parsed arguments of `save OUT`. */
export interface SaveArguments {
  /** The images of RAMBlocks by idstr, in the order given. */
  readonly images: ReadonlyMap<string, string>;
  /** What images are checked against, by idstr. */
  readonly imageVerity: ReadonlyMap<string, Verity>;
  /** The snapshot with the device state, and options of opening it. */
  readonly deviceState:
    | {
      readonly place: InputPlace;
      readonly options: OpenOptions;
    }
    | undefined;
  /** QEMU's name of the machine type. */
  readonly machine: string | undefined;
  /** Size of a page in bytes, unless the device state determines it. */
  readonly pageSize: number;
  /** log2 of the page size, if it is to be stored. */
  readonly targetPageBits: number | undefined;
  /** Whether images may start like files of other formats. */
  readonly fromRaw: boolean;
  /** Whether to read images without querying their holes. */
  readonly scan: boolean;
}

/** Values of the options that `save OUT` accepts. */
export interface SaveValues extends OpenValues, PlaceValues {
  readonly "block-digest"?: readonly string[] | undefined;
  readonly block?: readonly string[] | undefined;
  readonly machine?: string | undefined;
  readonly "page-size"?: string | undefined;
  readonly "target-page-bits"?: string | undefined;
  readonly "device-state"?: string | undefined;
  readonly from?: "raw" | undefined;
  readonly scan?: boolean | undefined;
  readonly capability?: readonly string[] | undefined;
}

const PAGE_BITS_MIN = 8;
const PAGE_BITS_MAX = 20;

/** Parses the values; throws a `UsageError` if they are wrong. */
export function saveArguments(values: SaveValues): SaveArguments {
  const images = parseBlocks(values.block ?? []);
  const path = values["device-state"];
  const capabilities = values.capability ?? [];
  readOption("--capability", () => checkCapabilities(capabilities));
  if (path === undefined && images.size === 0) {
    throw new UsageError(
      "Cannot save without --block IDSTR=IMAGE: expected at least one",
    );
  }
  for (const idstr of images.keys()) checkName("a RAMBlock", idstr);
  if (values.machine !== undefined) checkName("a machine", values.machine);
  checkMachineName(values.machine);
  return {
    images,
    deviceState: path === undefined
      ? undefined
      : { place: placeOf(path, values), options: openOptions(values) },
    imageVerity: parseDigests(values["block-digest"] ?? [], images),
    machine: values.machine,
    scan: values.scan ?? false,
    fromRaw: values.from === "raw",
    ...parsePageSize(values),
  };
}

function parseBlocks(blocks: readonly string[]): Map<string, string> {
  const images = new Map<string, string>();
  for (const text of blocks) {
    const [idstr, path] = splitPair(text, "--block IDSTR=IMAGE");
    if (images.has(idstr)) {
      throw new UsageError(
        `Cannot use --block for ${JSON.stringify(idstr)} twice`,
      );
    }
    images.set(idstr, path);
  }
  return images;
}

function parseDigests(
  digests: readonly string[],
  images: ReadonlyMap<string, string>,
): Map<string, Verity> {
  const found = new Map<string, Verity>();
  for (const text of digests) {
    const [idstr, digest] = splitPair(text, "--block-digest IDSTR=DIGEST");
    const path = images.get(idstr);
    if (path === undefined || found.has(idstr)) {
      throw new UsageError(
        `Cannot use --block-digest for ${JSON.stringify(idstr)}: expected ` +
          "the IDSTR of a --block, once",
      );
    }
    const { verity } = placeOf(path, { digest });
    if (verity === undefined) continue;
    found.set(idstr, { ...verity, option: "--block-digest" });
  }
  return found;
}

/** Splits `IDSTR=VALUE`; `option` is the option with the form of its value. */
function splitPair(text: string, option: string): [string, string] {
  const [, idstr, value] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  // A URL without IDSTR=: the part before its first "=" is not a name.
  if (idstr !== undefined && !idstr.includes("://")) return [idstr, value];
  const [name, form] = option.split(" ");
  throw new UsageError(
    `Cannot use ${JSON.stringify(text)} as ${name}: expected ${form}`,
  );
}

function checkName(what: string, name: string): void {
  if (/^[\x20-\x7e]{1,255}$/.test(name)) return;
  throw new UsageError(
    `Cannot save ${what} named ${JSON.stringify(name)}: expected 1 to 255 ` +
      "characters of printable ASCII",
  );
}

function parsePageSize(
  values: SaveValues,
): Pick<SaveArguments, "pageSize" | "targetPageBits"> {
  const bits = values["target-page-bits"];
  const size = values["page-size"];
  const targetPageBits = bits === undefined
    ? undefined
    : parseNumber("--target-page-bits", bits);
  const pageSize = size === undefined
    ? 2 ** (targetPageBits ?? 12)
    : parseNumber("--page-size", size);
  const log = Math.log2(pageSize);
  if (!Number.isInteger(log) || log < PAGE_BITS_MIN || log > PAGE_BITS_MAX) {
    throw new UsageError(
      `Cannot save pages of ${pageSize} bytes: expected a power of two from ` +
        `${2 ** PAGE_BITS_MIN} to ${2 ** PAGE_BITS_MAX}`,
    );
  }
  if (targetPageBits !== undefined && targetPageBits !== log) {
    throw new UsageError(
      `Cannot use --target-page-bits ${targetPageBits} with pages of ` +
        `${pageSize} bytes: expected ${log}`,
    );
  }
  return { pageSize, targetPageBits };
}
