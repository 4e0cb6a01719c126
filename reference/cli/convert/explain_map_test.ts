import assert from "node:assert/strict";
import { test } from "node:test";
import { GuestMapError } from "../../convert/mod.ts";
import { explainMap } from "./explain_map.ts";

test("explainMap() quotes options for a shell", () => {
  const hint = (idstr: string) =>
    String(explainMap(
      new GuestMapError("vm.mr", { reason: "it is nowhere", idstrs: [idstr] }),
    ));
  assert.match(hint("m0"), /\(--range ADDRESS=m0\+LENGTH, or --leave-out m0;/);
  assert.match(
    hint("x; id #"),
    /\(--range 'ADDRESS=x; id #\+LENGTH', or --leave-out 'x; id #';/,
  );
});
