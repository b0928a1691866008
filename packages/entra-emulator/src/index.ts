export { type ConditionalAccessPolicy, policyIds } from './conditional-access-policies.ts';
export type { EntraAction } from './control-actions.ts';
export { type EntraEmulator, startEntraEmulator } from './emulator.ts';
export { defaultEntraSwitches, type Switches as EntraSwitches } from './switches.ts';
