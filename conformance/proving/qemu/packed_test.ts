import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { env } from "node:process";
import {
  type ByteSource,
  createFileSink,
  openFileSource,
  openSnapshot,
} from "../../../mod.ts";
import {
  type PackOptions,
  packQcow2,
  snapshotRanges,
} from "../../../reference/doors/convert.ts";
import { findPrograms } from "./find_program.ts";
import { FuseExport, noFuseReason } from "./fuse_export.ts";
import { LinuxGuest } from "./linux_guest.ts";
import { type LinuxSnapshot, linuxSnapshot } from "./linux_snapshots.ts";
import { linuxTest } from "./linux_test_case.ts";

const reason = noFuseReason();
const skipped = reason === undefined || env.MAPPED_RAM_REQUIRE_QEMU === "1"
  ? ""
  : ` (skipped: ${reason})`;

/** Packs the snapshot in a file; returns the bytes of the image. */
async function packFile(
  source: ByteSource,
  path: string,
  options: PackOptions = {},
): Promise<number> {
  const dataRanges = snapshotRanges(await openSnapshot(source));
  await packQcow2(source, createFileSink(path), {
    jobs: 2,
    dataRanges,
    ...options,
  });
  for (const program of findPrograms("qemu-img")) {
    const text = execFileSync(program, ["check", path], { encoding: "utf8" });
    assert.match(text, /^No errors were found on the image\./);
  }
  return statSync(path).size;
}

/** Resumes a guest from an image in stock QEMU, which reads it through FUSE. */
async function resumed(
  { args, md5, uptime }: Omit<LinuxSnapshot, "path">,
  { image, directory }: { readonly image: string; readonly directory: string },
): Promise<LinuxGuest> {
  await using file = await FuseExport.start(image, `${image}.mr`);
  const guest = await LinuxGuest.start({
    args: [...args, "-incoming", "defer"],
    directory,
  });
  try {
    await guest.qemu.incoming(file.path);
    await guest.waitReady();
    assert.equal(await guest.md5(), md5);
    assert.ok(await guest.uptime() >= uptime);
    return guest;
  } catch (error) {
    await guest[Symbol.asyncDispose]();
    throw error;
  }
}

linuxTest(
  `stock QEMU resumes a guest from packed snapshots, also incremental${skipped}`,
  async (linux, scratch) => {
    if (skipped !== "") return;
    const directory = scratch.path;
    const first = await linuxSnapshot(linux, { machine: "pc", memory: "256M" });
    using source = openFileSource(first.path);
    const image = scratch.file("first.qcow2");
    const length = await packFile(source, image);
    assert.ok(length < statSync(first.path).size / 2);

    const later = scratch.file("later.mr");
    await using guest = await resumed(first, { image, directory });
    const uptime = await guest.uptime();
    await guest.qemu.save(later);
    await guest[Symbol.asyncDispose]();
    using next = openFileSource(later);
    const increment = scratch.file("later.qcow2");
    const added = await packFile(next, increment, {
      backing: { source, name: first.path, format: "raw" },
    });
    assert.ok(added < length / 2, `${added} of ${length}`);
    const saved = { args: first.args, md5: first.md5, uptime };
    await using _ = await resumed(saved, { image: increment, directory });
  },
);
