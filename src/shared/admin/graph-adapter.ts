import { type Caller, sessionOf } from '../session/caller.ts';
import type { Session } from '../session/store.ts';
import type { Log } from '../telemetry/log.ts';
import type { AdministratorGraph, GraphObject, GraphOptions, Permission } from './administration.ts';

/** A client of Graph that runs composed calls. */
export interface ComposesGraphCalls {
  use<Result>(
    session: Session,
    need: Permission,
    log: Log,
    work: (client: Requests) => Promise<Result>,
  ): Promise<Result>;
}

interface Requests {
  api(path: string): {
    get(): Promise<unknown>;
    post(body: unknown): Promise<unknown>;
    delete(): Promise<unknown>;
  };
}

export function toAdministratorGraph(graph: ComposesGraphCalls): AdministratorGraph {
  const use = (
    administrator: Caller,
    { log, ...permission }: GraphOptions,
    work: (client: Requests) => Promise<unknown>,
  ) => graph.use(sessionOf(administrator), permission, log, work);
  return {
    get: async (administrator, path, options) =>
      toObject(await use(administrator, options, (client) => client.api(path).get())),
    post: async (administrator, path, body, options) =>
      toObject(await use(administrator, options, (client) => client.api(path).post(body))),
    async delete(administrator, path, options) {
      await use(administrator, options, (client) => client.api(path).delete());
    },
  };
}

function toObject(value: unknown): GraphObject {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
