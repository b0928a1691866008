import type { GraphObject } from '../reply.ts';
import type { QueryOptions } from './options.ts';

/** A type of Graph's entities, as far as queries need it. */
export interface EntityType {
  /** Without the namespace, for example `message`. */
  readonly name: string;
  /**
   * Every property with a value of its type. Null stands for a property of any type, and a list contains one specimen of its
   * members. Queries and bodies that name another property are refused.
   */
  readonly properties: GraphObject;
  /** The properties that a response contains whatever `$select` names. */
  readonly always: readonly string[];
  /** The properties that a response contains without `$select`. The default is all of them. */
  readonly defaults?: readonly string[];
  /** What `$expand` can name. */
  readonly navigations?: Readonly<Record<string, Navigation>>;
  readonly paging: Paging;
  /** Returns whether an item matches `$search`. @throws {GraphError} */
  readonly search?: (text: string) => (item: GraphObject) => boolean;
  /** Refuses a query that Graph does not answer for this type. @throws {GraphError} */
  readonly check?: (query: CheckedQuery) => void;
  /** `@odata.count` needs `ConsistencyLevel: eventual`, and is missing without it. */
  readonly countsWhenEventual?: true;
}

/** An entity, or a list of entities, that belongs to another entity. */
export interface Navigation {
  /** One of these permissions is needed besides those of the call. The default is none. */
  readonly scopes?: readonly string[];
  readonly type: () => EntityType;
  /** Undefined if there is no such entity. */
  read(owner: GraphObject): GraphObject | readonly GraphObject[] | undefined;
}

/** The page size of a list, and the option that selects the next page. */
export interface Paging {
  readonly defaultSize: number;
  readonly maxSize: number;
  /** Mail and calendars use `$skip`; the directory, files and to-do lists use an opaque `$skiptoken`. */
  readonly by: '$skip' | '$skiptoken';
}

/** A filter that was understood. */
export interface Expression {
  matches(entity: GraphObject): boolean;
  /** The properties that it names, in its order. */
  readonly properties: readonly string[];
  /** The operators and functions that it uses, in lower case. */
  readonly operators: ReadonlySet<string>;
}

/** A query that was understood. */
export interface CheckedQuery {
  readonly options: QueryOptions;
  readonly filter: Expression | undefined;
  /** The properties that `$orderby` names, in its order. */
  readonly orderedBy: readonly string[];
  /** The call has `ConsistencyLevel: eventual`. */
  readonly isEventual: boolean;
  /** The path ends with `/$count`. */
  readonly countsOnly: boolean;
}
