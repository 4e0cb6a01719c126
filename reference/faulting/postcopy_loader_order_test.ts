import assert from "node:assert/strict";
import { test } from "node:test";
import { randomNumbers } from "../../format/testing/random_numbers.ts";
import { SourceError } from "../sources/mod.ts";
import { expectBytes, PAGE, setUp } from "../testing/postcopy_setup.ts";
import { settle } from "../testing/stepped_memory.ts";

test("PostcopyLoader ends with the right bytes whatever the order of events", async () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = randomNumbers(seed);
    const setup = setUp(48, {
      faultAround: PAGE * (1 << random(4)),
      parallelReads: 1 + random(4),
      present: (page) => (page * 7 + seed) % 5 !== 0,
    });
    const { loader, memory, installer } = setup;
    const removed = new Set<number>();
    const waiting = new Set<number>();
    const fault = (page: number) => {
      waiting.add(page);
      loader.handleFault(page).then((isDone) => {
        if (isDone) waiting.delete(page);
        else fault(page);
      }, () => fault(page));
    };
    const background = async (): Promise<void> => {
      await loader.loadPending({ whenChanged: settle })
        .catch(() => background());
    };
    let rest: Promise<void> | undefined;
    for (let step = 0; step < 60; step++) {
      const kind = random(6);
      if (kind < 2) fault(random(48));
      else if (kind === 2 && step > 20) {
        const first = random(48);
        const end = Math.min(48, first + 1 + random(4));
        for (let page = first; page < end; page++) removed.add(page);
        loader.handleRemove({ first, end });
        installer.remove(first, end);
      } else if (kind === 3) rest ??= background();
      else if (kind === 4) installer.limits.push(random(3) * PAGE);
      else {
        const read = memory.reads[random(memory.reads.length)];
        if (random(4) === 0) read?.fail(new SourceError("memory", "gone"));
        else read?.finish();
      }
      if (random(3) === 0) await settle();
    }
    memory.isFree = true;
    installer.limits.length = 0;
    rest ??= background();
    let isOver = false;
    rest.then(() => isOver = true);
    for (let turn = 0; !isOver || waiting.size > 0; turn++) {
      assert.ok(turn < 1000, `seed ${seed} never ends`);
      memory.reads[0]?.finish();
      await settle();
    }
    assert.equal(loader.pendingCount, 0);
    for (const page of removed) await loader.handleFault(page);
    expectBytes(setup, { isZero: (page) => removed.has(page) });
  }
});
