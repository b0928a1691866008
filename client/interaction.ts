export type Display = 'popup' | 'redirect';

/** What a call does if the browser blocks its window. */
export type IfBlocked = 'throw' | 'wait' | 'redirect';

/** What the user is being asked for. The page can show it together with a way to cancel. */
export interface Interaction {
  readonly display: Display;
  readonly feature: string | undefined;
  readonly reason: string | undefined;
  readonly scopes: readonly string[];
  /** When the client stops waiting. */
  readonly endsAt: Date;
  /**
   * Set if the browser has blocked the window and the call waits for a click. Opens the window. Call it in the click
   * handler.
   */
  readonly proceed: (() => void) | undefined;
}

/** Asks the user for something that only the user can provide. */
export interface InteractionRequest {
  /** Requests with the same key share one interaction. */
  readonly key: string;
  readonly url: URL;
  readonly display: Display;
  /** The URL to which a redirect returns. */
  readonly returnUrl: URL;
  /**
   * Whether the user has clicked for it. Other requests are limited by the redirect-loop guard, or, if silent, to one
   * attempt.
   */
  readonly clicked: boolean;
  /** For requests without a click. If the browser blocks the window of another request, that request redirects. */
  readonly ifBlocked?: IfBlocked;
  readonly feature?: string | undefined;
  readonly reason?: string | undefined;
  readonly scopes?: readonly string[];
  /** The call that needs the interaction: method and path. */
  readonly call?: string;
}
