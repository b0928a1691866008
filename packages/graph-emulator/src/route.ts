import type { GraphCall } from './call.ts';
import type { GraphReply } from './reply.ts';

/** A path and method that the emulator knows. */
export interface Route {
  readonly method: string;
  /** Below the version. Names match in any letter case; `{keys}` become the arguments of `handle`. */
  readonly path: string;
  /** One of these delegated permissions is enough. */
  readonly scopes: readonly string[];
  /** The query options that the route has. The default is none. */
  readonly options?: readonly string[];
  handle(call: GraphCall, ...keys: string[]): GraphReply;
}
