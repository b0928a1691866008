import type { AdminOverview, GraphOverview, Membership } from '../admin/overview.ts';
import type { Part } from '../admin/section.ts';
import { adminPath, failedPart } from './admin-parts.ts';
import { type Html, html } from './html.ts';

/** Who the administrator is to this app and why, and what Graph says about them. */
export function aboutYou({ claims, graph }: AdminOverview): Html {
  return html`<section class="card" aria-labelledby="claims">
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
</section>`;
}

function graphSection(graph: Part<GraphOverview>): Html {
  if (graph.kind === 'failed') {
    const purpose =
      'This app needs your permission to read your profile. The claims above do not depend on it.';
    return failedPart(graph, { purpose, here: adminPath });
  }
  const { profile, memberships } = graph.value;
  return html`<dl class="columns">
${profile.map(({ label, value }) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}
<div class="whole"><dt>Member of</dt><dd>${membershipList(memberships)}</dd></div>
</dl>`;
}

function membershipList(memberships: readonly Membership[] | undefined): Html {
  if (memberships === undefined) return html`<span class="warn">This part of the answer did not come.</span>`;
  if (memberships.length === 0) return html`<span class="quiet">No groups and no roles.</span>`;
  const nameless = memberships.some(({ name }) => name === undefined);
  return html`<ul>
${memberships.map(({ id, kind, name }) => html`<li>${name ?? html`<code>${id}</code>`} <span class="quiet">${kind}</span></li>`)}
</ul>
${nameless && html`<p class="quiet">Graph shows names only to an app with <code>GroupMember.Read.All</code>.</p>`}`;
}
