import type { AdminOverview, GraphOverview, Membership } from '../../admin/overview.ts';
import type { BffResponse } from '../response.ts';
import { html } from './html.ts';
import { page } from './layout.ts';

const adminPath = '/api/admin';

/** The admin page: who you are to this app and why, and what Graph says about you. */
export function adminPage({ claims, graph }: AdminOverview, roles: readonly string[]): BffResponse {
  return page({
    title: 'Administration',
    content: html`<section class="card">
<h1>Administration</h1>
<p>You are here because Microsoft Entra ID gave you the app role <code>${roles.join(', ')}</code>.</p>
<div class="actions"><a class="button" href="/">Back to the app</a><a class="button" href="/api/auth/logout">Sign out</a></div>
</section>
<section class="card" aria-labelledby="claims">
<h2 id="claims">Your verified claims</h2>
<dl class="columns">
${claims.map(
  ({ claim, label, usedFor, value }) => html`<div>
<dt>${label} ${label !== claim && html`<code class="quiet">${claim}</code>`}</dt>
<dd>${value}</dd>
<dd class="quiet">${usedFor}</dd>
</div>`,
)}
</dl>
</section>
<section class="card" aria-labelledby="graph">
<h2 id="graph">Microsoft Graph about you, just now</h2>
${graphSection(graph)}
</section>`,
  });
}

function graphSection(graph: GraphOverview) {
  if (graph.kind === 'failed') {
    return html`<p class="warn">${graph.title}.</p>
<p class="quiet">Code <code>${graph.code}</code>. The claims above do not depend on it.</p>
<div class="actions"><a class="button" href="${graph.loginUrl === undefined ? adminPath : `${graph.loginUrl}&return_to=${encodeURIComponent(adminPath)}`}">${graph.loginUrl === undefined ? 'Try again' : 'Go on'}</a></div>`;
  }
  return html`<dl class="columns">
${graph.profile.map(({ label, value }) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}
<div class="whole"><dt>Member of</dt><dd>${membershipList(graph.memberships)}</dd></div>
</dl>`;
}

function membershipList(memberships: readonly Membership[] | undefined) {
  if (memberships === undefined) return html`<span class="warn">This part of the answer did not come.</span>`;
  if (memberships.length === 0) return html`<span class="quiet">No groups and no roles.</span>`;
  const nameless = memberships.some(({ name }) => name === undefined);
  return html`<ul>
${memberships.map(({ id, kind, name }) => html`<li>${name ?? html`<code>${id}</code>`} <span class="quiet">${kind}</span></li>`)}
</ul>
${nameless && html`<p class="quiet">Graph shows names only to an app with <code>GroupMember.Read.All</code>.</p>`}`;
}
