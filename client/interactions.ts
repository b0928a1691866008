import { type ActiveInteraction, createActiveInteraction } from './active-interaction.ts';
import type { InteractionRequest } from './interaction.ts';
import type { InteractionResult } from './interaction-failed.ts';
import { covers, satisfies } from './interaction-key.ts';
import { createListeners } from './listeners.ts';
import type { Page } from './page.ts';
import type { RedirectLoopGuard } from './redirect-loop-guard.ts';
import type { SessionWatch } from './session-watch.ts';
import type { Tabs } from './tabs.ts';

/** Asks the user for one thing after the other. */
export interface Interactions {
  readonly active: ActiveInteraction;
  /** The number of completed interactions. A call notes it when it is sent, and passes it to `ask`. */
  readonly generation: number;
  /**
   * Asks the user, after the requests that are already waiting. Never rejects.
   * @param generation the generation when the call was sent. An interaction that was completed later is not repeated.
   */
  ask(request: InteractionRequest, generation?: number): Promise<InteractionResult>;
  /** Ends the interaction in progress and all that wait. */
  endAll(result: InteractionResult): void;
  subscribe(listener: () => void): () => void;
}

interface QueuedRequest extends InteractionRequest {
  readonly settle: (result: InteractionResult) => void;
}

export function createInteractions(
  page: Page,
  guard: RedirectLoopGuard,
  sessions: SessionWatch,
  tabs: Tabs,
): Interactions {
  const { subscribe, notify } = createListeners<void>();
  const active: ActiveInteraction = createActiveInteraction(page, guard, sessions, onEnd, endAll);
  /** The keys of the interactions that were completed, oldest first. */
  const completed: string[] = [];
  let queue: QueuedRequest[] = [];

  function startNext(): void {
    const [request] = queue;
    if (request && !active.start(request, () => proceed(request))) {
      const { key } = request;
      guard.block(key);
      settle('blocked', (queued) => covers(key, queued));
      startNext();
    } else {
      if (active.view?.display === 'redirect') settle('redirecting');
      notify();
    }
  }

  /** Starts the request that waits for a click, in the click. */
  function proceed(request: QueuedRequest): void {
    if (queue[0] !== request) return;
    queue.shift();
    enqueue({ ...request, clicked: true });
  }

  function enqueue(request: QueuedRequest): void {
    if (request.clicked) {
      guard.reset(request.key);
      active.focus();
      active.pause();
    }
    if (active.view) queue.push(request);
    else {
      queue.unshift(request);
      startNext();
    }
  }

  function onEnd(key: string, result: InteractionResult, wasPopup: boolean): void {
    const isCompleted = result === 'signed_in';
    if (isCompleted) completed.push(key);
    // The user declined or the interaction failed, so only a click may ask for the same again.
    else if (result !== 'signed_out_meanwhile' && result !== 'user_changed') guard.block(key);
    settle(result, (queued) => (isCompleted ? satisfies : covers)(key, queued));
    if (wasPopup) tabs.notify(isCompleted ? result : 'changed');
    startNext();
  }

  function endAll(result: InteractionResult): void {
    settle(result);
    active.end(result);
  }

  function settle(result: InteractionResult, isAffected = (_key: string) => true): void {
    const all = queue;
    queue = all.filter(({ key }) => !isAffected(key));
    for (const request of all) if (isAffected(request.key)) request.settle(result);
  }

  return {
    active,
    get generation() {
      return completed.length;
    },
    async ask(request, generation = completed.length) {
      if (completed.slice(generation).some((key) => satisfies(key, request.key))) return 'signed_in';
      if (active.view?.display === 'redirect') return 'redirecting';
      return new Promise((resolve) => enqueue({ ...request, settle: resolve }));
    },
    endAll,
    subscribe,
  };
}
