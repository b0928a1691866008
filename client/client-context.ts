import type { Enqueue } from './call-queue.ts';
import type { ClientOptions } from './client-api.ts';
import type { Display } from './interaction.ts';
import type { Interactions } from './interactions.ts';
import type { Page } from './page.ts';
import type { RedirectLoopGuard } from './redirect-loop-guard.ts';
import type { SessionWatch } from './session-watch.ts';
import type { Tabs } from './tabs.ts';

/** Shared by the parts of one client. */
export interface ClientContext {
  readonly page: Page;
  readonly interaction: NonNullable<ClientOptions['interaction']>;
  readonly ifBlocked: NonNullable<ClientOptions['ifBlocked']>;
  readonly sessionRequired: NonNullable<ClientOptions['sessionRequired']>;
  /** How an interaction is shown by default. */
  readonly display: Display;
  /** Sends a call as soon as few enough are in progress. */
  readonly enqueue: Enqueue;
  readonly retry: boolean;
  /** Returns the URL of a function, for a path below the base path. */
  readonly toBffUrl: (path: string) => URL;
  readonly sessions: SessionWatch;
  readonly interactions: Interactions;
  readonly guard: RedirectLoopGuard;
  readonly tabs: Tabs;
  readonly user: UserState;
}

/** Belongs to the current user of the page. */
export interface UserState {
  /**
   * Aborted at sign-out and when another user signs in. An earlier call then returns no response, and a body that is
   * still arriving ends.
   */
  calls: AbortController;
  /** The sign-out in progress. */
  signingOut: Promise<void> | undefined;
}
