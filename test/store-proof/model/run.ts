import { checkEnd, checkStep } from './invariants.ts';
import { type Beginning, nobodySignedIn, type Setting } from './setting.ts';
import { type ModelUser, startMs } from './users.ts';
import { loadMsal } from './worker.ts';
import { createWorld } from './world.ts';
import type { Choice, World } from './world-state.ts';

/** A violated invariant. The message contains everything that reproduces the run. */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly invariant: string;
  readonly trace: readonly string[];
  constructor(invariant: string, trace: readonly string[]) {
    super(`${invariant}\nafter these choices:\n${trace.map((name) => `  ${name}`).join('\n')}`);
    this.invariant = invariant;
    this.trace = trace;
  }
}

/** Takes one choice and checks the invariants. @throws {Violation} */
export async function step(world: World, choice: Choice): Promise<void> {
  await world.take(choice);
  const broken = checkStep(world);
  if (broken !== undefined) throw new Violation(broken, world.trace);
}

/** Checks a world without further events. @throws {Violation} */
export function finish(world: World): void {
  const broken = checkEnd(world);
  if (broken !== undefined) throw new Violation(broken, world.trace);
}

/** Returns the choice with this name. */
export function choiceOf(world: World, name: string): Choice {
  const choices = world.choices();
  const found = choices.find((choice) => choice.name === name);
  if (found !== undefined) return found;
  const possible = choices.map((choice) => choice.name).join(', ');
  throw new Error(`a repeated run differs: not "${name}" but one of ${possible}`);
}

/** Repeats a checked run from its list of choices, and returns the resulting world. */
export async function replay(
  setting: Setting,
  beginning: Beginning,
  trace: readonly string[],
): Promise<World> {
  const world = createWorld(setting, beginning);
  for (const name of trace) await world.take(choiceOf(world, name));
  return world;
}

/** Repeats a run that violated an invariant, and checks every step. @throws {Violation} */
export async function repeatViolation(
  setting: Setting,
  beginning: Beginning,
  trace: readonly string[],
): Promise<void> {
  const world = await replay(setting, beginning, trace.slice(0, -1));
  await step(world, choiceOf(world, trace.at(-1) ?? ''));
  if (world.choices().length === 0) finish(world);
}

/** Each user signs in with a browser of that name. Then time passes until the access tokens must be renewed. */
export async function signIn(
  signedInUsers: Readonly<Record<string, ModelUser>>,
  {
    absoluteSeconds,
    idleSeconds,
    passSeconds,
  }: { absoluteSeconds: number; idleSeconds: number; passSeconds: number },
): Promise<Beginning> {
  await loadMsal();
  const world = createWorld(
    {
      workers: ['w0'],
      issuer: 'entra-like',
      activities: Object.entries(signedInUsers).map(([browser, user]) => ({
        worker: 'w0',
        browser,
        does: 'sign-in',
        user,
      })),
      absoluteSeconds,
      idleSeconds,
      cacheSeconds: 0,
      coarseMs: 1,
      freeTicks: 0,
      faults: { kinds: [], atMost: 0 },
    },
    nobodySignedIn,
  );
  for (let [first] = world.choices(); first !== undefined; [first] = world.choices())
    await step(world, first);
  finish(world);
  const { table, issuer, reader, browsers } = world;
  return {
    atMs: startMs + passSeconds * 1000,
    versions: table.versions(),
    issuer: issuer.state,
    secrets: reader.secrets,
    browsers,
  };
}
