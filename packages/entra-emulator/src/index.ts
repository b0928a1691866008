export type { ConditionalAccessPolicy } from './conditional-access.ts';
export type { Consent } from './consents.ts';
export { type EntraEmulator, startEntraEmulator } from './emulator.ts';
export { policyIds } from './policy-ids.ts';
export { findSignInService, type SignInService } from './sign-in-service.ts';
export { defaultEntraSwitches } from './switches.ts';
