import type { Session } from '../session/store.ts';
import type { Log } from '../telemetry/log.ts';

/** A feature of ours that calls Graph, and the least permission that it needs. */
export interface GraphNeed {
  readonly feature: string;
  readonly scopes: readonly string[];
}

/** Composed calls of Graph with the administrator's own token, as this folder needs them. */
export interface GraphCalls {
  use<Result>(
    session: Session,
    need: GraphNeed,
    log: Log,
    work: (client: GraphRequests) => Promise<Result>,
  ): Promise<Result>;
}

/** What is used of Microsoft's client. It sends path and query as they stand: what is put in has to be encoded. */
export interface GraphRequests {
  api(path: string): {
    get(): Promise<unknown>;
    post(body: unknown): Promise<unknown>;
    delete(): Promise<unknown>;
  };
}

export function toRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** The entries of Graph's `value`. */
export function toRecords(answer: unknown): readonly Readonly<Record<string, unknown>>[] {
  const list = toRecord(answer)['value'];
  return Array.isArray(list) ? list.map(toRecord) : [];
}
