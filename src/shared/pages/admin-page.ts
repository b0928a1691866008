import type { ConsoleView } from '../admin/console.ts';
import type { AdminOverview } from '../admin/overview.ts';
import { secureRandomBytes } from '../crypto/seal.ts';
import { adminPath, consoleHref } from './admin-links.ts';
import { overviewCards } from './admin-overview.ts';
import { resultsCard, searchCard } from './admin-search.ts';
import { scriptAttributes } from './admin-section.ts';
import { userCards } from './admin-user.ts';
import { createDocument, type PageDocument } from './document.ts';
import { type Html, html } from './html.ts';
import { backLabel, inEnglish, type Presentation } from './presentation.ts';

/** What the administration page shows below the search. */
export type AdminView = ({ readonly kind: 'overview' } & AdminOverview) | ConsoleView;

export interface AdminPageContext {
  /** The administrator's name. */
  readonly name: string;
  /** App roles, one of which is required to open this page. */
  readonly roles: readonly string[];
  /** The tag of the administrator's session. The page's script sends it, and the server refuses it in another session. */
  readonly sessionTag: string;
  /** Added to links to users. It proves that they come from a page of this service (`admin/console-links.ts`). */
  readonly proof: string;
  readonly now: Date;
  readonly invocationId: string;
}

/** The administration page: the administrator's own profile, a search, or one user. It is in English only. */
export function adminPage(
  presentation: Presentation,
  view: AdminView,
  context: AdminPageContext,
): PageDocument {
  const { name, roles, sessionTag, proof, now, invocationId } = context;
  const english = inEnglish(presentation);
  const nonce = secureRandomBytes(16).toString('base64');
  return createDocument(english, {
    title: titleOf(view),
    layout: 'wide',
    style: __PAGE_ASSETS__.adminStyle,
    scriptNonce: nonce,
    callsOwnOrigin: true,
    formTargets: ["'self'"],
    content: html`<header class="top">
<h1>Administration</h1>
<nav aria-label="Account">${view.kind !== 'overview' && html`<a href="${adminPath}">About you</a>`}<a href="/">${backLabel(english)}</a><a href="/api/auth/logout">Sign out</a></nav>
</header>
${searchCard(searchText(view), proof)}
<p class="card unscripted">Ending sessions and revoking permissions requires JavaScript. Without it, this page is read-only.</p>
<div id="view">
${cardsOf(view, proof, now)}
</div>
<div class="announcer"${scriptAttributes(hereOf(view, proof))} data-tag="${sessionTag}"><p role="status"></p><p role="alert"></p></div>
<footer class="quiet"><p>Signed in as ${name}. This page requires the app role <code>${roles.join(', ')}</code>.</p>
<p>Reference <code>${invocationId}</code></p></footer>
<script nonce="${nonce}">${{ html: __PAGE_ASSETS__.adminScript }}</script>`,
  });
}

function titleOf(view: AdminView): string {
  const user = view.kind === 'user' && view.user.kind === 'loaded' ? view.user.value : undefined;
  return user === undefined ? 'Administration' : `${user.name} · Administration`;
}

function searchText(view: AdminView): string {
  switch (view.kind) {
    case 'overview':
      return '';
    case 'search':
      return view.text;
    case 'user':
      return (view.user.kind === 'loaded' && view.user.value?.username) || view.objectId;
  }
}

/** The URL of this page. A user's URL carries the proof that a page of this service led there. */
function hereOf(view: AdminView, proof: string): string {
  switch (view.kind) {
    case 'overview':
      return adminPath;
    case 'search':
      return consoleHref(view.text);
    case 'user':
      return consoleHref(view.objectId, proof);
  }
}

function cardsOf(view: AdminView, proof: string, now: Date): Html {
  switch (view.kind) {
    case 'overview':
      return overviewCards(view);
    case 'search':
      return resultsCard(view, proof);
    case 'user':
      return userCards(view, { proof, now });
  }
}
