/**
 * Damages a sealed guest in every kind of way and reads it in every way: always
 * an `IntegrityError`, and no wrong byte.
 *
 * @module
 */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { HandlerClient } from "../../handler/handler_client.ts";
import { handlerTest } from "../page_server/handler_test_case.ts";
import { writeKnownGuest } from "../page_server/known_guest.ts";
import { RangeServer } from "../page_server/range_server.ts";
import { saveGuest, STORED } from "../qemu/failing_resume.ts";
import { qemuTest } from "../qemu/qemu_test_case.ts";
import { ScratchDirectory } from "../qemu/scratch_directory.ts";
import { type Damage, DAMAGES } from "./damages.ts";
import { readByUserfaultfd } from "./read_by_userfaultfd.ts";
import { PAGE, SealedGuest } from "./sealed_guest.ts";
import {
  type Finding,
  type Read,
  readByPostcopy,
  readFrom,
  readSync,
  REMOTE,
} from "./ways_to_read.ts";

/** Pages of the guest that no QEMU is needed for. */
const PAGES = 1024;

interface Setting {
  readonly scratch: ScratchDirectory;
  /** Of userfaultfd tests. */
  readonly client?: HandlerClient;
}

/** Makes a guest, and the way to read it. */
interface Way {
  guest(setting: Setting): Promise<{
    readonly guest: SealedGuest;
    readonly read: Read;
  }>;
  /** Defines the test. */
  define(name: string, body: (setting: Setting) => Promise<void>): void;
}

function plain(read: Read): Way {
  return {
    guest: async ({ scratch }) => ({ guest: await known(scratch), read }),
    define: (name, body) =>
      void test(name, async () => {
        using scratch = new ScratchDirectory();
        await body({ scratch });
      }),
  };
}

function userfaultfd(
  from: "file" | "URL",
  onFailure: "kill" | "stall",
): Way {
  return {
    async guest({ scratch, client }) {
      assert(client !== undefined);
      const guest = await known(scratch);
      const image = scratch.file("guest.img");
      const way = { client, image, from, onFailure };
      return { guest, read: readByUserfaultfd(way) };
    },
    define: (name, body) =>
      handlerTest(name, (client, scratch) => body({ client, scratch })),
  };
}

function postcopy(read: Read): Way {
  return {
    async guest({ scratch }) {
      for (const [name, bytes] of Object.entries(await (saved ??= save()))) {
        writeFileSync(scratch.file(name), bytes);
      }
      const pageIndex = STORED.end / PAGE - 1;
      const page = { idstr: "pc.ram", pageIndex };
      return {
        guest: await SealedGuest.seal(scratch.file("saved"), page),
        read,
      };
    },
    define: (name, body) =>
      qemuTest(name, "x86_64", (scratch) => body({ scratch })),
  };
}

/** What QEMU needs to resume the guest, by file name; made once. */
let saved: Promise<Readonly<Record<string, Uint8Array>>> | undefined;

async function save(): Promise<Readonly<Record<string, Uint8Array>>> {
  using scratch = new ScratchDirectory();
  await saveGuest(scratch);
  const names = ["saved", "guest.bin"];
  return Object.fromEntries(
    names.map((name) => [name, readFileSync(scratch.file(name))]),
  );
}

async function known(scratch: ScratchDirectory): Promise<SealedGuest> {
  const { snapshot } = await writeKnownGuest(scratch, PAGES, { full: true });
  return await SealedGuest.seal(snapshot, {
    idstr: "ram",
    pageIndex: PAGES - 1,
  });
}

const WAYS: Readonly<Record<string, Way>> = {
  "synchronously": plain(readSync),
  "asynchronously": plain(readFrom(REMOTE["alone"])),
  "with the cache inside": plain(readFrom(REMOTE["with the cache inside"])),
  "with the cache outside": plain(readFrom(REMOTE["with the cache outside"])),
  "userfaultfd, from a file; the VM waits": userfaultfd("file", "stall"),
  "userfaultfd, from a file; the VM is killed": userfaultfd("file", "kill"),
  "userfaultfd, from a URL; the VM waits": userfaultfd("URL", "stall"),
  "userfaultfd, from a URL; the VM is killed": userfaultfd("URL", "kill"),
  "postcopy, on request": postcopy(
    readByPostcopy(REMOTE["with the cache inside"], { push: false }),
  ),
  "postcopy, pushed": postcopy(
    readByPostcopy(REMOTE["with the cache outside"], { push: true }),
  ),
};

for (const [name, way] of Object.entries(WAYS)) {
  for (const damage of DAMAGES) {
    way.define(`${damage.what}: ${name}`, async (setting) => {
      await check(way, damage, setting);
    });
  }
}

async function check(
  way: Way,
  damage: Damage,
  setting: Setting,
): Promise<void> {
  const { guest, read } = await way.guest(setting);
  const { scratch } = setting;
  const before = [guest.bytes.slice(), guest.sidecar.slice()];
  await damage.apply(guest);
  const damaged = [guest.bytes.slice(), guest.sidecar.slice()];
  const show = ([bytes, sidecar]: readonly Uint8Array[]) => {
    guest.bytes.set(bytes);
    guest.sidecar.set(sidecar);
    guest.write();
  };
  if (damage.when === "while") show(before);
  else guest.write();
  const answer = () => Promise.resolve("answer" as const);
  await using file = await RangeServer.start(guest.bytes, answer);
  await using tree = await RangeServer.start(guest.sidecar, answer);
  let isDamaged = damage.when === "before";
  const { error, isOpen } = await read({
    guest,
    scratch,
    url: file.url,
    treeUrl: tree.url,
    damageNow() {
      if (!isDamaged) show(damaged);
      isDamaged = true;
    },
  });
  assert(damage.rules.includes(error.rule), error.rule);
  assert.equal(error.digest, guest.digest);
  assert.equal(isOpen ? "page" : "opening", damage.found);
  if (isOpen) assertPage(error, guest);
}

/** The page is named, or one that is read with it below the same hash block. */
function assertPage(
  { rule, page }: Finding["error"],
  guest: SealedGuest,
): void {
  if (rule === "verity-data") return assert.deepEqual(page, guest.page);
  const { idstr, pageIndex } = guest.page;
  assert.equal(page?.idstr, idstr);
  assert(page.pageIndex <= pageIndex && page.pageIndex > pageIndex - 128);
}
