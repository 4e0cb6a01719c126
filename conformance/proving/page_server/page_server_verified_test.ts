import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { readProfile } from "../../../reference/doors/qemu.ts";
import {
  createFileSink,
  openFileSource,
  openSnapshot,
  sealSource,
} from "../../../mod.ts";
import { handlerTest } from "./handler_test_case.ts";
import { writeKnownGuest } from "./known_guest.ts";
import { PageServerProcess } from "./page_server_process.ts";
import { RangeServer } from "./range_server.ts";

const MIB = 0x100000;
/** A page of the guest that is not zero. */
const PAGE = 1400;

handlerTest(
  "page-server --digest serves pages that agree with it, and no other",
  async (client, scratch) => {
    const { snapshot, image } = await writeKnownGuest(scratch, 2048);
    const profile = scratch.file("profile");
    let digest: string;
    let offset: number;
    {
      using source = openFileSource(snapshot);
      const sink = createFileSink(`${snapshot}.verity`);
      ({ digest } = await sealSource(source, sink));
      const { pagesOffset } = (await openSnapshot(source)).block("ram");
      offset = pagesOffset + PAGE * 4096;
    }
    const bytes = readFileSync(snapshot);
    bytes[offset + 1] ^= 1;
    writeFileSync(snapshot, bytes);
    const socket = scratch.file("pages.sock");
    await using server = await PageServerProcess.start(socket, [
      ...[snapshot, "--digest", digest, "--no-push", "--record", profile],
      ...["--retry-for", "600", "--on-failure", "kill"],
    ]);
    const { signal, reports } = await client.run(socket, [
      `region ${8 * MIB}`,
      `image ${image}`,
      "connect",
      "touch 0 100",
      `touch ${PAGE} 1`,
    ]);
    assert.equal(signal, "SIGKILL", JSON.stringify(reports));
    assert.deepEqual(reports.map(({ command, wrong }) => [command, wrong]), [
      ["connect", undefined],
      ["touch", 0],
    ]);
    const untrusted = await server.nth("untrusted", 0);
    const { found: _, expected: __, vm: ___, ...facts } = untrusted as
      & typeof untrusted
      & Readonly<Record<string, unknown>>;
    assert.deepEqual(facts, {
      event: "untrusted",
      file: snapshot,
      offset,
      length: 4096,
      idstr: "ram",
      page: PAGE,
      rule: "verity-data",
      digest,
    });
    assert.ok(!server.events.some((it) => it.event === "retry"));
    const { message } = await server.nth("ended", 0);
    assert.equal(
      message,
      "it can no longer be served: a block is not the one of the digest",
    );
    await server.stop();
    assert.equal(readProfile(readFileSync(profile, "utf8")).digest, digest);
  },
);

handlerTest(
  "page-server --digest leaves a VM of a URL waiting, and serves others",
  async (client, scratch) => {
    const { snapshot, image } = await writeKnownGuest(scratch, 2048);
    const sidecar = `${snapshot}.verity`;
    let digest: string;
    let offset: number;
    {
      using source = openFileSource(snapshot);
      ({ digest } = await sealSource(source, createFileSink(sidecar)));
      const { pagesOffset } = (await openSnapshot(source)).block("ram");
      offset = pagesOffset + PAGE * 4096;
    }
    const bytes = readFileSync(snapshot);
    bytes[offset + 1] ^= 1;
    await using http = await RangeServer.start(
      bytes,
      () => Promise.resolve("answer"),
    );
    const socket = scratch.file("pages.sock");
    await using server = await PageServerProcess.start(socket, [
      ...[http.url, "--digest", digest, "--verity", sidecar, "--no-push"],
    ]);
    const memory = [`region ${8 * MIB}`, `image ${image}`, "connect"];
    const waiting = await client.run(socket, [
      ...[...memory, "touch 0 100", "patience 2", `touch ${PAGE} 1`],
    ]);
    assert.equal(waiting.code, 3);
    assert.equal(waiting.reports[1]?.wrong, 0);
    assert.equal(waiting.reports.at(-1)?.stalled, true);
    await server.nth("untrusted", 0);
    const other = await client.run(socket, [...memory, "touch 0 100"]);
    assert.equal(other.code, 0);
    assert.equal(other.reports[1]?.wrong, 0);
    assert.ok(!server.events.some((it) => it.event === "retry"));

    const left = await client.run(socket, [
      ...[...memory, () => server.stop("SIGKILL"), "patience 2"],
      `touch ${PAGE} 1`,
    ]);
    assert.equal(left.reports.at(-1)?.stalled, true);
  },
);
