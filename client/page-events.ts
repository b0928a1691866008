import type { ClientContext } from './client-context.ts';
import { readMember } from './read-untrusted.ts';
import { setSignedOut } from './sign-out.ts';

/** Handles a message of another tab or of a popup. */
export function onTabMessage(context: ClientContext, message: unknown): void {
  context.interactions.active.onMessage(message);
  if (readMember(message, 'type') !== 'entra-bff:session') return;
  if (readMember(message, 'change') === 'signed_out') setSignedOut(context);
  else void context.sessions.tryRead();
}

export function listenToPage(context: ClientContext): void {
  const { page, interactions, sessions } = context;
  const { document } = page;
  page.addEventListener('message', ({ origin, data }) => {
    if (origin === page.location.origin) interactions.active.onMessage(data);
  });
  const onReturn = () => {
    // If the browser has severed the link to its popup (Cross-Origin-Opener-Policy), the page cannot tell whether the popup
    // is still open. The session shows what the user did.
    if (interactions.active.view) void sessions.tryRead();
    sessions.recheckExpiry(); // another tab may have used the session
  };
  page.addEventListener('focus', onReturn);
  document?.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') onReturn();
  });
  page.addEventListener('pageshow', ({ persisted }) => {
    if (!persisted) return;
    // The browser has restored this page from its memory: the redirect is over, and the session may be over too.
    if (interactions.active.view?.display === 'redirect') interactions.endAll('canceled');
    void sessions.tryRead();
  });
}
