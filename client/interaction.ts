export type Display = 'popup' | 'redirect';

/** What the user is being asked for. The page can show it together with a way to cancel. */
export interface Interaction {
  readonly display: Display;
  readonly feature: string | undefined;
  readonly reason: string | undefined;
  readonly scopes: readonly string[];
  /** When the client stops waiting. */
  readonly endsAt: Date;
}

/** Asks the user for something that only the user can provide. */
export interface InteractionRequest {
  /** Requests with the same key share one interaction. */
  readonly key: string;
  readonly url: URL;
  readonly display: Display;
  /** Where a redirect comes back to. */
  readonly returnUrl: URL;
  /** The user has clicked for it. The loop guard limits every other request. */
  readonly clicked: boolean;
  readonly feature?: string | undefined;
  readonly reason?: string | undefined;
  readonly scopes?: readonly string[];
  /** The call that needs it: method and path. */
  readonly call?: string;
}
