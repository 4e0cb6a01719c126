import assert from "node:assert/strict";
import { test } from "node:test";
import { sealBytes } from "../testing/sealed_bytes.ts";
import { PATIENT, runGood } from "./testing/run_program.ts";
import { ScratchDirectory } from "./testing/scratch_directory.ts";
import { startSecretServer } from "./testing/secret_server.ts";
import { fixtureGuest } from "./testing/snapshot_fixture.ts";

test("transfer is what the server has served", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const file = await fixtureGuest();
  const { sidecar, digest } = sealBytes(file);
  const out = (name: string) => scratch.file(name);
  const commands: Readonly<Record<string, readonly string[]>> = {
    info: ["--map"],
    read: ["pc.ram", "0", "2M"],
    "read --out": ["pc.ram", "0", "2M", "--out", out("bytes")],
    load: [out("images")],
    convert: [out("vm.save"), "--to", "sequential"],
    "read --digest": ["pc.ram", "0", "2M", "--digest", digest],
    "info --digest": ["--digest", digest],
  };
  for (const [name, args] of Object.entries(commands)) {
    await using server = await startSecretServer(file, sidecar);
    const [command] = name.split(" ");
    const isEvents = args.some((it) => it.startsWith(scratch.path));
    const line = [command, server.url(), ...args, "--json"];
    const { stdout } = await runGood(line);
    // Of several events, the last one has it.
    const last = isEvents ? stdout.trim().split("\n").at(-1) ?? "" : stdout;
    const { transfer } = JSON.parse(last);
    assert.deepEqual(transfer, server.traffic, name);
    assert.ok(server.traffic.bytes > 0, name);
  }
});
