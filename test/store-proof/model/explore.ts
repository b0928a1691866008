import { choiceOf, finish, replay, step } from './run.ts';
import type { Beginning, Setting } from './setting.ts';
import type { World } from './world-state.ts';

/** The size of an exploration. */
export interface Explored {
  readonly states: number;
  readonly runs: number;
  /** Runs that ended in a state without further events, rather than in a known state. */
  readonly ends: number;
  readonly longestRun: number;
  /** Whether every state was visited. Otherwise it stopped at the limit. */
  readonly complete: boolean;
}

export interface ExploreOptions {
  readonly maxStates?: number;
  /** Includes orders that cannot be distinguished, to show that skipping them skips no end. */
  readonly everyOrder?: boolean;
  /** An additional check of each end. */
  readonly atEnd?: (world: World) => void;
}

/**
 * Takes every choice in every state by running again from the beginning. A known state is not explored further, because
 * its continuations are known.
 * @throws {Violation}
 */
export async function explore(
  setting: Setting,
  beginning: Beginning,
  { maxStates = Number.POSITIVE_INFINITY, everyOrder = false, atEnd = () => {} }: ExploreOptions = {},
): Promise<Explored> {
  const seen = new Set<string>();
  const todo: (readonly string[])[] = [[]];
  let runs = 0;
  let ends = 0;
  let longestRun = 0;
  for (let prefix = todo.pop(); prefix !== undefined && seen.size < maxStates; prefix = todo.pop()) {
    const last = prefix.at(-1);
    const world = await replay(setting, beginning, prefix.slice(0, -1));
    if (last !== undefined) await step(world, choiceOf(world, last));
    runs++;
    for (let key = world.stateKey(); !seen.has(key); key = world.stateKey()) {
      seen.add(key);
      const unseen = everyOrder ? undefined : world.unseenChoice();
      const [first, ...others] = unseen === undefined ? world.choices() : [unseen];
      if (first === undefined) {
        finish(world);
        atEnd(world);
        ends++;
        break;
      }
      for (const { name } of others) todo.push([...world.trace, name]);
      await step(world, first);
    }
    longestRun = Math.max(longestRun, world.trace.length);
  }
  return { states: seen.size, runs, ends, longestRun, complete: todo.length === 0 };
}
