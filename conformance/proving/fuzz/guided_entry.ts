/** Everything that guided fuzzing uses, in one module to be instrumented. */
export { AllocationMeter } from "./allocation_meter.ts";
export { checkTarget } from "./check_target.ts";
export { snapshotSeeds, TEXT_SEEDS } from "./fuzz_seeds.ts";
export { FUZZ_TARGETS } from "./fuzz_targets.ts";
export { qcow2Seeds } from "./qcow2_seeds.ts";
export { mutateSeed } from "./mutate_seed.ts";
export { randomNumbers } from "../faults/random_numbers.ts";
