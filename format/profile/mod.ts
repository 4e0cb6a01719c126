/**
 * Profiles of working sets: which pages a guest needed first.
 *
 * @module
 */

export { ProfileFormatError, ProfileMatchError } from "./profile_error.ts";
export { readProfile, writeProfile } from "./profile_text.ts";
export type { ProfileBlock, WorkingSetProfile } from "./working_set_profile.ts";
