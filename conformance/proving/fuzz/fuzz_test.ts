import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { randomNumbers } from "../faults/random_numbers.ts";
import { AllocationMeter } from "./allocation_meter.ts";
import { changeToken } from "./change_token.ts";
import { checkTarget } from "./check_target.ts";
import { snapshotSeeds, TEXT_SEEDS } from "./fuzz_seeds.ts";
import { FUZZ_TARGETS, type FuzzTarget } from "./fuzz_targets.ts";
import { fuzz, type FuzzFinding } from "./main.ts";
import { mutateSeed } from "./mutate_seed.ts";

/** Makes a target that misbehaves with any input. */
function bad(run: FuzzTarget["run"]): FuzzTarget {
  return { name: "bad", input: "snapshot", run };
}

test("checkTarget() detects wrong errors, large buffers and too many reads", async () => {
  using meter = new AllocationMeter();
  const input = new Uint8Array(1000);
  const cases: [FuzzTarget["run"], RegExp][] = [
    [() => Promise.reject(new TypeError("oh")), /TypeError: oh/],
    [() => Promise.reject(new RangeError("oh")), /RangeError: oh/],
    [(source) => source.readInto(new Uint8Array(8), 999), /Error: Read of/],
    [() => Promise.resolve(new Uint8Array(2 ** 21)), /allocated 2097152/],
    [() => Promise.resolve(new ArrayBuffer(2 ** 21)), /allocated 2097152/],
    [(source) => {
      const target = new Uint8Array(1000);
      for (let n = 0; n < 9000; n++) source.readIntoSync(target, 0);
      return Promise.resolve();
    }, /read 9000000 bytes/],
    [(source) => {
      const target = new Uint8Array(1);
      for (let n = 0; n < 5000; n++) source.readIntoSync(target, 0);
      return Promise.resolve();
    }, /read 5000 times/],
  ];
  for (const [run, wrong] of cases) {
    assert.match(await checkTarget(bad(run), input, meter) ?? "", wrong);
  }
  const good = bad((source) => source.readInto(new Uint8Array(1000), 0));
  assert.equal(await checkTarget(good, input, meter), undefined);
});

test("AllocationMeter restores the constructors", () => {
  const { Uint8Array: before, ArrayBuffer: buffer } = globalThis;
  {
    using meter = new AllocationMeter();
    assert(new Uint8Array(5) instanceof Uint8Array);
    assert(new (class extends Uint8Array {})(7).length === 7);
    assert.equal(meter.bytes, 12);
  }
  assert.equal(globalThis.Uint8Array, before);
  assert.equal(globalThis.ArrayBuffer, buffer);
});

test("mutateSeed() changes a seed and restores it", () => {
  const seeds = Object.values(TEXT_SEEDS).flat();
  const copies = seeds.map(({ bytes }) => bytes.slice());
  let changed = 0;
  for (let round = 0; round < 2000; round++) {
    const random = randomNumbers(round);
    const index = random(seeds.length);
    const { bytes, restore } = mutateSeed(seeds[index], seeds, random);
    if (Buffer.compare(bytes, copies[index]) !== 0) changed++;
    restore();
    assert.deepEqual(seeds[index].bytes, copies[index]);
  }
  assert(changed > 1800, `${changed}`);
});

test("changeToken() keeps the text before the token, and moves the text after it", () => {
  const text = "[123,true]   ";
  const changed = new Set<string>();
  for (let round = 0; round < 2000; round++) {
    const bytes = new TextEncoder().encode(text);
    const [offset, part] = changeToken(bytes, randomNumbers(round));
    assert.equal(new TextDecoder().decode(bytes), text);
    const edited = text.slice(0, offset) + new TextDecoder().decode(part);
    changed.add(edited.trim());
  }
  const some = [
    ...["[124,true]", "[-3973,true]", "[123,9007199254740992]"],
    ...["[true,true]", "[null,true]", "[,true]", "[[],true]", "[123,123]"],
  ];
  for (const it of some) assert(changed.has(it), it);
});

test("the mutator makes valid handshakes, and invalid ones of every kind", async () => {
  using meter = new AllocationMeter();
  const seeds = TEXT_SEEDS.handshake;
  const target = FUZZ_TARGETS.find(({ name }) => name === "handshake");
  assert(target !== undefined);
  const messages = new Set<string>();
  const watched: FuzzTarget = {
    ...target,
    run: async (source, bytes) => {
      try {
        await target.run(source, bytes);
        messages.add("read, or not all there");
      } catch (error) {
        messages.add(String(error).slice(0, 80));
        throw error;
      }
    },
  };
  for (let round = 0; round < 3000; round++) {
    const random = randomNumbers(round);
    const seed = seeds[random(seeds.length)];
    const { bytes, restore } = mutateSeed(seed, seeds, random);
    assert.equal(await checkTarget(watched, bytes, meter), undefined);
    restore();
  }
  const found = [...messages].join("\n");
  for (
    const part of [
      ...["read, or", "with address", "with byteLength", "with offset"],
      ...["with pageSize", "bytes at", 'is "'],
    ]
  ) assert(found.includes(part), part);
});

test("snapshotSeeds() returns files of every kind, with fields", () => {
  const seeds = snapshotSeeds();
  for (const sort of ["rich", "valid/", "qemu/", "invalid/"]) {
    assert(seeds.some(({ path }) => path.startsWith(sort)), sort);
  }
  assert(seeds.filter(({ fields }) => fields.length > 10).length > 30);
});

test("fuzz() finds no defect in 600 files, and reproduces a file by its number", async () => {
  const findings: FuzzFinding[] = [];
  const options = {
    seconds: 600,
    seed: 90_000,
    targets: FUZZ_TARGETS,
    differential: 0,
    onFinding: (finding: FuzzFinding) => void findings.push(finding),
  };
  const summary = await fuzz({ ...options, files: 600 });
  assert.equal(summary.files, 600);
  assert.deepEqual(findings.map(({ wrong }) => wrong), []);

  const targets = [bad(() => Promise.reject(new Error("always")))];
  await fuzz({ ...options, files: 3, targets });
  assert.equal(findings.length, 3);
  await fuzz({ ...options, files: 1, targets, seed: findings[2].seed });
  assert.deepEqual(findings[3].bytes, findings[2].bytes);
});
