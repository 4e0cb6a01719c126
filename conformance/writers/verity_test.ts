import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fillHoles } from "../runner/fill_holes.ts";
import { sealerCases } from "../runner/run_sealer.ts";
import { suiteVectors } from "../runner/suite_vectors.ts";
import { seal } from "./verity.ts";

test(
  "sealSource() writes the sidecar of fsverity for each vector, with holes",
  {
    timeout: 120_000,
  },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "mapped-ram-seal-"));
    try {
      const [file, out] = [join(folder, "file"), join(folder, "out")];
      for (
        const { path, unpackTo, seal: expected } of sealerCases(
          suiteVectors(),
        )
      ) {
        unpackTo(file);
        const { digest } = expected;
        assert.deepEqual(await seal(file, out), { digest }, path);
        const sidecar = readFileSync(out);
        // Of 132 hash blocks at most five are stored.
        if (path.includes("/three-levels")) {
          assert(statSync(out).blocks * 512 < sidecar.length / 4, path);
        }
        fillHoles(sidecar, statSync(file).size);
        const sha256 = createHash("sha256").update(sidecar).digest("hex");
        assert.equal(sha256, expected.sha256, path);
        rmSync(file), rmSync(out);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
