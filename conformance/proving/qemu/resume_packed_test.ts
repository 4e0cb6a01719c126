import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { env } from "node:process";
import { createFileSink, openFileSource, openSnapshot } from "../../../mod.ts";
import { packQcow2, snapshotRanges } from "../../../reference/doors/convert.ts";
import { servedPlaces } from "../http/served_places.ts";
import { saveGuest, STORED, watched } from "./failing_resume.ts";
import { findPrograms } from "./find_program.ts";
import { PageToucher } from "./page_toucher.ts";
import { qemuTest } from "./qemu_test_case.ts";
import { ResumeCommand } from "./resume_command.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";

const qemuImgs = findPrograms("qemu-img");

/** Packs the guest in several ways; returns the names of the images. */
async function packGuest(scratch: ScratchDirectory): Promise<string[]> {
  const path = await saveGuest(scratch);
  using source = openFileSource(path);
  const dataRanges = snapshotRanges(await openSnapshot(source));
  await packQcow2(source, createFileSink(scratch.file("own.qcow2")), {
    dataRanges,
  });
  const backing = { source, name: "saved", format: "raw" as const };
  const chained = createFileSink(scratch.file("chained.qcow2"));
  await packQcow2(source, chained, { dataRanges, backing });
  const [program] = qemuImgs;
  if (program === undefined && env.MAPPED_RAM_REQUIRE_QEMU !== "1") {
    return ["own.qcow2", "chained.qcow2"];
  }
  const image = scratch.file("qemu.qcow2");
  execFileSync(program ?? "qemu-img", [
    ...["convert", "-O", "qcow2", "-c", "-o", "compression_type=zstd"],
    ...[path, image],
  ]);
  return ["own.qcow2", "chained.qcow2", "qemu.qcow2"];
}

qemuTest(
  "resume gives a guest its pages from a packed snapshot",
  "x86_64",
  async (scratch) => {
    for (const name of await packGuest(scratch)) {
      for await (const place of servedPlaces(scratch.path, name)) {
        const line = [place, "--no-push", "--", ...watched(scratch)];
        await using command = new ResumeCommand(scratch.path, line);
        await command.said(/resuming by postcopy/);
        await command.said(/running/);
        const page = await PageToucher.open(scratch);
        page.touch(STORED.end - 4096);
        await page[Symbol.asyncDispose]();
        assert.equal(page.bytes.length, 4096);
        assert.ok(page.bytes.every((it) => it === 0xa5), place);
        command.signal("SIGTERM");
        await command.exited;
      }
    }
  },
);
