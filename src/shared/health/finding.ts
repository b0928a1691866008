/** What a health check found. */
export type Finding =
  | { readonly kind: 'works' }
  /** Not checked yet, or it cannot be checked from here. */
  | { readonly kind: 'unknown' }
  /** A part of the service fails, or will fail soon. Users with a session are served. */
  | ({ readonly kind: 'degraded' } & Reason)
  /** This worker can serve no user. */
  | ({ readonly kind: 'failing' } & Reason);

/** For the log only. */
interface Reason {
  readonly error?: unknown;
  /** How an operator repairs it. A fixed text. */
  readonly cure?: string;
}

export interface HealthCheck {
  /** Public: the name in the response of the readiness check. */
  readonly name: string;
  /** Never rejects. */
  find(): Promise<Finding>;
}
