import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { LINUX } from "./linux_constants.ts";
import {
  check,
  closeDescriptor,
  linux,
  SystemCallError,
} from "../system/mod.ts";
import { notifyReady, receive } from "./mod.ts";
import { UnixAddress } from "./unix_address.ts";

test("notifyReady() tells a service manager, and fails if there is none", {
  skip: process.platform === "linux" ? false : "only on Linux",
}, () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("notify");
  assert.throws(() => notifyReady(path), SystemCallError);
  const { call } = linux();
  const manager = check(call.socket(LINUX.AF_UNIX, LINUX.SOCK_DGRAM, 0), "");
  try {
    using address = new UnixAddress(path);
    check(call.bind(manager, address.address, address.length), "");
    notifyReady(path);
    const bytes = receive(manager)?.bytes;
    assert.equal(new TextDecoder().decode(bytes), "READY=1");
  } finally {
    closeDescriptor(manager);
  }
});
