import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { ByteWriter, rangeEnd } from "../../format/bytes/mod.ts";
import { openSnapshot } from "../reading/mod.ts";
import { saveSnapshot } from "../saving/mod.ts";
import { memorySink } from "../sinks/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { savedFile, testMemory } from "../testing/saved_file.ts";
import { snapshotIdentity } from "./snapshot_identity.ts";

const RAM = testMemory(8, [1, 2]);
const STATE = new TextEncoder().encode("state of a device");

async function identityOf(file: Uint8Array, offset = 0): Promise<string> {
  return await snapshotIdentity(
    await openSnapshot(memorySource(file), { offset }),
  );
}

/** Returns the file with a FULL section before its EOF, and without trailer. */
async function withState(file: Uint8Array, state: Uint8Array) {
  const snapshot = await openSnapshot(memorySource(file));
  const { ramEnd } = snapshot.index;
  const section = new ByteWriter().u8(4).be32(7).countedString("device")
    .be32(0).be32(1).bytes(state).u8(0x7e).be32(7).finish();
  const text = JSON.stringify({
    devices: [{
      name: "device",
      instance_id: 0,
      fields: [{ name: "data", size: state.length }],
    }],
  });
  const end = new ByteWriter().u8(0).u8(6).be32(text.length).text(text)
    .finish();
  return {
    section,
    file: new ByteWriter().bytes(file.subarray(0, ramEnd)).bytes(section)
      .bytes(end).finish(),
  };
}

test("an identity is the digest of names, sizes, and device state", async () => {
  const plain = await savedFile({ "pc.ram": RAM, rom: RAM }, { machine: "pc" });
  const { file, section } = await withState(plain, STATE);
  const described = new ByteWriter().text("mapped-ram-identity 1\n")
    .u8(2).text("pc").be32(2)
    .u8(6).text("pc.ram").be64(0x8000).be64(0x1000)
    .u8(3).text("rom").be64(0x8000).be64(0x1000)
    .bytes(section).u8(0).finish();
  assert.equal(
    await identityOf(file),
    createHash("sha256").update(described).digest("hex"),
  );
});

test("a copy has the same identity, whatever the offsets of its parts", async () => {
  const { file } = await withState(await savedFile({ ram: RAM }), STATE);
  const snapshot = await openSnapshot(memorySource(file));
  const identity = await snapshotIdentity(snapshot);
  const sink = memorySink();
  const source = memorySource(new Uint8Array(0x8000));
  const blocks = [{ idstr: "ram", source }];
  await saveSnapshot(sink, blocks, { deviceStateFrom: snapshot });
  assert.equal(await identityOf(sink.bytes()), identity);

  const moved = new Uint8Array(0x100000 + file.length);
  moved.set(file, 0x100000);
  const [{ entry, bitmapOffset, pagesOffset }] = snapshot.index.blocks;
  const header = new DataView(moved.buffer, 0x100000 + rangeEnd(entry) - 16);
  header.setBigUint64(0, BigInt(0x100000 + bitmapOffset));
  header.setBigUint64(8, BigInt(0x100000 + pagesOffset));
  assert.equal(await identityOf(moved, 0x100000), identity);

  const trailer = new ByteWriter().bytes(file).text("trailer").finish();
  assert.equal(await identityOf(trailer), identity);
});

test("different snapshots have different identities", async () => {
  const plain = await savedFile({ ram: RAM }, { machine: "pc" });
  const other = STATE.slice();
  other[3] ^= 1;
  const files = [
    plain,
    (await withState(plain, STATE)).file,
    (await withState(plain, other)).file,
    await savedFile({ ram: RAM }, { machine: "q35" }),
    await savedFile({ mem: RAM }, { machine: "pc" }),
    await savedFile({ ram: testMemory(9, [1]) }, { machine: "pc" }),
    await savedFile({ ram: RAM }, { machine: "pc", pageSize: 8192 }),
    await savedFile({ ram: RAM, rom: RAM }, { machine: "pc" }),
    await savedFile({ rom: RAM, ram: RAM }, { machine: "pc" }),
  ];
  const identities = await Promise.all(files.map((file) => identityOf(file)));
  assert.equal(new Set(identities).size, files.length);
});

test("an identity covers 16 MiB of device state, and reads no more", async () => {
  const plain = await savedFile({ ram: RAM });
  const state = new Uint8Array(0x1000000 + 100);
  const { file } = await withState(plain, state);
  const identity = await identityOf(file);
  state[0x1000000 - 100] = 1;
  assert.notEqual(
    await identityOf((await withState(plain, state)).file),
    identity,
  );
  state[0x1000000 - 100] = 0;
  state[0x1000000 + 50] = 1;
  const changed = (await withState(plain, state)).file;
  assert.equal(await identityOf(changed), identity);

  const source = memorySource(changed);
  let longest = 0;
  const snapshot = await openSnapshot({
    name: "watched",
    byteLength: source.byteLength,
    readInto(target, offset) {
      longest = Math.max(longest, target.length);
      return source.readInto(target, offset);
    },
  });
  await snapshotIdentity(snapshot);
  assert.equal(longest, 0x1000000);
});

test("snapshotIdentity() stops when its signal aborts", async () => {
  const snapshot = await openSnapshot(
    memorySource(await savedFile({ ram: RAM })),
  );
  const reason = new Error("enough");
  await assert.rejects(
    snapshotIdentity(snapshot, { signal: AbortSignal.abort(reason) }),
    reason,
  );
});
