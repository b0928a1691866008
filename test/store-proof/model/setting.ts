import type { Buffer } from 'node:buffer';
import type { Activity, Browser } from './activity.ts';
import { startMs } from './people.ts';
import type { PlantedBug } from './planted-bugs.ts';
import type { IssuerKind, IssuerState } from './simulated-issuer.ts';
import type { Version } from './simulated-table.ts';

/** What is modelled: who does what where, and what may go wrong. */
export interface Setting {
  readonly workers: readonly string[];
  readonly issuer: IssuerKind;
  readonly activities: readonly Activity[];
  readonly idleSeconds: number;
  readonly absoluteSeconds: number;
  /** How many living sessions a person may have; any number when left out. */
  readonly maxPerUser?: number;
  readonly cacheSeconds: number;
  /** Every wait lasts a multiple of this. */
  readonly coarseMs: number;
  /** The kinds of fault that may happen, and how many of them in one run. */
  readonly faults: { readonly kinds: readonly FaultKind[]; readonly atMost: number };
  /**
   * How often time may move while something else could happen as well; after that it moves only when nothing else can.
   * Infinity: always, so that the space is complete.
   */
  readonly freeTicks: number;
  /** Times to sleep, one after the other: nothing is on its way then. */
  readonly leapsMs?: readonly number[];
  /** Clocks of workers that are wrong by so much. */
  readonly clockSkewMs?: Readonly<Record<string, number>>;
  readonly bug?: PlantedBug;
}

/**
 * `fails`: never arrives, and the worker hears of it. `answer lost`: applied, and the worker hears that it failed.
 * `repeated`: the answer is lost, the library sends it again and the worker hears the second answer. `late`: it comes
 * to its deadline and may still be applied after it. `killed`, `stalled`: the worker.
 */
export type FaultKind = 'fails' | 'answer lost' | 'repeated' | 'late' | 'killed' | 'stalled';

/** Where a world begins: who is signed in already. */
export interface Beginning {
  readonly atMs: number;
  readonly versions: readonly Version[];
  readonly issuer: IssuerState;
  readonly secrets: readonly Buffer[];
  readonly browsers: ReadonlyMap<string, Browser>;
}

export const nobodySignedIn: Beginning = {
  atMs: startMs,
  versions: [],
  issuer: { codes: {}, families: [] },
  secrets: [],
  browsers: new Map(),
};
