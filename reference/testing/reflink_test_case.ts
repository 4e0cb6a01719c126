import { execFileSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import {
  NO_REFLINKS,
  type REFLINK_TYPES,
  ReflinkDisk,
} from "./reflink_disk.ts";

/** Defines a test on a new disk with reflinks; skipped by name without one. */
export function reflinkTest(
  name: string,
  type: typeof REFLINK_TYPES[number],
  body: (disk: ReflinkDisk) => void | Promise<void>,
): void {
  const reason = NO_REFLINKS === false ? "" : ` (skipped: ${NO_REFLINKS})`;
  const options = { timeout: 300_000, skip: NO_REFLINKS };
  test(`${name}, on ${type}${reason}`, options, async () => {
    using disk = new ReflinkDisk(type);
    await body(disk);
  });
}

/** Copies a file so that both share all extents. */
export function reflinkFile(from: string, to: string): void {
  execFileSync("cp", ["--reflink=always", from, to]);
}

/** Makes a part of a file share the extents of a part of another. */
export function reflinkRange(
  from: string,
  to: string,
  { offset, length, toOffset }: {
    readonly offset: number;
    readonly length: number;
    readonly toOffset: number;
  },
): void {
  const command = `reflink ${from} ${offset} ${toOffset} ${length}`;
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
  execFileSync("xfs_io", ["-c", command, to], { env, stdio: "pipe" });
}
