import type { BffError } from '../errors.ts';
import type { AllowedCall } from '../policy/match.ts';

/** One request of a batch. It is sent to Graph, or this service answers it. */
export type BatchItem = BatchPart | AnsweredPart;

/** A request that the policy allows. */
export interface BatchPart {
  readonly kind: 'part';
  readonly id: string;
  /**
   * The part's id in the request to Graph. Many callers choose the same ids (`1`, `2`, …). With those ids, the response to
   * another batch could be taken for the response to this one.
   */
  readonly sentId: string;
  /** The ids of the requests for which this one waits. All of them are earlier in the batch. */
  readonly dependsOn: readonly string[];
  readonly call: AllowedCall;
  /** The part as it is sent: JSON. */
  readonly text: string;
}

/** A request that is not sent. */
export interface AnsweredPart {
  readonly kind: 'answered';
  readonly id: string;
  /** Why the request is not sent. Undefined if it depends on another request that is not sent. */
  readonly problem: BffError | undefined;
}

/** The requests that are sent. */
export const partsOf = (items: readonly BatchItem[]): readonly BatchPart[] =>
  items.filter((item) => item.kind === 'part');

/** The requests that are not sent. */
export const answeredOf = (items: readonly BatchItem[]): readonly AnsweredPart[] =>
  items.filter((item) => item.kind === 'answered');

/**
 * Replaces the parts for which `findProblem` returns a problem, and all parts that depend on an answered one, also
 * indirectly. `findProblem` is not called for those.
 */
export async function answerParts(
  items: readonly BatchItem[],
  findProblem: (part: BatchPart) => Promise<BffError | undefined> | BffError | undefined,
): Promise<readonly BatchItem[]> {
  const answeredIds = new Set(items.flatMap(({ kind, id }) => (kind === 'answered' ? [id] : [])));
  const checked: BatchItem[] = [];
  for (const item of items) {
    const next = item.kind === 'part' ? await answerPart(item, answeredIds, findProblem) : item;
    // A part depends only on earlier ones, so one pass finds all that depend on this one.
    if (next.kind === 'answered') answeredIds.add(next.id);
    checked.push(next);
  }
  return checked;
}

async function answerPart(
  part: BatchPart,
  answeredIds: ReadonlySet<string>,
  findProblem: Parameters<typeof answerParts>[1],
): Promise<BatchItem> {
  const { id, dependsOn } = part;
  if (dependsOn.some((other) => answeredIds.has(other))) return { kind: 'answered', id, problem: undefined };
  const problem = await findProblem(part);
  return problem === undefined ? part : { kind: 'answered', id, problem };
}
