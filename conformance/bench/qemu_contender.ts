import { setTimeout as sleep } from "node:timers/promises";
import { findQemu } from "../proving/qemu/find_qemu.ts";
import { QemuProcess } from "../proving/qemu/qemu_process.ts";
import { millisecondsOf } from "./rounds.ts";

const MULTIFD = { multifd: true, channels: 2 } as const;

/** Whether QEMU is installed, to compare with. */
export function hasQemu(): boolean {
  return findQemu("x86_64") !== undefined;
}

/** Starts a stopped QEMU whose memory is an image. */
export function startQemuWith(
  image: string,
  byteLength: number,
  directory: string,
): Promise<QemuProcess> {
  return start(directory, byteLength, [
    ...[
      "-object",
      backend(byteLength, `memory-backend-file,mem-path=${image}`),
    ],
  ]);
}

/** Saves QEMU's memory over two channels; returns the milliseconds taken. */
export async function qemuSave(
  qemu: QemuProcess,
  path: string,
  directIO = false,
): Promise<number> {
  const how = { ...MULTIFD, directIO };
  const took = await millisecondsOf(() => qemu.save(path, how));
  await letItRun(qemu);
  return took;
}

/** Lets QEMU run for a moment, after which it can be saved again. */
async function letItRun(qemu: QemuProcess): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      await qemu.qmp.execute("cont");
      break;
    } catch (error) {
      // QEMU has not cleaned up the migration yet.
      if (tries === 1000) throw error;
      await sleep(5);
    }
  }
  await qemu.qmp.execute("stop");
}

/** Loads all of a snapshot into a new QEMU; returns the milliseconds taken. */
export async function qemuLoad(
  path: string,
  byteLength: number,
  directory: string,
): Promise<number> {
  await using qemu = await start(directory, byteLength, [
    ...["-object", backend(byteLength, "memory-backend-ram")],
    ...["-incoming", "defer"],
  ]);
  return await millisecondsOf(() => qemu.incoming(path, MULTIFD));
}

function backend(byteLength: number, kind: string): string {
  return `${kind},id=ram,size=${byteLength}`;
}

function start(
  directory: string,
  byteLength: number,
  args: readonly string[],
): Promise<QemuProcess> {
  return QemuProcess.start({
    target: "x86_64",
    directory,
    args: [
      ...["-machine", "pc,memory-backend=ram", "-cpu", "qemu64"],
      ...["-m", `${byteLength / 2 ** 20}M`],
      ...args,
    ],
  });
}
