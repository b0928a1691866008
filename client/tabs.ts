import { attempt } from './attempt.ts';
import type { Page } from './page.ts';

/** What a tab tells the others about the session that they share. */
export interface SessionMessage {
  readonly type: 'entra-bff:session';
  readonly change: 'signed_in' | 'signed_out' | 'changed';
}

/** Joins the tabs of this origin; what is told reaches the others, never this one. */
export function joinTabs(
  page: Page,
  hear: (message: unknown) => void,
): (change: SessionMessage['change']) => void {
  // None in an old browser, or in a private mode; closed by the browser later. The other tabs learn from their next call.
  const channel = attempt(() => new page.BroadcastChannel('entra-bff'));
  if (channel !== undefined) channel.onmessage = ({ data }) => hear(data);
  return (change) => {
    attempt(() => channel?.postMessage({ type: 'entra-bff:session', change } satisfies SessionMessage));
  };
}
