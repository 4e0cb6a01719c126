import { createHash, hash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import {
  openFileSource,
  openSnapshotSync,
  verifiedSourceSync,
} from "../../mod.ts";
import { ScratchDirectory } from "../proving/qemu/scratch_directory.ts";
import {
  PAGE_SIZE,
  presentPages,
  randomNumbers,
  saveGuest,
} from "./guest_memory.ts";
import { type Contender, interleave, millisecondsOf } from "./rounds.ts";
import { type SealedSnapshot, sealSnapshot } from "./sealed_snapshot.ts";
import { printResults } from "./table.ts";
import { benchVerityFaults } from "./verity_faults.ts";
import { benchVerityHttp } from "./verity_http.ts";
import { benchVerityMemory } from "./verity_memory.ts";
import { benchVerityPostcopy } from "./verity_postcopy.ts";

const PAGE_COUNT = 2 ** 18;
const READS = 50_000;
const ROUNDS = 9;
const PIECE = 0x100000;

/** Measures what checking each page costs, beside the same reads unchecked. */
export async function benchVerity(): Promise<void> {
  using scratch = new ScratchDirectory();
  const path = scratch.file("snapshot");
  await saveGuest(path, presentPages(PAGE_COUNT, 1));
  const sealed = await sealSnapshot(path);
  console.log("verity: random 4 KiB pages of a cached 1 GiB snapshot");
  await randomPages(sealed);
  console.log("verity: the whole of it, in order");
  await inOrder(sealed);
  benchVerityMemory(sealed, PAGE_COUNT * PAGE_SIZE);
  await benchVerityFaults(scratch);
  await benchVerityPostcopy();
  await benchVerityHttp();
}

/** Returns the runtime's SHA-256 of a whole array. */
function sha256(bytes: Uint8Array): string {
  return hash === undefined
    ? createHash("sha256").update(bytes).digest("hex")
    : hash("sha256", bytes, "hex");
}

async function randomPages(
  { path, tree, digest }: SealedSnapshot,
): Promise<void> {
  using file = openFileSource(path);
  using sidecar = openFileSource(tree);
  const plain = openSnapshotSync(file).block("ram");
  const source = verifiedSourceSync(file, { tree: sidecar, digest });
  const ram = openSnapshotSync(source).block("ram");
  const random = randomNumbers(1);
  const pages = Uint32Array.from(
    { length: READS },
    () => random() * PAGE_COUNT,
  );
  const target = new Uint8Array(PAGE_SIZE);
  const fd = openSync(path, "r");
  const perPage = async (read: (page: number) => void | Promise<void>) =>
    await millisecondsOf(async () => {
      for (const page of pages) {
        const reading = read(page);
        if (reading !== undefined) await reading;
      }
    }) * 1000 / READS;
  const contenders: Contender[] = [
    {
      name: "bare readSync and SHA-256",
      measure: () =>
        perPage((page) => {
          const position = plain.pagesOffset + page * PAGE_SIZE;
          readSync(fd, target, 0, PAGE_SIZE, position);
          sha256(target);
        }),
    },
    {
      name: "readPageIntoSync, checked",
      goal: { of: "ratio", atMost: 1.5 },
      measure: () => perPage((page) => void ram.readPageIntoSync(target, page)),
    },
    {
      name: "readPageInto, checked",
      measure: () =>
        perPage(async (page) => void await ram.readPageInto(target, page)),
    },
    {
      name: "readPageIntoSync, unchecked",
      measure: () =>
        perPage((page) => void plain.readPageIntoSync(target, page)),
    },
  ];
  printResults(await interleave(contenders, ROUNDS), "µs");
  closeSync(fd);
}

async function inOrder({ path, tree, digest }: SealedSnapshot): Promise<void> {
  using file = openFileSource(path);
  using sidecar = openFileSource(tree);
  const source = verifiedSourceSync(file, { tree: sidecar, digest });
  const target = new Uint8Array(PIECE);
  const whole = file.byteLength - file.byteLength % PIECE;
  const rate = async (read: (offset: number) => void | Promise<void>) =>
    whole / 1e6 / await millisecondsOf(async () => {
      for (let at = 0; at < whole; at += PIECE) {
        const reading = read(at);
        if (reading !== undefined) await reading;
      }
    });
  const contenders: Contender[] = [
    {
      name: "SHA-256 alone, of 4 KiB each",
      measure: () =>
        rate(() => {
          for (let at = 0; at < PIECE; at += PAGE_SIZE) {
            sha256(target.subarray(at, at + PAGE_SIZE));
          }
        }),
    },
    {
      name: "readIntoSync, checked",
      goal: { of: "ratio", atLeast: 0.7 },
      measure: () => rate((at) => source.readIntoSync(target, at)),
    },
    {
      name: "readInto, checked",
      goal: { of: "ratio", atLeast: 0.7 },
      measure: () => rate((at) => source.readInto(target, at)),
    },
    {
      name: "readIntoSync, unchecked",
      measure: () => rate((at) => file.readIntoSync(target, at)),
    },
  ];
  printResults(await interleave(contenders, 5), "GB/s");
}
