import type { Growth } from '../growth.ts';
import type { BundleSize } from './bundle-size.ts';
import type { CallTimes } from './call-times.ts';
import type { Sample } from './compare.ts';
import type { CountedAction } from './operations.ts';
import type { StartSample } from './startup.ts';

/** Everything that a run measures. */
export interface Measurements {
  /** Calls with a response of 1.5 KB. */
  readonly short: readonly Sample[];
  /** Calls with a response of 100 KB. */
  readonly long: readonly Sample[];
  readonly starts: readonly StartSample[];
  readonly calls: CallTimes;
  readonly growth: Growth;
  readonly actions: readonly CountedAction[];
  /** By the name of the system. */
  readonly bundles: Readonly<Record<string, BundleSize>>;
}
