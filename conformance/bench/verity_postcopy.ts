import {
  openFileSource,
  openSnapshotSync,
  type SyncByteSource,
  verifiedSourceSync,
} from "../../mod.ts";
import { PC, saveGuest, STORED } from "../proving/qemu/failing_resume.ts";
import { findQemu } from "../proving/qemu/find_qemu.ts";
import {
  resumeByPostcopy,
  resumingQemu,
} from "../proving/qemu/postcopy_guest.ts";
import { ScratchDirectory } from "../proving/qemu/scratch_directory.ts";
import { interleave, millisecondsOf } from "./rounds.ts";
import { sealSnapshot } from "./sealed_snapshot.ts";
import { printResults } from "./table.ts";

const ROUNDS = 5;

/** Measures requests of QEMU, one page after the other, checked and not. */
export async function benchVerityPostcopy(): Promise<void> {
  if (findQemu("x86_64") === undefined) {
    console.log("verity: postcopy is not measured, there is no QEMU");
    return;
  }
  using scratch = new ScratchDirectory();
  const path = await saveGuest(scratch);
  const { tree, digest } = await sealSnapshot(path);
  using file = openFileSource(path);
  using sidecar = openFileSource(tree);
  const checked = verifiedSourceSync(file, { tree: sidecar, digest });
  console.log("verity: a postcopy request of QEMU");
  printResults(
    await interleave([
      { name: "unchecked", measure: () => requestTime(file, scratch) },
      {
        name: "checked",
        goal: { of: "ratio", atMost: 1.2 },
        measure: () => requestTime(checked, scratch),
      },
    ], ROUNDS),
    "µs",
  );
}

/** Lets QEMU read pages that it does not have; returns the time of each. */
async function requestTime(
  source: SyncByteSource,
  scratch: ScratchDirectory,
): Promise<number> {
  await using qemu = await resumingQemu(PC, scratch);
  const snapshot = openSnapshotSync(source);
  const { guest } = await resumeByPostcopy(qemu, snapshot, { push: false });
  await guest;
  await qemu.qmp.execute("stop");
  const { first: val, end } = STORED;
  const size = end - val;
  const filename = scratch.file("pages");
  const took = await millisecondsOf(async () =>
    void await qemu.qmp.execute("pmemsave", { val, size, filename })
  );
  return took * 1000 / (size / 4096);
}
