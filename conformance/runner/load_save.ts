import { Buffer } from "node:buffer";
import { copyFileSync, readFileSync } from "node:fs";
import { fail, PASS, type Verdict } from "./judge_answer.ts";
import type { WriterCase } from "./writer_cases.ts";
import { findQemu } from "../proving/qemu/find_qemu.ts";
import { QemuProcess } from "../proving/qemu/qemu_process.ts";
import { ScratchDirectory } from "../proving/qemu/scratch_directory.ts";

/**
 * Loads a file that a program saved into QEMU, and compares its memory. Returns
 * undefined without QEMU, or if its machine `none` cannot have such RAM.
 */
export async function loadSave(
  file: string,
  { machine, pageSize, blocks }: WriterCase,
): Promise<Verdict | undefined> {
  const target = pageSize === 8192 ? "sparc64" : "x86_64";
  const [{ idstr, memory }, ...others] = blocks;
  const fits = machine === "none" && idstr === "ram" && others.length === 0 &&
    [4096, 8192].includes(pageSize) && memory.length % 8192 === 0;
  if (!fits || findQemu(target) === undefined) return undefined;
  using scratch = new ScratchDirectory();
  copyFileSync(file, scratch.file("snapshot"));
  await using qemu = await QemuProcess.start({
    target,
    directory: scratch.path,
    args: ["-M", "none", "-m", `${memory.length}B`, "-incoming", "defer"],
  });
  try {
    await qemu.incoming("snapshot");
  } catch (error) {
    return fail(`QEMU does not load it: ${String(error)}`);
  }
  await qemu.pmemsave(0, memory.length, "memory");
  return Buffer.compare(readFileSync(scratch.file("memory")), memory) === 0
    ? { ...PASS, remarks: ["QEMU loads it"] }
    : fail("QEMU loads other memory from it");
}
