export { type ConditionalAccessPolicy, policyIds } from './conditional-access-policies.ts';
export { type EntraEmulator, startEntraEmulator } from './emulator.ts';
export { defaultEntraSwitches } from './switches.ts';
