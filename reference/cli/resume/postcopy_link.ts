import { type PostcopyOptions, PostcopySource } from "../../migration/mod.ts";
import {
  type IncomingMigration,
  isObject,
  queryRAMBlocks,
  startIncoming,
} from "../../qemu/mod.ts";
import type { Snapshot } from "../../reading/mod.ts";
import { connectSocket } from "../../sockets/mod.ts";
import type { ResumeArguments } from "./resume_arguments.ts";
import type { Destination } from "./resume_destination.ts";
import { explainFailure } from "./resume_failure.ts";

/** A guest that runs at the destination, without its pages. */
export interface PostcopyLink {
  /** The source that serves its pages. */
  readonly source: PostcopySource;
  /** Settles when all pages are served, or the connection ends. */
  readonly served: Promise<void>;
  /** QEMU's status of the migration, if it can be queried. */
  readonly incoming: IncomingMigration | undefined;
  /** Name of the channel, which its errors have as their source. */
  readonly name: string;
  /** QEMU's name of the guest's state. */
  readonly status: string;
  /** Milliseconds until it was running. */
  readonly milliseconds: number;
}

/** Options of sending a guest. */
export interface LinkOptions {
  readonly request: ResumeArguments;
  /** The QEMU, if it has a monitor. */
  readonly destination: Destination | undefined;
  /** Options of the migration source. */
  readonly options: PostcopyOptions;
  readonly signal: AbortSignal;
}

/** Sends the guest to QEMU, and starts to serve its pages. */
export async function openPostcopyLink(
  snapshot: Snapshot,
  link: LinkOptions,
): Promise<PostcopyLink> {
  const { destination } = link;
  let incoming: IncomingMigration | undefined;
  try {
    const address = addressOf(link);
    const sizes = await pageSizes(snapshot, link);
    const loaded = Promise.withResolvers<void>();
    const options = {
      ...link.options,
      ...sizes,
      onLoaded: () => loaded.resolve(),
    };
    const preempts = await hasPreempt(link);
    const early = new PostcopySource(snapshot, options);
    // Errors of the source come before any command to QEMU.
    await early.prepare();
    const begun = performance.now();
    if (destination !== undefined) {
      incoming = await listen(destination, { address, preempts, link });
    }
    const { signal } = link;
    const channel = await connectSocket(address, { signal });
    const source = preempts
      ? new PostcopySource(snapshot, {
        ...options,
        preempt: await connectSocket(address, { signal }),
      })
      : early;
    const served = source.serve(channel);
    served.catch(() => {});
    const arrived = arrive(loaded.promise, { incoming, link, begun });
    const failed = served.then(() => new Promise<never>(() => {}));
    const there = Promise.race([arrived, failed]);
    const guest = await (destination?.whileRunning(there) ?? there);
    return { source, served, incoming, name: channel.name, ...guest };
  } catch (error) {
    link.signal.throwIfAborted();
    throw await explainFailure(error, link.request, { destination, incoming });
  }
}

/** Returns the address at which QEMU waits, or will wait, for the migration. */
function addressOf({ request, destination }: LinkOptions): string {
  return request.incoming ?? `unix:${destination?.directory}/migration`;
}

async function pageSizes(
  snapshot: Snapshot,
  { destination, request, signal }: LinkOptions,
): Promise<Pick<PostcopyOptions, "hostPageSize" | "hugePageSizes">> {
  const given = request.postcopy.pageSizes;
  if (destination === undefined) return { hugePageSizes: given };
  const ours = new Set(snapshot.blocks.map(({ idstr }) => idstr));
  const sizes = new Map(
    (await queryRAMBlocks(destination.qmp, { signal }))
      .filter(({ idstr }) => ours.has(idstr))
      .map(({ idstr, hostPageSize }) => [idstr, hostPageSize]),
  );
  return {
    // Only some RAMBlocks of a machine are in huge pages.
    ...(sizes.size === 0 ? {} : { hostPageSize: Math.min(...sizes.values()) }),
    hugePageSizes: { ...Object.fromEntries(sizes), ...given },
  };
}

/** Whether QEMU expects a separate channel for requested pages. */
async function hasPreempt(
  { destination, request, signal }: LinkOptions,
): Promise<boolean> {
  if (request.postcopy.preempt || destination === undefined) {
    return request.postcopy.preempt;
  }
  const capabilities = await destination.qmp.execute(
    "query-migrate-capabilities",
    {},
    { signal },
  );
  return Array.isArray(capabilities) &&
    capabilities.some((it) =>
      isObject(it) && it.capability === "postcopy-preempt" && it.state === true
    );
}

async function listen(
  { qmp }: Destination,
  { address, preempts, link }: {
    readonly address: string;
    readonly preempts: boolean;
    readonly link: LinkOptions;
  },
): Promise<IncomingMigration> {
  const { request, signal } = link;
  const { paused } = request;
  // Before any data has arrived, this reflects QEMU's option -S.
  if (paused) await qmp.execute("stop", {}, { signal });
  return await startIncoming(qmp, address, {
    capabilities: ["postcopy-ram", ...preempts ? ["postcopy-preempt"] : []],
    start: !paused,
    timeout: Infinity,
    signal,
  });
}

/** Waits until the guest runs, or is loaded and stays paused. */
async function arrive(
  loaded: Promise<void>,
  { incoming, link, begun }: {
    readonly incoming: IncomingMigration | undefined;
    readonly link: LinkOptions;
    readonly begun: number;
  },
): Promise<{ readonly status: string; readonly milliseconds: number }> {
  const { paused } = link.request;
  if (incoming !== undefined && !paused) return await incoming.guest;
  await loaded;
  const milliseconds = performance.now() - begun;
  return { status: paused ? "paused" : "running", milliseconds };
}
