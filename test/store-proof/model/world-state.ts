import type { LogRecord } from '../../../src/shared/telemetry/log.ts';
import type { Activity, Answer, Browser } from './activity.ts';
import type { Message } from './network.ts';
import type { RowReader } from './row-reader.ts';
import type { FaultKind, Setting } from './setting.ts';
import type { SimulatedIssuer } from './simulated-issuer.ts';
import type { SimulatedTable } from './simulated-table.ts';

export interface Fault {
  readonly kind: FaultKind;
  readonly worker: string;
  /** The message it befell; a worker's own faults have none. */
  readonly message?: Message;
  /** How many messages had been sent before it. */
  readonly afterMessages: number;
}

/** One of the things that may happen next. */
export interface Choice {
  readonly name: string;
  readonly kind: 'step' | 'time' | 'fault';
  take(): Promise<void>;
}

export interface ActivityRecord {
  readonly activity: Activity;
  readonly index: number;
  state: 'not begun' | 'running' | 'answered' | 'died with its worker';
  /** The browser with what it held when it began. */
  browser?: Browser;
  beganAtMs?: number;
  /** Where a logout of the browser had been answered when it began, or its row deleted. */
  loggedOut?: 'here' | 'elsewhere';
  /** What had begun before an ending: sessions that were there, and sign-ins. */
  earlier?: { readonly rows: readonly string[]; readonly signIns: readonly number[] };
  answer?: Answer;
  answeredAtMs?: number;
  answeredAtStep?: number;
}

/** Table, issuer, workers and clock, and everything that has happened so far. */
export interface World {
  readonly setting: Setting;
  readonly table: SimulatedTable;
  readonly issuer: SimulatedIssuer;
  readonly reader: RowReader;
  readonly messages: readonly Message[];
  readonly records: readonly ActivityRecord[];
  readonly faults: readonly Fault[];
  readonly logged: readonly {
    readonly worker: string;
    readonly record: LogRecord;
    readonly atStep: number;
    readonly atMs: number;
  }[];
  readonly browsers: ReadonlyMap<string, Browser>;
  /** How many messages had been sent when a refresh token was first stored. */
  readonly keptAfter: ReadonlyMap<string, number>;
  /** What was chosen so far. */
  readonly trace: readonly string[];
  nowMs(): number;
  choices(): readonly Choice[];
  /**
   * One choice that may stand for all, where there is one: an answer to a worker for which nothing else is on its way,
   * or only what the same activity waits for as well. Nobody else can see whether it arrives now or later, and the worker
   * does nothing else in between; so all other orders come to the same. Or a write that nobody reads. Not while a fault
   * is possible, nor while time may pass before it.
   */
  unseenChoice(): Choice | undefined;
  take(choice: Choice): Promise<void>;
  /** The same for two worlds from which the same can follow. */
  stateKey(): string;
}
