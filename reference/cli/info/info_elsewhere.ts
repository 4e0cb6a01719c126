import type { UnsupportedError } from "../../../format/mod.ts";
import { readLibvirtHeader } from "../../libvirt/mod.ts";
import type { ByteSource } from "../../sources/mod.ts";
import { printJson } from "../output/output.ts";
import { libvirtFacts, printLibvirt } from "./info_libvirt.ts";
import { infoSequential } from "./info_sequential.ts";

/** Prints what a file holds that is not mapped-ram, or throws why it cannot. */
export async function infoElsewhere(
  source: ByteSource,
  error: UnsupportedError,
  options: {
    readonly offset?: number | undefined;
    readonly json?: boolean | undefined;
    readonly devices?: boolean | undefined;
    readonly xml?: boolean | undefined;
    readonly signal: AbortSignal;
  },
): Promise<number> {
  const { offset, json = false, devices = false, xml = false, signal } =
    options;
  const header = offset === undefined
    ? await readLibvirtHeader(source, { signal })
    : undefined;
  if (error.rule === "capability-mapped-ram") {
    const own = { offset, libvirt: header, json, devices, xml, signal };
    await infoSequential(source, own);
    return 0;
  }
  // What a libvirt save image says, though its stream cannot be read.
  if (header !== undefined) {
    const libvirt = await libvirtFacts(source, header, signal);
    if (json) printJson({ file: source.name, libvirt });
    else printLibvirt(libvirt, xml);
  }
  throw error;
}
