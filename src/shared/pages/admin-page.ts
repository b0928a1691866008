import type { ConsoleView } from '../admin/console.ts';
import type { AdminOverview } from '../admin/overview.ts';
import { secureRandomBytes } from '../crypto/seal.ts';
import type { Principal } from '../identity/principal.ts';
import { aboutYou } from './admin-about-you.ts';
import { adminPath, meaningAttributes } from './admin-parts.ts';
import { peopleCard, searchCard } from './admin-people.ts';
import { personCards } from './admin-person.ts';
import { createDocument, type PageDocument } from './document.ts';
import { type Html, html } from './html.ts';

/** What the admin page shows below the search. */
export type AdminView = ({ readonly kind: 'overview' } & AdminOverview) | ConsoleView;

export interface AdminPageFacts {
  readonly administrator: Principal;
  /** The tag of the administrator's own session. The page's calls are made only in that session. */
  readonly sessionTag: string;
  /** Those that open the page. */
  readonly roles: readonly string[];
  /** Added to the links of this page that lead to a user. */
  readonly proof: string;
  readonly now: Date;
  readonly invocationId: string;
}

/** The admin page: who you are to this app and why, and where other people are signed in. */
export function adminPage(view: AdminView, facts: AdminPageFacts): PageDocument {
  const { administrator, sessionTag, roles, proof, now, invocationId } = facts;
  const nonce = secureRandomBytes(16).toString('base64');
  return createDocument({
    title: titleOf(view),
    style: __PAGE_ASSETS__.adminStyle,
    scriptNonce: nonce,
    callsOwnOrigin: true,
    formTargets: ["'self'"],
    content: html`<header class="top">
<h1>Administration</h1>
<nav aria-label="Ways out">${view.kind !== 'overview' && html`<a href="${adminPath}">About you</a>`}<a href="/">Back to the app</a><a href="/api/auth/logout">Sign out</a></nav>
</header>
${searchCard(textOf(view), proof)}
<p class="card unscripted">Ending sessions and revoking permissions needs JavaScript. Everything can be read without.</p>
<div id="view">
${cardsOf(view, proof, now)}
</div>
<div class="messages"${meaningAttributes()} data-tag="${sessionTag}"><p role="status"></p><div role="alert"></div></div>
<footer class="quiet"><p>You are here as ${administrator.name}, because Microsoft Entra ID gave you the app role <code>${roles.join(', ')}</code>.</p>
<p>Reference <code>${invocationId}</code></p></footer>
<script nonce="${nonce}">${{ html: __PAGE_ASSETS__.adminScript }}</script>`,
  });
}

function titleOf(view: AdminView): string {
  const person = view.kind === 'person' && view.person.kind === 'answered' ? view.person.value : undefined;
  return person === undefined ? 'Administration' : `${person.name} · Administration`;
}

function textOf(view: AdminView): string {
  switch (view.kind) {
    case 'overview':
      return '';
    case 'people':
      return view.text;
    case 'person':
      return (view.person.kind === 'answered' && view.person.value?.username) || view.objectId;
  }
}

function cardsOf(view: AdminView, proof: string, now: Date): Html {
  switch (view.kind) {
    case 'overview':
      return aboutYou(view);
    case 'people':
      return peopleCard(view, proof);
    case 'person':
      return personCards(view, now);
  }
}
