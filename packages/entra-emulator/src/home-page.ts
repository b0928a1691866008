import { objectIdIn, type User } from '@entra-bff/directory';
import type { Reply } from '@entra-bff/emulator-kit';
import { type Html, html, pageReply } from '@entra-bff/emulator-kit';
import type { Authority } from './authority.ts';

/** Describes the emulator and lists the users who can sign in. */
export function handleHome(authority: Authority): Reply {
  const { tenants, users, registrations } = authority.directory;
  const [home] = tenants;
  return pageReply({
    title: 'About',
    layout: 'wide',
    content: html`
<h1>A sign-in service for development</h1>
<p>It behaves like Microsoft Entra ID for invented users in invented organizations. It asks for no password, sends nothing outside this computer, and forgets everything when it stops.</p>
<p><a class="button primary" href="/switches">Open the switches</a></p>
<h2>Users</h2>
<div class="table-frame" role="region" aria-label="Users" tabindex="0"><table>
<thead><tr><th scope="col">Name</th><th scope="col">Address</th><th scope="col">Notes</th></tr></thead>
<tbody>${users.map(
      (user) =>
        html`<tr><th scope="row">${user.name}</th><td>${user.username}</td><td>${factsAbout(authority, user)}</td></tr>`,
    )}</tbody>
</table></div>
<h2>Organizations</h2>
<ul>${tenants.map((tenant) => html`<li>${tenant.name}, ${tenant.domain}, <code>${tenant.id}</code>${tenant === home && ' (the apps’ home)'}</li>`)}</ul>
<h2>Apps</h2>
<ul>${registrations.map((app) => html`<li>${app.displayName}, <code>${app.clientId}</code></li>`)}</ul>
<h2>For programs</h2>
<ul>${tenants.map((tenant) => html`<li><a href="/${tenant.id}/v2.0/.well-known/openid-configuration">Metadata of ${tenant.name}</a></li>`)}</ul>
<p class="quiet small">You can change the users and apps in <code>packages/directory/src/demo-directory.ts</code>.</p>`,
  });
}

function factsAbout({ directory, roles, blockedUsers }: Authority, user: User): Html {
  const heldRoles = directory.registrations.flatMap((app) =>
    roles.of(user.id, app).map((role) => `${role} of ${app.displayName}`),
  );
  const home = directory.tenants.find((tenant) => tenant.id === user.homeTenantId);
  const guestAt = directory.tenants.filter(
    (tenant) => tenant !== home && objectIdIn(user, tenant.id) !== undefined,
  );
  const facts = [
    `Member of ${home?.name ?? 'no organization'}`,
    ...guestAt.map((tenant) => `guest in ${tenant.name}`),
    ...(user.isTenantAdministrator ? ['can consent for the organization'] : []),
    ...(user.asksForSecondFactor ? ['second factor required'] : []),
    ...heldRoles,
    ...(blockedUsers.has(user.id) ? ['blocked'] : []),
  ];
  return html`${facts.join('; ')}`;
}
