import type { UnsupportedError } from "../../../format/rules/mod.ts";
import { readLibvirtHeader } from "../../libvirt/mod.ts";
import type { ByteSource } from "../../sources/mod.ts";
import { explainRefusal } from "../input/open_snapshot_file.ts";
import type { Verity } from "../input/place_options.ts";
import { printJson } from "../output/output.ts";
import { UsageError } from "../program/usage_error.ts";
import { checkXml, libvirtFacts, printLibvirt } from "./info_libvirt.ts";
import { infoSequential } from "./info_sequential.ts";

/** Options that apply only to files with bitmaps and fixed places of pages. */
const NOT_OF_STREAMS = ["map", "bitmap-byte-order", "bitmap-word-size"];

/** Prints a file that is not mapped-ram, or throws the reason why it cannot. */
export async function infoElsewhere(
  source: ByteSource,
  error: UnsupportedError,
  options: {
    readonly offset?: number | undefined;
    readonly verity?: Verity | undefined;
    readonly json?: boolean | undefined;
    readonly devices?: boolean | undefined;
    readonly xml?: boolean | undefined;
    readonly signal: AbortSignal;
  } & { readonly [option: string]: unknown },
): Promise<number> {
  const { json = false, devices = false, xml = false } = options;
  const { offset, verity, signal } = options;
  const header = offset === undefined
    ? await readLibvirtHeader(source, { signal })
    : undefined;
  checkXml(source, header, xml);
  if (error.rule === "capability-mapped-ram") {
    const other = NOT_OF_STREAMS.find((it) => options[it] !== undefined);
    if (other !== undefined) {
      throw new UsageError(`Cannot use --${other} of a sequential stream`);
    }
    const how = { verity, json, devices, xml, signal };
    await infoSequential(source, { offset, libvirt: header, ...how });
    return 0;
  }
  // The header of a libvirt save image is printed even if its stream is not.
  if (header !== undefined) {
    const libvirt = await libvirtFacts(source, header, signal);
    const { digest } = verity ?? {};
    if (json) printJson({ file: source.name, digest, libvirt });
    else printLibvirt(libvirt, xml);
  }
  throw await explainRefusal(error, source, { offset, signal });
}
