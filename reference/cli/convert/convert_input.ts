import type { LibvirtSaveHeader } from "../../../format/libvirt/mod.ts";
import {
  detectFormat,
  type MemoryFormat,
  type RangesOptions,
} from "../../convert/mod.ts";
import type { OpenOptions } from "../../reading/mod.ts";
import { type ByteSource, SourceError } from "../../sources/mod.ts";
import { isConvertible, unpackFirst } from "../input/packed_image.ts";
import { adviceOnDisk } from "../input/open_snapshot_file.ts";
import type { InputPlace } from "../input/place_options.ts";
import type { PackSettings } from "../output/pack_settings.ts";
import { UsageError } from "../program/usage_error.ts";

/** The values of convert's options. */
export interface ConvertSettings extends OpenOptions, RangesOptions {
  readonly ramLength: number | undefined;
  readonly architecture: string | undefined;
  readonly pageSize: number | undefined;
  readonly withoutVmdesc: boolean;
  readonly repair: boolean;
  readonly jobs: number;
  /** How an image is packed. */
  readonly packing: PackSettings;
  /** Whether bytes that mean nothing are packed, too. */
  readonly exact: boolean;
  /** Where the snapshot is that a new image is based on. */
  readonly backing: InputPlace | undefined;
}

/** The input of a conversion. */
export interface ConvertInput {
  readonly source: ByteSource;
  readonly format: MemoryFormat;
  /** Position of the stream, if the input is one. */
  readonly offset: number;
  readonly libvirt: LibvirtSaveHeader | undefined;
}

/** Determines the format of a file, unless --from gives it. */
export async function openInput(
  source: ByteSource,
  from: MemoryFormat | undefined,
  { offset, signal }: Pick<ConvertSettings, "offset" | "signal">,
): Promise<ConvertInput> {
  if (from === "elf" || from === "lime" || from === "raw") {
    return { source, format: from, offset: 0, libvirt: undefined };
  }
  const found = await detectFormat(source, {
    offset: from === "packed" ? undefined : offset,
    signal,
  });
  const { libvirt, known } = found;
  if (from === "packed" && found.format !== from) {
    throw new UsageError(
      `Cannot use ${JSON.stringify(source.name)} as packed: it is not a ` +
        "libvirt save image with a packed stream; a snapshot in a qcow2 image " +
        "needs no --from",
    );
  }
  if (libvirt !== undefined && found.format === "packed") {
    refuseUnpackable(source, libvirt);
  }
  const format = from ?? found.format;
  if (format !== undefined) {
    // libvirt's header is skipped if there is one.
    return { source, format, offset: offset ?? found.offset, libvirt };
  }
  throw new SourceError(
    source.name,
    `Cannot convert ${JSON.stringify(source.name)}: ` +
      (known === undefined
        ? await adviceOnDisk(source) ??
          "its first bytes are those of no known format; if it is the flat " +
            "memory of a guest, use --from raw"
        : `it is ${known.what}; ${known.remedy} (--from raw takes it as flat ` +
          "memory all the same)"),
  );
}

function refuseUnpackable(source: ByteSource, header: LibvirtSaveHeader): void {
  if (isConvertible(header)) return;
  throw new SourceError(
    source.name,
    `Cannot convert ${JSON.stringify(source.name)}: ` +
      unpackFirst(header, source.name),
  );
}
