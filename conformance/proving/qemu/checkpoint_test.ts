import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import {
  createFileSink,
  openFileSource,
  openSnapshot,
  verifySnapshot,
} from "../../../mod.ts";
import { checkpointSnapshot } from "../../../reference/doors/linux.ts";
import {
  NO_REFLINKS,
  REFLINK_TYPES,
  ReflinkDisk,
} from "../../../reference/testing/reflink_disk.ts";
import { continueSaved } from "./continue_saved.ts";
import { linuxArguments, LinuxGuest } from "./linux_guest.ts";
import { linuxTest } from "./linux_test_case.ts";

const skipped = NO_REFLINKS === false ? "" : ` (skipped: ${NO_REFLINKS})`;
const MIB = 0x100000;

/** Writes a checkpoint of `next` to `out`; returns the bytes written. */
async function checkpoint(
  { base, next, out }: Readonly<Record<"base" | "next" | "out", string>>,
): Promise<number> {
  using earlier = openFileSource(base);
  using later = openFileSource(next);
  const { presentPages, changedPages, writtenLength } =
    await checkpointSnapshot(
      await openSnapshot(later),
      createFileSink(out),
      { base: await openSnapshot(earlier), jobs: 2 },
    );
  assert.ok(changedPages > 0 && changedPages < presentPages / 2);
  return writtenLength;
}

for (const type of REFLINK_TYPES) {
  linuxTest(
    `checkpoints of a running guest take the space of what differs on ${type}${skipped}`,
    async (linux, { path: directory }) => {
      if (skipped !== "") return;
      using disk = new ReflinkDisk(type);
      const names = [0, 1, 2].map((it) => disk.file(`${it}.mr`));
      const next = disk.file("next.mr");
      const args = linuxArguments(linux, { machine: "pc", memory: "192M" });
      let [md5, uptime, base, written] = ["", 0, 0, 0];
      {
        await using guest = await LinuxGuest.start({ args, directory });
        await guest.waitReady();
        for (const [index, out] of names.entries()) {
          md5 = await guest.md5();
          uptime = await guest.uptime();
          await guest.qemu.save(index === 0 ? out : next);
          await continueSaved(guest.qemu);
          const before = disk.usedLength();
          if (index === 0) {
            base = before;
            continue;
          }
          const length = await checkpoint({
            base: names[index - 1],
            next,
            out,
          });
          const used = disk.usedLength() - before;
          assert.ok(used < 1.1 * length + MIB, `${used} for ${length}`);
          written += length;
          rmSync(next);
        }
      }
      for (const path of names) {
        using source = openFileSource(path);
        assert.ok((await verifySnapshot(source)).good);
      }
      const limit = base + 1.1 * written + MIB;
      const all = await disk.freedLength(limit);
      assert.ok(all <= limit, `${all - base} for ${written}`);
      for (const path of names.slice(0, 2)) rmSync(path);
      // The last one has kept what it shares.
      const freed = all - disk.usedLength();
      assert.ok(freed < 1.1 * written + MIB, `${freed} of ${written}`);
      await using guest = await LinuxGuest.start({
        args: [...args, "-incoming", "defer"],
        directory,
      });
      await guest.qemu.incoming(names[2]);
      await guest.waitReady();
      assert.equal(await guest.md5(), md5);
      assert.ok(await guest.uptime() >= uptime);
    },
  );
}
