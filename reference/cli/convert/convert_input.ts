import type { LibvirtSaveHeader } from "../../../format/mod.ts";
import {
  detectFormat,
  type MemoryFormat,
  type RangesOptions,
} from "../../convert/mod.ts";
import type { OpenOptions } from "../../snapshot/mod.ts";
import type { ByteSource } from "../../sources/mod.ts";
import { UsageError } from "../input/usage_error.ts";

/** What the options of convert say. */
export interface ConvertOptions extends OpenOptions, RangesOptions {
  readonly ramLength: number | undefined;
  readonly pageSize: number | undefined;
  readonly withoutVmdesc: boolean;
  readonly repair: boolean;
}

/** What is converted. */
export interface ConvertInput {
  readonly source: ByteSource;
  readonly format: MemoryFormat;
  /** Where the stream starts, if it is one. */
  readonly offset: number;
  readonly libvirt: LibvirtSaveHeader | undefined;
}

/** Tells what a file is, unless that was told. */
export async function openInput(
  source: ByteSource,
  told: MemoryFormat | undefined,
  options: ConvertOptions,
): Promise<ConvertInput> {
  const { offset, signal } = options;
  if (told !== undefined && told !== "packed") {
    // libvirt's header is passed over where there is one.
    const found = told === "mapped-ram" || told === "sequential"
      ? await detectFormat(source, { offset, signal })
      : undefined;
    return {
      source,
      format: told,
      offset: found?.offset ?? offset ?? 0,
      libvirt: found?.libvirt,
    };
  }
  const found = await detectFormat(source, { offset, signal });
  if (told === "packed" && found.format !== told) {
    throw new UsageError(
      `Cannot use ${JSON.stringify(source.name)} as packed: it is no libvirt ` +
        "save image whose stream is",
    );
  }
  return { source, ...found, libvirt: found.libvirt };
}
