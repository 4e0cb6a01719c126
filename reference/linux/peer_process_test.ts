import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { platform } from "node:process";
import { test } from "node:test";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { PeerProcess } from "./peer_process.ts";
import { closeDescriptor } from "../system/mod.ts";
import { acceptUnix, listenUnix } from "./unix_listener.ts";

const skip = platform === "linux" ? false : "not Linux";

/** Connects to a socket and runs until its standard input ends. */
const CLIENT = `
  const { connect } = await import("node:net");
  const socket = connect(process.argv.at(-1));
  socket.on("connect", () => console.log("connected"));
  process.stdin.on("end", () => process.exit()).resume();
`;

async function connectAs(path: string) {
  const args = "Deno" in globalThis
    ? ["eval", "--ext=js", CLIENT.replace("process.argv", "Deno.args"), path]
    : ["-e", CLIENT, path];
  const child = spawn(process.execPath, args, {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

for (const by of ["socket", "number"] as const) {
  test(
    `PeerProcess.of() by the ${by} kills no process that is not a VM or has ended`,
    {
      skip,
    },
    async () => {
      using folder = new ScratchFolder();
      const path = folder.file("socket");
      const listener = listenUnix(path);
      const child = await connectAs(path);
      const first = acceptUnix(listener) ?? -1;
      const peer = PeerProcess.of(first, { by });
      assert.equal(peer.pid, child.pid);
      assert.notEqual(peer.fd, undefined);
      assert.throws(() => peer.kill(), /it is not a VM: none of its memory/);
      child.stdin.end();
      const [code] = await once(child, "exit");
      assert.equal(code, 0);
      assert.throws(() => peer.kill(), /has ended/);
      peer[Symbol.dispose]();
      closeDescriptor(first);
      closeDescriptor(listener);
    },
  );
}
