import assert from "node:assert/strict";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import {
  createFileSink,
  openFileSource,
  openSnapshot,
  sealSource,
} from "../../../mod.ts";
import { readProfile } from "../../../reference/doors/qemu.ts";
import { servedPlaces } from "../http/served_places.ts";
import { saveGuest, STORED, watched } from "./failing_resume.ts";
import { PageToucher } from "./page_toucher.ts";
import { qemuTest } from "./qemu_test_case.ts";
import { ResumeCommand } from "./resume_command.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";

/** A stored page that the guest does not access by itself. */
const PAGE = STORED.end / 4096 - 1;

/** A saved guest with its sidecar. */
interface SealedGuest {
  readonly path: string;
  readonly digest: string;
  /** Position of {@linkcode PAGE} in the file. */
  readonly offset: number;
}

async function sealGuest(scratch: ScratchDirectory): Promise<SealedGuest> {
  const path = await saveGuest(scratch);
  using source = openFileSource(path);
  const sink = createFileSink(`${path}.verity`);
  const { digest } = await sealSource(source, sink);
  const { pagesOffset } = (await openSnapshot(source)).block("pc.ram");
  return { path, digest, offset: pagesOffset + PAGE * 4096 };
}

/** Flips a bit of a page in the file. */
function damage({ path, offset }: SealedGuest): void {
  const file = openSync(path, "r+");
  try {
    writeSync(file, Uint8Array.of(0xa5 ^ 0x10), 0, 1, offset + 100);
  } finally {
    closeSync(file);
  }
}

qemuTest(
  "a guest runs whose pages agree with the digest",
  "x86_64",
  async (scratch) => {
    const guest = await sealGuest(scratch);
    for await (const place of servedPlaces(scratch.path, "saved")) {
      const profile = scratch.file("profile");
      const digest = ["--digest", guest.digest];
      const recording = ["--no-push", "--record", profile, "--force"];
      const line = [place, ...digest, ...recording, "--", ...watched(scratch)];
      await using command = new ResumeCommand(scratch.path, line);
      await command.said(/resuming by postcopy/);
      await command.said(/running/);
      const page = await PageToucher.open(scratch);
      page.touch(PAGE * 4096);
      await page[Symbol.asyncDispose]();
      assert.equal(page.bytes.length, 4096);
      assert.ok(page.bytes.every((it) => it === 0xa5));
      command.signal("SIGTERM");
      await command.exited;
      const recorded = readProfile(readFileSync(profile, "utf8"));
      assert.equal(recorded.digest, guest.digest);
    }
  },
);

qemuTest(
  "a guest sees no byte of a page that does not agree with the digest",
  "x86_64",
  async (scratch) => {
    const guest = await sealGuest(scratch);
    damage(guest);
    for await (const place of servedPlaces(scratch.path, "saved")) {
      const digest = ["--digest", guest.digest];
      const line = [place, ...digest, "--no-push", "--json"];
      await using command = new ResumeCommand(scratch.path, [
        ...[...line, "--", ...watched(scratch)],
      ]);
      const isRunning = () =>
        command.events.some((it) => it.event === "running");
      await command.until("running", isRunning);
      await using page = await PageToucher.open(scratch);
      page.touch(PAGE * 4096);
      const { code, stderr } = await command.exited;
      assert.equal(code, 3, stderr);
      assert.match(
        stderr,
        /^error: Cannot trust ".*saved": page 1023 of RAMBlock "pc\.ram", .*\(verity-data\); the file was damaged .*$/m,
      );
      assert.ok(stderr.includes(guest.digest));
      assert.equal(page.bytes.length, 0);
      const event = command.events.at(-1);
      assert.equal(event?.event, "untrusted");
      assert.equal(event.page, PAGE);
      assert.equal(event.offset, guest.offset);
      assert.ok(!command.events.some((it) => it.event === "note"));
    }
  },
);

qemuTest(
  "a page that does not agree with the digest is not pushed",
  "x86_64",
  async (scratch) => {
    const guest = await sealGuest(scratch);
    damage(guest);
    await using command = new ResumeCommand(scratch.path, [
      ...[guest.path, "--digest", guest.digest, "--", ...watched(scratch)],
    ]);
    const { code, stderr } = await command.exited;
    assert.match(stderr, /^error: Cannot trust ".*saved": page 1023 of /m);
    assert.doesNotMatch(stderr, /all pages are sent|ended before/);
    assert.equal(code, 3);
  },
);

qemuTest(
  "a guest does not start from a file whose headers do not agree with the digest",
  "x86_64",
  async (scratch) => {
    const guest = await sealGuest(scratch);
    damage({ ...guest, offset: 0 });
    const line = [guest.path, "--digest", guest.digest];
    for (const way of [[], ["--via", "postcopy"], ["--via", "map"]]) {
      await using command = new ResumeCommand(scratch.path, [
        ...[...line, ...way, "--", ...watched(scratch)],
      ]);
      const { code, stderr } = await command.exited;
      assert.match(stderr, /^error: Cannot trust ".*saved": byte 0x0/);
      assert.equal(code, 3);
    }
  },
);
