import type { LogLevel } from '../telemetry/log.ts';

/** What a health check found. */
export type Finding =
  | { readonly kind: 'works' }
  /** There is no result yet, or this worker cannot obtain one. */
  | { readonly kind: 'unknown' }
  /** A part of the service fails, or will fail soon. Users with a valid access token and recent claims are served. */
  | ({ readonly kind: 'degraded' } & Reason)
  /** This worker can serve no user. */
  | ({ readonly kind: 'failing' } & Reason);

/** For the log only. */
interface Reason {
  readonly error?: unknown;
  /** How an operator corrects the fault. Contains no value of a setting. */
  readonly cure?: string;
}

export interface HealthCheck {
  /** Public: the response to a readiness request contains this name. */
  readonly name: string;
  /** How the monitor logs a bad finding. Default: as an error, every hour while it lasts. */
  readonly report?: ReportOptions;
  /** Never rejects. */
  find(): Promise<Finding>;
}

export interface ReportOptions {
  readonly level?: LogLevel;
  /** How often a finding is logged while it does not change. */
  readonly everyMs?: number;
}
