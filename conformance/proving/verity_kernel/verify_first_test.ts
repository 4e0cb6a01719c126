import assert from "node:assert/strict";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { env } from "node:process";
import { test } from "node:test";
import { findPrograms } from "../qemu/find_program.ts";
import { ScratchDirectory } from "../qemu/scratch_directory.ts";
import { flipByte } from "./flip_byte.ts";
import { type GuestPages, readGuestPages } from "./read_guest_pages.ts";
import { type SealedGuest, sealedGuest } from "./sealed_guest.ts";

const PAGES = [17, 18];
const UNTRUSTED = 3;

verityTest(
  "resume maps a file that it has checked first",
  async (scratch, guest) => {
    const pages = await mapped(scratch, guest);
    assert.deepEqual(pages, { pages: PAGES.map((it) => guest.hashOf(it)) });
  },
);

verityTest(
  "resume starts no QEMU if the file that it checks first is damaged",
  async (scratch, guest) => {
    flipByte(guest.path, guest.placeOf(17) + 4095);
    const started = scratch.file("started");
    const qemu = program(scratch, `touch '${started}'`);
    const { pages, exit } = await mapped(scratch, guest, { qemu });
    assert.deepEqual(pages, []);
    assert.equal(exit?.code, UNTRUSTED);
    assert.match(exit.stderr, /page 17 of RAMBlock "pc\.ram"/);
    assert.throws(() => readFileSync(started));
  },
);

verityTest(
  "QEMU maps the file that was checked, whatever has its name by then",
  async (scratch, guest) => {
    const other = scratch.file("other");
    copyFileSync(guest.path, other);
    flipByte(other, guest.placeOf(17) + 4095);
    // By then the device state is read, or the change is noticed.
    const qemu = program(
      scratch,
      `sleep 2; mv '${other}' '${guest.path}'; exec qemu-system-x86_64 "$@"`,
    );
    const { pages, exit } = await mapped(scratch, guest, { qemu });
    if (exit === undefined) {
      assert.deepEqual(pages, PAGES.map((it) => guest.hashOf(it)));
    } else assert.match(exit.stderr, /there is another file at/);
  },
);

verityTest(
  "resume explains why a QEMU that cannot access the process cannot map",
  async (scratch, guest) => {
    const words = "can't open backing store /proc/1/fd/9 for guest RAM: no";
    const qemu = program(scratch, `echo "qemu: ${words}" >&2; exit 1`);
    const { exit } = await mapped(scratch, guest, { qemu });
    assert.match(exit?.stderr ?? "", /for guest RAM: no: .*use --via postcopy/);
  },
);

verityTest(
  "resume maps no file with a digest that nothing enforces",
  async (scratch, guest) => {
    const { exit } = await mapped(scratch, guest, { isFirst: false });
    assert.equal(exit?.code, 1);
    assert.match(
      exit.stderr,
      /not enabled for it; .* \(fsverity enable \S*saved, --verify-first, or --via postcopy\)\n$/,
    );
  },
);

/** Resumes a guest with its digest, and reads the pages. */
async function mapped(
  scratch: ScratchDirectory,
  { path, digest }: SealedGuest,
  { qemu, isFirst = true }: {
    readonly qemu?: string;
    readonly isFirst?: boolean;
  } = {},
): Promise<GuestPages> {
  return await readGuestPages({
    file: path,
    bios: scratch.file("guest.bin"),
    pages: PAGES,
    options: ["--digest", digest, ...isFirst ? ["--verify-first"] : []],
    ...qemu === undefined ? {} : { qemu },
  });
}

/** Writes a shell script to start as QEMU. */
function program(scratch: ScratchDirectory, script: string): string {
  const path = scratch.file("program");
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

function verityTest(
  name: string,
  body: (scratch: ScratchDirectory, guest: SealedGuest) => Promise<void>,
): void {
  const missing = ["qemu-system-x86_64", "fsverity"]
    .filter((it) => findPrograms(it).length === 0);
  const reason = `${missing.join(" and ")} not in PATH`;
  if (missing.length === 0 || env.MAPPED_RAM_REQUIRE_QEMU === "1") {
    test(name, { timeout: 120_000 }, async () => {
      using scratch = new ScratchDirectory();
      await body(scratch, await sealedGuest(scratch));
    });
  } else test(`${name} (skipped: ${reason})`, { skip: reason }, () => {});
}
