export { challengeHeader } from './claims-challenge.ts';
export { type GraphEmulator, type RecordedRequest, type Respond, startGraphEmulator } from './emulator.ts';
export { defaultGraphSwitches } from './switches.ts';
