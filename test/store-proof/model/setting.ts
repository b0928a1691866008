import type { Buffer } from 'node:buffer';
import type { Activity, Browser } from './activity.ts';
import type { Operation } from './network.ts';
import type { PlantedBug } from './planted-bugs.ts';
import type { IssuerKind, IssuerState } from './simulated-issuer.ts';
import type { Version } from './simulated-table.ts';
import { startMs } from './users.ts';

/** The scope of a model: users, activities, workers, and possible faults. */
export interface Setting {
  readonly workers: readonly string[];
  readonly issuer: IssuerKind;
  readonly activities: readonly Activity[];
  readonly idleSeconds: number;
  readonly absoluteSeconds: number;
  /** Maximum number of active sessions of a user. Default: no limit. */
  readonly maxPerUser?: number;
  readonly cacheSeconds: number;
  /** Every wait lasts a multiple of this. */
  readonly coarseMs: number;
  /**
   * The kinds of fault that may happen, and their maximum number in one run.
   * `worker`: the only worker that may be killed or stalled. Default: any.
   * `operations`: the only operations that may fail, lose their response, be repeated or be late. Default: all.
   */
  readonly faults: {
    readonly kinds: readonly FaultKind[];
    readonly atMost: number;
    readonly worker?: string;
    readonly operations?: readonly Operation[];
  };
  /**
   * How often time may move while other events are possible. After that, it moves only if no other event is possible.
   * Infinity: always, so that the space is complete.
   */
  readonly freeTicks: number;
  /** Sleeping times, one after the other, while no operation is in progress. */
  readonly leapsMs?: readonly number[];
  /** Offsets of wrong clocks of workers. */
  readonly clockSkewMs?: Readonly<Record<string, number>>;
  readonly bug?: PlantedBug;
}

/**
 * `fails`: never arrives, and the worker gets an error. `answer lost`: applied, but the worker gets an error.
 * `repeated`: the response is lost, the library repeats the request, and the worker gets the second response. `late`: it
 * reaches its deadline and may still be applied after it. `killed`, `stalled`: the worker.
 */
export type FaultKind = 'fails' | 'answer lost' | 'repeated' | 'late' | 'killed' | 'stalled';

/** The start of a world: the users who are already signed in. */
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
