import type { BlockRun } from "../../../format/bitmap/mod.ts";
import type { Snapshot } from "../../reading/mod.ts";
import { IntegrityError, SourceError } from "../../sources/mod.ts";
import type { WorkingSetRecorder } from "../../working_set/mod.ts";
import { countOf } from "../output/format_count.ts";
import { openPostcopyLink, type PostcopyLink } from "./postcopy_link.ts";
import { reportRestored } from "./report_restored.ts";
import type { ResumeArguments } from "./resume_arguments.ts";
import type { Destination } from "./resume_destination.ts";
import { explainLoss } from "./resume_failure.ts";
import type { ResumeProfiles } from "./resume_profiles.ts";
import type { ResumeProgress, ResumeReport } from "./resume_report.ts";

/** Options of resuming a guest. */
export interface PostcopySession {
  readonly request: ResumeArguments;
  /** The QEMU, if it has a monitor. */
  readonly destination: Destination | undefined;
  readonly profiles: ResumeProfiles;
  readonly report: ResumeReport;
  /** Returns the bytes read from the snapshot so far. */
  readonly bytesRead: () => number;
  /**
   * Keeps what would be lost by stopping while the guest needs this process.
   */
  readonly onNeeded: (needed: boolean) => void;
  readonly signal: AbortSignal;
}

/** Milliseconds in which QEMU should end after closing its monitor. */
const LEAVING = 2000;
/** Milliseconds between two messages about failed reads. */
const RETRY_INTERVAL = 5000;

/**
 * Acts as the source of a migration until the destination has all pages, or its
 * guest ends. Returns the error if the profile cannot be written, which does
 * not stop the guest.
 */
export async function resumeByPostcopy(
  snapshot: Snapshot,
  session: PostcopySession,
): Promise<unknown> {
  const { request, destination, profiles, report, signal } = session;
  const { maxBandwidth, push, dirtyBitmaps, retryFor } = request.postcopy;
  const link = await openPostcopyLink(snapshot, {
    request,
    destination,
    signal,
    options: {
      maxBandwidth,
      push,
      dirtyBitmaps,
      retryFor,
      signal,
      pushFirst: profiles.first,
      onRetry: retryTeller(report),
      onRequest: profiles.recorder && requestRecorder(profiles.recorder),
    },
  });
  let unsaved: unknown;
  try {
    await follow(link, session);
  } finally {
    session.onNeeded(false);
    unsaved = await saveProfile(session);
  }
  return unsaved;
}

/** Writes the profile of `--record`; returns the error, if any. */
async function saveProfile(
  { request: { record }, profiles, report }: PostcopySession,
): Promise<unknown> {
  if (record === undefined) return undefined;
  try {
    const pages = await profiles.save();
    report.note(`recorded ${countOf(pages, "page")} in ${record}`);
    return undefined;
  } catch (error) {
    report.note(error instanceof Error ? error.message : String(error));
    return error;
  }
}

/** Reports progress until all pages are sent or the guest ends. */
async function follow(
  link: PostcopyLink,
  session: PostcopySession,
): Promise<void> {
  const { report } = session;
  const begun = performance.now();
  const progress = (): ResumeProgress => ({
    ...link.source.statistics,
    bytesRead: session.bytesRead(),
    milliseconds: performance.now() - begun,
  });
  report.running(link.status, link.milliseconds);
  session.onNeeded(true);
  const timer = setInterval(
    () => report.progress(progress()),
    report.interval,
  );
  try {
    const isWhole = await untilEnd(link, session);
    if (isWhole) await reportRestored(link.incoming, session);
    report.done(progress(), isWhole);
  } finally {
    clearInterval(timer);
  }
}

/** Returns whether all pages were sent before the guest ended. */
async function untilEnd(
  { served, incoming, name }: PostcopyLink,
  { request, destination, report, signal }: PostcopySession,
): Promise<boolean> {
  const over = served.then(() => true, () => true);
  const completed = incoming?.completed.catch(async (error) => {
    if (!destination?.qmp.isClosed) throw error;
    if (await Promise.race([over, isGone(destination)])) return;
    // The migration channel shows whether the guest continues.
    report.note("QEMU closed its monitor; the guest still gets its pages");
  });
  const all = Promise.all([served, completed]).then(() => true);
  const ended = destination?.gone.then(() => false) ??
    new Promise<never>(() => {});
  try {
    return await Promise.race([all, ended]);
  } catch (error) {
    signal.throwIfAborted();
    // The guest ends because its pages cannot be trusted.
    if (error instanceof IntegrityError) throw error;
    // QEMU closes the channel a moment before it ends.
    if (await isGone(destination)) return false;
    // Without pushing there is no other way to end.
    const hungUp = error instanceof SourceError && error.source === name;
    if (hungUp && !request.postcopy.push) return false;
    throw explainLoss(error);
  }
}

async function isGone(destination: Destination | undefined): Promise<boolean> {
  if (destination === undefined) return false;
  const timeout = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => timeout.resolve(false), LEAVING);
  try {
    return await Promise.race([
      destination.gone.then(() => true),
      timeout.promise,
    ]);
  } finally {
    clearTimeout(timer);
  }
}

/** Returns a callback that records requested pages. */
function requestRecorder(
  recorder: WorkingSetRecorder,
): (run: BlockRun) => void {
  return ({ idstr, first, end }) => {
    for (let page = first; page < end; page++) recorder.record(idstr, page);
  };
}

/** Returns a callback that reports failed reads from time to time. */
function retryTeller(report: ResumeReport): (error: SourceError) => void {
  let lastMessage = -Infinity;
  return (error) => {
    const now = performance.now();
    if (now - lastMessage < RETRY_INTERVAL) return;
    lastMessage = now;
    report.note(`${error.message}; retrying, the guest may have to wait`);
  };
}
