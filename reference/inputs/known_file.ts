import type { ByteSource, ReadOptions } from "../sources/mod.ts";

/** A kind of file that is recognized by its first bytes. */
export interface KnownFile {
  /** Its name, with an article: `a qcow2 disk image`. */
  readonly what: string;
  /** How to convert it to memory, or to get the guest's memory otherwise. */
  readonly remedy: string;
}

/** Bytes at a fixed offset in all files of a kind. */
interface Signature extends KnownFile {
  readonly bytes: Uint8Array;
  /** Offset of the bytes. Default: 0. */
  readonly at?: number;
}

const unpack = (command: string) => `unpack it first: ${command}`;
const DUMP_ELF =
  "dump it as ELF: dump-guest-memory, or virsh dump --memory-only --format elf";
const DISK = "a disk holds no RAM";
const LIME = "write it again as LiME, uncompressed";
const ERROR_PAGE = "a server sent it in place of the file";

const SIGNATURES: readonly Signature[] = [
  file("QEVM", "a migration stream of QEMU", "it is already a snapshot"),
  file("LibvirtQemudSave", "a libvirt save image", "it is already one"),
  file("LibvirtQemudPart", "an unfinished libvirt save image", "save it again"),
  file("\x7fELF", "an ELF file", "convert reads ELF cores"),
  file("EMiL", "a LiME file", "convert reads it"),
  file("AVML", "a compressed AVML file", "convert it with avml-convert"),
  file("KDUMP   ", "a kdump-compressed dump", DUMP_ELF),
  file("DISKDUMP", "a diskdump", DUMP_ELF),
  file("makedumpfile\0", "a flattened kdump-compressed dump", DUMP_ELF),
  file("PAGEDU64", "a Windows crash dump of 64 bits", DUMP_ELF),
  file("PAGEDUMP", "a Windows crash dump of 32 bits", DUMP_ELF),
  file("\x1f\x8b\x08", "a gzip file", unpack("gunzip")),
  file("\x28\xb5\x2f\xfd", "a zstd file", unpack("unzstd")),
  file("\x89LZO\0\r\n\x1a\n", "an lzop file", unpack("lzop -d")),
  file("\xfd7zXZ\0", "an xz file", unpack("unxz")),
  file("\x04\x22\x4d\x18", "an lz4 file", unpack("unlz4")),
  file("\xff\x06\0\0sNaPpY", "a snappy file", unpack("snzip -d")),
  file("PK\x03\x04", "a zip archive", unpack("unzip")),
  file("7z\xbc\xaf\x27\x1c", "a 7-Zip archive", unpack("7z x")),
  file("ustar", "a tar archive", unpack("tar -x"), 257),
  ...[..."123456789"].map((level) =>
    file(`BZh${level}1AY&SY`, "a bzip2 file", unpack("bunzip2"))
  ),
  file("QFI\xfb", "a qcow2 disk image", DISK),
  file("KDMV", "a VMDK disk image", DISK),
  file("# Disk DescriptorFile", "a VMDK disk descriptor", DISK),
  file("<<< ", "a VDI disk image", DISK),
  file("vhdxfile", "a VHDX disk image", DISK),
  file("conectix", "a VHD disk image", DISK),
  file(
    "\x7fVirtualBox SavedState",
    "a saved state of VirtualBox",
    "make an ELF core with VBoxManage debugvm NAME dumpvmcore",
  ),
  ...["\xd0", "\xd1", "\xd2", "\xd3"].flatMap((first) =>
    ["\xbe\xd2\xbe", "\xba\xd1\xba"].map((rest) =>
      file(
        first + rest,
        "a suspended state of VMware",
        "the .vmem file next to it is the memory",
      )
    )
  ),
  file("XenSavedDomain", "a save file of Xen", DUMP_ELF),
  file("LibxlFmt", "a save file of Xen's libxl", DUMP_ELF),
  file("HPAK", "an HPAK file", LIME),
  file("\xcf\xfa\xed\xfe", "a Mach-O file", LIME),
  ...["hibr", "HIBR", "wake", "WAKE"].map((start) =>
    file(`${start}\0\0\0\0`, "a hibernation file of Windows", LIME)
  ),
  ...["<!DOCTYPE html", "<!doctype html", "<html", "<HTML"].map((start) =>
    file(start, "an HTML page", ERROR_PAGE)
  ),
  file("<?xml", "an XML text", ERROR_PAGE),
];

function file(
  text: string,
  what: string,
  remedy: string,
  at?: number,
): Signature {
  const bytes = Uint8Array.from(text, (it) => it.charCodeAt(0));
  return { what, remedy, bytes, ...at === undefined ? {} : { at } };
}

/** Number of leading bytes that are examined. */
const HEAD_LENGTH = 512;

/**
 * Recognizes the format of a file by its first bytes; returns undefined if they
 * are not those of a known format, as in flat guest memory.
 *
 * @example
 * ```ts
 * import { memorySource } from "../../mod.ts";
 * import { knownFile } from "../doors/convert.ts";
 * import assert from "node:assert/strict";
 *
 * const disk = memorySource(new TextEncoder().encode("vhdxfile"));
 * assert.equal((await knownFile(disk))?.what, "a VHDX disk image");
 * assert.equal(await knownFile(memorySource(new Uint8Array(4096))), undefined);
 * ```
 */
export async function knownFile(
  source: ByteSource,
  options?: ReadOptions,
): Promise<KnownFile | undefined> {
  const head = new Uint8Array(Math.min(HEAD_LENGTH, source.byteLength));
  await source.readInto(head, 0, options);
  const found = SIGNATURES.find(({ bytes, at = 0 }) =>
    bytes.every((byte, index) => head[at + index] === byte)
  );
  return found && { what: found.what, remedy: found.remedy };
}
