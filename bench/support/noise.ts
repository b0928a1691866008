import type { Sample } from './compare.ts';
import { canPin } from './pinned-process.ts';
import { median, spread } from './statistics.ts';

/** How much the machine disturbed a run. Shares are of 1. */
export interface Noise {
  /** The middle half of the fixed loop's times before the slots, as a share of their median. */
  readonly fixedLoop: number;
  /** The share of its time in which the fixed loop waited, because other processes used the core of the systems. */
  readonly stolen: number;
  /** The middle half of B's rounds, as a share of their median. */
  readonly B: number;
  /** The smallest share of its core that a system used. The rest of the time, it waited for the load. */
  readonly leastCoreShare: number;
  /** Why the run is not to be trusted. */
  readonly reasons: readonly string[];
}

const MAX_SPREAD = 0.1;
const MAX_STOLEN = 0.05;
const MIN_CORE_SHARE = 0.85;

export function toNoise(samples: readonly Sample[]): Noise {
  const loops = samples.map(({ fixedLoop }) => fixedLoop);
  const fixedLoop = spread(loops.map(({ wallMs }) => wallMs));
  const stolen = Math.max(0, 1 - median(loops.map(({ wallMs, cpuMs }) => cpuMs / wallMs)));
  const ofB = samples.filter(({ name }) => name === 'B').map(({ requestsPerSecond }) => requestsPerSecond);
  const shares = [...Map.groupBy(samples, ({ name }) => name)].map(([name, of]) => ({
    name,
    share: median(of.map(({ coreShare }) => coreShare)),
  }));
  const least = shares.toSorted((left, right) => left.share - right.share)[0] ?? { name: '', share: 0 };
  const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
  const reasons = [
    !canPin && 'processes could not be pinned to cores',
    fixedLoop > MAX_SPREAD && `the speed of the machine varied by ${percent(fixedLoop)}`,
    stolen > MAX_STOLEN && `other processes used the core of the systems for ${percent(stolen)} of the time`,
    spread(ofB) > MAX_SPREAD && `B varied by ${percent(spread(ofB))} from round to round`,
    least.share < MIN_CORE_SHARE &&
      `${least.name} used only ${percent(least.share)} of its core: the load held it up, or others did`,
  ].filter((reason) => reason !== false);
  const round = (share: number) => Number(share.toFixed(3));
  return {
    fixedLoop: round(fixedLoop),
    stolen: round(stolen),
    B: round(spread(ofB)),
    leastCoreShare: round(least.share),
    reasons,
  };
}
