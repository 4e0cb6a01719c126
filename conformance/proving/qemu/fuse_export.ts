import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, statSync, writeFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { findPrograms } from "./find_program.ts";

const PROGRAM = "qemu-storage-daemon";
const POLL_MS = 20;

/** Why images cannot be mounted here; undefined if they can. */
export function noFuseReason(): string | undefined {
  if (findPrograms(PROGRAM).length === 0) return `${PROGRAM} is not in PATH`;
  try {
    accessSync("/dev/fuse", constants.R_OK | constants.W_OK);
    return undefined;
  } catch {
    return "/dev/fuse cannot be opened";
  }
}

/** The disk in a qcow2 image as a file, which QEMU serves through FUSE. */
export class FuseExport implements AsyncDisposable {
  /** Path of the file. */
  readonly path: string;
  readonly #stop: () => Promise<void>;

  private constructor(path: string, stop: () => Promise<void>) {
    this.path = path;
    this.#stop = stop;
  }

  /** Makes the disk in `image` the file at `path`, which must not exist. */
  static async start(image: string, path: string): Promise<FuseExport> {
    writeFileSync(path, "");
    const file = `driver=file,filename=${image}`;
    const child = spawn(findPrograms(PROGRAM)[0], [
      ...["--blockdev", `${file},node-name=file,read-only=on`],
      "--blockdev",
      "driver=qcow2,file=file,node-name=disk,read-only=on",
      ...["--export", `type=fuse,id=fuse,node-name=disk,mountpoint=${path}`],
    ], { stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.setEncoding("utf8");
    child.stderr.on("data", (text) => stderr += String(text));
    let isGone = false;
    const gone = once(child, "close").finally(() => isGone = true);
    const kill = () => void child.kill("SIGTERM");
    process.once("exit", kill);
    const stop = async () => {
      process.removeListener("exit", kill);
      kill();
      await gone;
    };
    while (statSync(path).size === 0) {
      if (isGone) throw new Error(`Cannot export ${image}: ${stderr.trim()}`);
      await sleep(POLL_MS);
    }
    return new FuseExport(path, stop);
  }

  /** Unmounts the file. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }
}
