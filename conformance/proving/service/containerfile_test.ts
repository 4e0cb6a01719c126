import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
} from "node:fs";
import { env, execPath, getuid, kill, pid as processId } from "node:process";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ROOT } from "../documents/document_blocks.ts";
import { expectRight } from "../page_server/expect_right.ts";
import { handlerTest } from "../page_server/handler_test_case.ts";
import { writeKnownGuest } from "../page_server/known_guest.ts";
import { findPrograms } from "../qemu/find_program.ts";
import { Buildah } from "./buildah.ts";

const FILE = `${ROOT}docs/container/Containerfile`;
const PROGRAM = "/usr/bin/mapped-ram";
/** The user in the file. */
const USER = 65532;

const reason = !("Deno" in globalThis)
  ? "Deno builds the program"
  : env.MAPPED_RAM_REQUIRE_BUILDAH === "1"
  ? undefined
  : findPrograms("buildah").length === 0
  ? "buildah is not installed"
  : getuid?.() !== 0
  ? "buildah runs programs as root"
  : undefined;
const imageTest: typeof handlerTest = reason === undefined
  ? handlerTest
  : (name) => test(`${name} (skipped: ${reason})`, { skip: true }, () => {});

imageTest(
  "the image serves VMs as a user without rights and capabilities",
  async (client, scratch) => {
    const release = scratch.file("release");
    const options = ["--only", "executable", "--out", release];
    execFileSync(
      execPath,
      ["run", "--allow-all", `${ROOT}.ci/build/main.ts`, ...options],
      { stdio: "pipe" },
    );
    const buildah = new Buildah(scratch.file("buildah"));
    buildah.makeBase("base", `${release}/mapped-ram`);
    buildah.run(
      ...["build", "--quiet", "--isolation", "chroot", "--file", FILE],
      ...["--build-arg", "BASE=localhost/base", "--tag", "mapped-ram", release],
    );
    const container = buildah.run("from", "localhost/mapped-ram");
    const [guest, run] = ["guest", "run"].map(scratch.file.bind(scratch));
    mkdirSync(guest);
    mkdirSync(run);
    const { image } = await writeKnownGuest(
      { file: (name) => `${guest}/${name}` },
      4096,
    );
    for (const it of [guest, run]) chownSync(it, USER, USER);
    chmodSync(`${guest}/guest.mr`, 0o644);
    const name = `pages-${processId}.sock`;
    const [program, ...args] = buildah.commandLine(
      ...["run", "--isolation", "chroot", "--volume", `${guest}:/guest:ro`],
      ...["--volume", `${run}:/run/mapped-ram`, container, "--", PROGRAM],
      ...["page-server", "/guest/guest.mr"],
      ...["--listen", `unix:/run/mapped-ram/${name}`],
    );
    const running = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    const output = Promise.all([text(running.stdout), text(running.stderr)]);
    const ended = once(running, "exit");
    while (!existsSync(`${run}/${name}`) && running.exitCode === null) {
      await sleep(20);
    }
    if (running.exitCode !== null) assert.fail(String(await output));
    const server = findProcess(name);
    try {
      const status = readFileSync(`/proc/${server}/status`, "utf8");
      assert.match(status, new RegExp(`^Uid:\\s+${USER}\\b`, "m"));
      assert.match(status, /^CapEff:\s+0+$/m);
      await expectRight(client, `${run}/${name}`, [
        `region ${4096 * 4096}`,
        `image ${image}`,
        "connect",
        "touch 0 0",
      ]);
    } finally {
      kill(server, "SIGTERM");
    }
    assert.deepEqual((await ended)[0], 0, String(await output));
  },
);

/** Returns the process of the program in the container, by its arguments. */
function findProcess(argument: string): number {
  for (const pid of readdirSync("/proc").filter((it) => /^\d+$/.test(it))) {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      if (line.startsWith(`${PROGRAM}\0`) && line.includes(argument)) {
        return Number(pid);
      }
    } catch {
      // It has ended.
    }
  }
  throw new Error(`No process of ${PROGRAM} has an argument ${argument}`);
}
