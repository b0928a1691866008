export { challengeHeader } from './claims-challenge.ts';
export type { GraphAction } from './control.ts';
export {
  type GraphEmulator,
  type GraphEmulatorOptions,
  type Respond,
  startGraphEmulator,
} from './emulator.ts';
export type { RecordedRequest } from './recorded-requests.ts';
export { defaultGraphSwitches, type GraphSwitches } from './switches.ts';
