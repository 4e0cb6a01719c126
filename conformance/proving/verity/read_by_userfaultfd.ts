import assert from "node:assert/strict";
import {
  type PagerEvent,
  PageServer,
  PageServerMetrics,
} from "../../../reference/doors/linux.ts";
import { IntegrityError } from "../../../mod.ts";
import type { HandlerClient } from "../../handler/handler_client.ts";
import { PAGE } from "./sealed_guest.ts";
import type { Finding, Read, Reading } from "./ways_to_read.ts";

type Untrusted = Extract<PagerEvent, { kind: "untrusted" }>;

/** How a VM is served. */
export interface ServedWay {
  readonly client: HandlerClient;
  /** Path of a file with the memory of the VM. */
  readonly image: string;
  readonly from: "file" | "URL";
  readonly onFailure: "kill" | "stall";
}

/**
 * Lets a VM touch the page, whose client compares what it sees. Other VMs of
 * the same server go on.
 */
export function readByUserfaultfd(way: ServedWay): Read {
  return async (reading) => {
    const { scratch, damageNow, guest: { page } } = reading;
    const path = scratch.file("pages.sock");
    const events: PagerEvent[] = [];
    const metrics = new PageServerMetrics();
    let server;
    try {
      server = await start(reading, way, {
        path,
        onEvent(event) {
          events.push(event);
          metrics.take(event);
        },
      });
    } catch (error) {
      assert(error instanceof IntegrityError, String(error));
      return { error, isOpen: false };
    }
    await using _server = server;
    const head = [`region ${1024 * PAGE}`, `image ${way.image}`, "patience 3"];
    const result = await way.client.run(path, [
      ...[...head, "connect", "touch 0 64"],
      damageNow,
      `touch ${page.pageIndex} 1`,
    ]);
    const seen = JSON.stringify(result);
    if (way.onFailure === "kill") assert.equal(result.signal, "SIGKILL", seen);
    else assert.equal(result.reports.at(-1)?.stalled, true, seen);
    assert(result.reports.every(({ wrong = 0 }) => wrong === 0), seen);
    const other = await way.client.run(path, [
      ...[...head, "connect", "touch 0 64"],
    ]);
    assert.equal(other.code, 0, JSON.stringify(other));
    const kinds = events.filter((it) => "vm" in it && it.vm === 1)
      .map(({ kind }) => kind);
    assert(!kinds.includes("retry"), String(kinds));
    for (const kind of ["untrusted", "failed", "ended"] as const) {
      assert.equal(kinds.filter((it) => it === kind).length, 1, String(kinds));
    }
    assert.equal(kinds.includes("killed"), way.onFailure === "kill");
    assert.match(metrics.text(), /_integrity_failures_total 1\n/);
    return { error: errorOf(events), isOpen: true };
  };
}

async function start(
  { guest: { path, tree, digest }, url, treeUrl }: Reading,
  { from, onFailure }: ServedWay,
  options: Pick<Parameters<typeof PageServer.start>[1], "path" | "onEvent">,
): Promise<PageServer> {
  return await PageServer.start(from === "file" ? path : url, {
    ...options,
    verity: { digest, tree: from === "file" ? tree : treeUrl },
    background: false,
    onFailure,
  });
}

function errorOf(events: readonly PagerEvent[]): Finding["error"] {
  const event = events.find((it): it is Untrusted => it.kind === "untrusted");
  assert(event !== undefined);
  const { rule, digest, idstr, page } = event;
  assert(idstr !== undefined && page !== undefined);
  return { rule, digest, page: { idstr, pageIndex: page } };
}
