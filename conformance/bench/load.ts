import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import {
  type ByteSink,
  createFileSink,
  exportImage,
  openFileSource,
  openSnapshot,
  openSnapshotSync,
} from "../../mod.ts";
import { ScratchDirectory } from "../proving/qemu/scratch_directory.ts";
import { PAGE_SIZE, presentPages, saveGuest } from "./guest_memory.ts";
import { nowhere, unflushedFile } from "./plain_sinks.ts";
import { type Contender, interleave, millisecondsOf } from "./rounds.ts";
import { printResults } from "./table.ts";

const PAGE_COUNT = 2 ** 18;
const ROUNDS = 5;
const GOAL = { of: "ratio", atLeast: 0.8 } as const;

/**
 * Measures loading a RAMBlock to a flat, sparse image, against tools that copy
 * files.
 */
export async function benchLoad(): Promise<void> {
  for (const share of [0.2, 1]) await benchShare(share);
}

async function benchShare(share: number): Promise<void> {
  using scratch = new ScratchDirectory();
  const file = scratch.file("snapshot");
  const dense = scratch.file("dense");
  const out = scratch.file("out");
  await saveGuest(file, presentPages(PAGE_COUNT, share));
  using source = openFileSource(file);
  const ram = openSnapshotSync(source).block("ram");
  const runs = [...ram.presentRunsSync()];
  const pages = runs.reduce((sum, { first, end }) => sum + end - first, 0);
  const bytes = pages * PAGE_SIZE;
  const memory = new Uint8Array(bytes).fill(1);
  writeFileSync(dense, memory);
  console.log(
    `load: 1 GiB of RAM, ${Math.round(bytes / 2 ** 20)} MiB present in ` +
      `${runs.length} runs; GB/s of present pages, the file cached`,
  );

  async function speed(work: () => void | Promise<void>): Promise<number> {
    rmSync(out, { force: true });
    execFileSync("sync");
    // A virtual machine gets memory that has been free for long from its host
    // page by page. Writing a file first gives all contenders memory that was
    // just in use.
    writeFileSync(out, memory);
    rmSync(out);
    return bytes / 1e6 / await millisecondsOf(work);
  }
  function tool(name: string, command: string): Contender {
    function run(): void {
      execFileSync("sh", ["-c", command]);
    }
    return { name, against: name, measure: () => speed(run) };
  }
  function ours(name: string, against: string, sink: () => ByteSink) {
    async function run(): Promise<void> {
      const snapshot = await openSnapshot(source);
      await exportImage(snapshot.block("ram"), sink());
    }
    return { name, against, goal: GOAL, measure: () => speed(run) };
  }
  const cp = `cp --sparse=always '${file}' '${out}'`;
  const dd = `dd if='${dense}' of='${out}' bs=256K status=none`;
  const contenders: Contender[] = [
    tool("cat > /dev/null", `cat '${file}' > /dev/null`),
    ours("exportImage to nowhere", "cat > /dev/null", nowhere),
    tool("dd of the pages", dd),
    tool("cp --sparse=always", cp),
    ours("exportImage", "cp --sparse=always", () => unflushedFile(out)),
    tool("dd, flushed", `${dd} conv=fsync`),
    tool("cp, flushed", `${cp} && sync '${out}'`),
    ours("exportImage, flushed", "cp, flushed", () => createFileSink(out)),
  ];
  printResults(await interleave(contenders, ROUNDS), "GB/s");
}
