import type { AdminOverview, GraphOverview, Membership } from '../admin/overview.ts';
import type { Section } from '../admin/section.ts';
import { adminPath } from './admin-links.ts';
import { failedSection, type MissingPermission } from './admin-section.ts';
import { type Html, html } from './html.ts';

/** The administrator's own claims and Graph profile. */
export function overviewCards({ claims, graph }: AdminOverview): Html {
  return html`<section class="card" aria-labelledby="claims">
<details>
<summary><h2 id="claims">Your verified claims</h2></summary>
<dl class="columns">
${claims.map(
  ({ claim, label, usedFor, value }) => html`<div>
<dt>${label} ${label !== claim && html`<code class="quiet">${claim}</code>`}</dt>
<dd>${value}</dd>
<dd class="quiet">${usedFor}</dd>
</div>`,
)}
</dl>
</details>
</section>
<section class="card" aria-labelledby="graph">
<h2 id="graph">Your Microsoft Graph profile</h2>
${graphSection(graph)}
</section>`;
}

const profilePermission: MissingPermission = {
  title: 'Allow this app to read your profile',
  purpose: 'To show your profile, this app needs your permission to read it.',
};

function graphSection(graph: Section<GraphOverview>): Html {
  if (graph.kind === 'failed')
    return failedSection(graph, { permission: profilePermission, here: adminPath });
  const { profile, memberships } = graph.value;
  return html`<dl class="columns">
${profile.map(({ label, value }) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}
<div class="whole"><dt>Member of</dt><dd>${membershipList(memberships)}</dd></div>
</dl>`;
}

function membershipList(memberships: readonly Membership[] | undefined): Html {
  if (memberships === undefined)
    return html`<span class="warn">Microsoft Graph did not return your memberships.</span>`;
  if (memberships.length === 0) return html`<span class="quiet">No groups or roles.</span>`;
  const isNameMissing = memberships.some(({ name }) => name === undefined);
  return html`<ul>
${memberships.map(({ id, kind, name }) => html`<li>${name ?? html`<code>${id}</code>`} <span class="quiet">${kind}</span></li>`)}
</ul>
${isNameMissing && html`<p class="quiet">Microsoft Graph returns group names only to apps that have <code>GroupMember.Read.All</code>.</p>`}`;
}
