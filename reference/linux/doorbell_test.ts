import assert from "node:assert/strict";
import { Doorbell } from "./doorbell.ts";
import { EventDescriptor } from "./event_descriptor.ts";
import { PollSet } from "./poll_set.ts";
import { uffdTest } from "./testing/uffd_test_case.ts";

uffdTest(
  "Doorbell rings when a descriptor is ready, again and again",
  async () => {
    using event = new EventDescriptor();
    using set = new PollSet();
    using doorbell = new Doorbell();
    set.add(event.fd, () => event.clear());
    for (let round = 0; round < 3; round++) {
      const ringing = doorbell.ring(set);
      assert.equal(ringing.isDone, false);
      event.ring();
      await ringing.promise;
      assert.equal(ringing.isDone, true);
      assert.equal(set.poll(0), 1);
    }
  },
);

uffdTest("Doorbell says why its thread ended, at each ring", async () => {
  using doorbell = new Doorbell();
  // The thread cannot poll that number of descriptors.
  class WrongSet extends PollSet {
    override write(): (readonly [number, never])[] {
      return { length: "none" } as never;
    }
  }
  using set = new WrongSet();
  const first = doorbell.ring(set);
  const reason = await first.promise.then(() => "it rang", String);
  assert.match(reason, /^Error: /);
  assert.equal(first.isDone, true);
  const second = doorbell.ring(set);
  assert.equal(second.isDone, true);
  await assert.rejects(second.promise, (it) => String(it) === reason);
});
