import { orUndefined } from './or-undefined.ts';
import type { Page } from './page.ts';

/** Tells other tabs how the session that they share has changed. */
export interface SessionMessage {
  readonly type: 'entra-bff:session';
  readonly change: 'signed_in' | 'signed_out' | 'changed';
}

export interface Tabs {
  notify(change: SessionMessage['change']): void;
  onMessage(listener: (message: unknown) => void): void;
}

/** Connects the tabs of this origin. A message reaches every tab but the one that sent it. */
export function joinTabs(page: Page): Tabs {
  // Undefined while a server renders the page, in old browsers and in some private modes. The browser may also close
  // the channel later. Without it, other tabs notice a change at their next call.
  const channel = page.document && orUndefined(() => new page.BroadcastChannel('entra-bff'));
  return {
    notify(change) {
      orUndefined(() => channel?.postMessage({ type: 'entra-bff:session', change } satisfies SessionMessage));
    },
    onMessage(listener) {
      if (channel) channel.onmessage = ({ data }) => listener(data);
    },
  };
}
