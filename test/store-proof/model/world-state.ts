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
  /** The affected message. A fault of a worker has none. */
  readonly message?: Message;
  /** Number of messages sent before it. */
  readonly afterMessages: number;
}

/** One of the possible next events. */
export interface Choice {
  readonly name: string;
  readonly kind: 'step' | 'time' | 'fault';
  take(): Promise<void>;
}

export interface ActivityRecord {
  readonly activity: Activity;
  readonly index: number;
  state: 'not begun' | 'running' | 'answered' | 'died with its worker';
  /** The browser with its cookie at the beginning of the activity. */
  browser?: Browser;
  beganAtMs?: number;
  /** Whether its worker had a response of the table before, which shows the table's clock. */
  knowsTableClock?: boolean;
  /** Sessions whose sign-out was confirmed, or whose row was deleted, when the activity began. */
  loggedOut?: 'here' | 'elsewhere';
  /** Sessions and sign-ins that began before an ending. */
  earlier?: { readonly rows: readonly string[]; readonly signIns: readonly number[] };
  answer?: Answer;
  answeredAtMs?: number;
  answeredAtStep?: number;
}

/** Table, issuer, workers and clock, and the history. */
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
  /** Number of messages sent when a refresh token was first stored. */
  readonly keptAfter: ReadonlyMap<string, number>;
  /** The choices so far. */
  readonly trace: readonly string[];
  nowMs(): number;
  choices(): readonly Choice[];
  /**
   * A choice that may be taken first without loss, if there is one: a response to a worker for which nothing else is in
   * progress, or only operations that the same activity also awaits. No other part can see when it arrives, and the worker
   * does nothing else in between, so all other orders are equivalent. Or a write that no part reads. Not while a fault
   * is possible or time may pass before it.
   */
  unseenChoice(): Choice | undefined;
  take(choice: Choice): Promise<void>;
  /** Equal for two worlds with the same possible continuations. */
  stateKey(): string;
}
