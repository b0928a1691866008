import type { InteractionRequest } from './interaction.ts';
import { isOutcome, type Outcome } from './interaction-failed.ts';
import { silentSignInKey } from './interaction-key.ts';
import { orUndefined } from './or-undefined.ts';
import type { Page, Popup } from './page.ts';
import { readMember } from './read-untrusted.ts';
import type { RedirectLoopGuard } from './redirect-loop-guard.ts';
import { noteSilentAttempt, writeRedirectNote } from './redirect-note.ts';
import type { SessionWatch } from './session-watch.ts';

/** A popup that shows an interaction. */
export interface OpenPopup {
  /** Distinguishes the messages of this popup from others. */
  readonly id: string;
  readonly window: Popup;
}

/**
 * Shows a request to the user.
 * @returns the popup; `wait` if a click has to open it; undefined if the browser blocks it or no safe redirect is possible
 */
export function show(
  page: Page,
  request: InteractionRequest,
  guard: RedirectLoopGuard,
  sessions: Pick<SessionWatch, 'current' | 'user'>,
): OpenPopup | 'wait' | 'redirect' | undefined {
  const { display, clicked, ifBlocked } = request;
  if (display === 'popup') {
    const popup = openPopup(page, request);
    if (popup) return popup;
    if (!clicked && ifBlocked === 'wait') return ifBlocked;
    if (!clicked && ifBlocked === 'throw') return undefined;
  }
  return startRedirect(page, request, guard, sessions) ? 'redirect' : undefined;
}

/** Returns undefined if the browser blocks the window. */
function openPopup(page: Page, request: InteractionRequest): OpenPopup | undefined {
  const id = page.crypto.randomUUID();
  const url = new URL(request.url);
  url.searchParams.set('display', `popup.${id}`);
  const window = orUndefined(() => page.open(url.href, `entra-bff-${id}`, 'popup,width=500,height=680'));
  // Some popup blockers return a window that is closed already.
  return window && !window.closed ? { id, window } : undefined;
}

/** Returns the result that a message of this popup reports, and undefined for every other message. */
export function readOutcome(message: unknown, { id }: OpenPopup): Outcome | undefined {
  const isFromPopup =
    readMember(message, 'type') === 'entra-bff:interaction' && readMember(message, 'id') === id;
  const outcome = readMember(message, 'outcome');
  return isFromPopup && isOutcome(outcome) ? outcome : undefined;
}

/**
 * Leaves this page. A redirect without a click needs a note for the page that loads on return: without it, nothing
 * would prevent that page from redirecting again.
 * @returns false if that note could not be stored, so the page stays
 */
function startRedirect(
  page: Page,
  request: InteractionRequest,
  guard: RedirectLoopGuard,
  sessions: Pick<SessionWatch, 'current' | 'user'>,
): boolean {
  const { url, returnUrl, clicked, key, call, feature, reason } = request;
  const history = clicked ? {} : guard.historyAfter(key, call, sessions.current);
  const isSilent = key === silentSignInKey;
  const hasStoredNote =
    writeRedirectNote(page, returnUrl, { ...history, feature, reason, user: sessions.user }) &&
    (!isSilent || noteSilentAttempt(page));
  if (!hasStoredNote && !clicked) return false;
  const target = new URL(url);
  if (isSilent) target.searchParams.set('prompt', 'none');
  target.searchParams.set('return_to', returnUrl.pathname + returnUrl.search);
  page.location.assign(target.href);
  return true;
}
