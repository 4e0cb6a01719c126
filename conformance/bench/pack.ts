import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { findLinux } from "../proving/qemu/find_linux.ts";
import { findPrograms } from "../proving/qemu/find_program.ts";
import { linuxSnapshot } from "../proving/qemu/linux_snapshots.ts";
import { ScratchDirectory } from "../proving/qemu/scratch_directory.ts";
import { measuredPlaces } from "./measured_places.ts";
import { benchPackedHttp } from "./packed_http.ts";
import { benchPackedReads } from "./packed_reads.ts";
import { benchPlace, pack } from "./packing.ts";

/** Measures packed snapshots of a guest: making them, and reading them. */
export async function benchPack(): Promise<void> {
  const linux = await findLinux();
  if (linux === undefined || findPrograms("qemu-img").length === 0) {
    console.log("pack: skipped, there is no Linux to boot, or no qemu-img");
    return;
  }
  const saved = await linuxSnapshot(linux, {
    machine: "pc",
    memory: "512M",
    usedMiB: 192,
  });
  for (const place of measuredPlaces()) await benchPlace(place, saved.path);
  using scratch = new ScratchDirectory();
  const folder = scratch.file("served");
  mkdirSync(folder);
  const files = { plain: `${folder}/vm.mr`, image: `${folder}/vm.qcow2` };
  execFileSync("cp", ["--sparse=always", saved.path, files.plain]);
  await pack({ snapshot: files.plain, out: files.image });
  await benchPackedReads(files);
  await benchPackedHttp(saved, { folder, directory: scratch.path });
}
