import { join } from "node:path";
import { openFileSource, openSnapshotSync, type Snapshot } from "../../mod.ts";
import {
  type ByteChannel,
  connectSocket,
  createScratchSink,
  findDataRanges,
  planMappedResume,
  type PostcopyOptions,
  PostcopySource,
  queryQemu,
  type RunningQemu,
  startIncoming,
  startQemu,
  writeDeviceOnly,
} from "../../reference/doors/qemu.ts";
import { LinuxGuest } from "../proving/qemu/linux_guest.ts";
import type { LinuxSnapshot } from "../proving/qemu/linux_snapshots.ts";
import { SerialConsole } from "../proving/qemu/serial_console.ts";

let count = 0;

/** A QEMU, and the serial console of its guest. */
interface StartedQemu {
  readonly qemu: RunningQemu;
  readonly console: SerialConsole;
}

/** A resumed guest, in its own QEMU. */
export class ResumedGuest implements AsyncDisposable {
  /** Milliseconds from connecting, or from migrate-incoming, until it runs. */
  readonly milliseconds: number;
  readonly guest: LinuxGuest;
  readonly qemu: RunningQemu;
  readonly #console: SerialConsole;

  constructor({ qemu, console }: StartedQemu, milliseconds: number) {
    this.qemu = qemu;
    this.#console = console;
    this.milliseconds = milliseconds;
    this.guest = LinuxGuest.at(console);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#console[Symbol.dispose]();
    await this.qemu[Symbol.asyncDispose]();
  }
}

async function start(
  args: readonly string[],
  directory: string,
): Promise<StartedQemu> {
  const console = await SerialConsole.listen(join(directory, `c${count++}`));
  return { qemu: await startQemu([...args, ...console.args]), console };
}

/** Resumes as QEMU itself does: all of RAM is read before the guest runs. */
export async function resumeEagerly(
  { path, args }: LinuxSnapshot,
  directory: string,
): Promise<ResumedGuest> {
  const started = await start(args, directory);
  const { guest } = await startIncoming(
    started.qemu.qmp,
    { transport: "file", filename: path, offset: 0 },
    { capabilities: ["mapped-ram"] },
  );
  return new ResumedGuest(started, (await guest).milliseconds);
}

/** Resumes with RAM mapped from the file. */
export async function resumeByMap(
  saved: LinuxSnapshot,
  directory: string,
): Promise<ResumedGuest> {
  using source = openFileSource(saved.path);
  const snapshot = openSnapshotSync(source);
  const plan = planMappedResume(snapshot, {
    args: saved.args,
    qemu: await queryQemu("qemu-system-x86_64"),
  });
  const filename = join(directory, `device-only-${count++}`);
  const ranges = plan.blocks.map(({ offset, size }) =>
    findDataRanges(plan.path, { offset, length: size })
  );
  await writeDeviceOnly(snapshot, createScratchSink(filename), {
    mapped: plan.blocks.map(({ idstr }) => idstr),
    dataRanges: (await Promise.all(ranges)).flat(),
  });
  const started = await start(plan.args, directory);
  const { guest } = await startIncoming(
    started.qemu.qmp,
    { transport: "file", filename, offset: 0 },
    { capabilities: ["mapped-ram"] },
  );
  return new ResumedGuest(started, (await guest).milliseconds);
}

/** A guest resumed by postcopy, and the source that serves it. */
export class PostcopyGuest extends ResumedGuest {
  readonly source: PostcopySource;
  readonly served: Promise<void>;

  constructor(
    started: StartedQemu,
    { milliseconds, source, served }: {
      readonly milliseconds: number;
      readonly source: PostcopySource;
      readonly served: Promise<void>;
    },
  ) {
    super(started, milliseconds);
    this.source = source;
    this.served = served;
  }
}

/** Options of {@linkcode resumeByPostcopy}. */
export interface PostcopyGuestOptions extends PostcopyOptions {
  /** Wraps the channel between the source and QEMU. */
  readonly wrap?: (channel: ByteChannel) => ByteChannel;
}

/** Resumes with pages sent on request. */
export async function resumeByPostcopy(
  snapshot: Snapshot,
  args: readonly string[],
  { directory, wrap, ...options }: PostcopyGuestOptions & {
    readonly directory: string;
  },
): Promise<PostcopyGuest> {
  const source = new PostcopySource(snapshot, options);
  await source.prepare();
  const started = await start(args, directory);
  const path = `${started.qemu.directory}/migration`;
  const { guest } = await startIncoming(
    started.qemu.qmp,
    { transport: "socket", type: "unix", path },
    { capabilities: ["postcopy-ram"] },
  );
  const begin = performance.now();
  const channel = await connectSocket(`unix:${path}`);
  const served = source.serve(wrap?.(channel) ?? channel);
  served.catch(() => {});
  await guest;
  const milliseconds = performance.now() - begin;
  return new PostcopyGuest(started, { milliseconds, source, served });
}
