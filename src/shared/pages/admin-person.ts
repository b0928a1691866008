import type { PersonView } from '../admin/console.ts';
import type { Grant } from '../admin/grants.ts';
import type { Part } from '../admin/section.ts';
import type { UserSession, UserSessionList } from '../admin/user-sessions.ts';
import { adminPath, badge, consoleHref, failedPart, moment } from './admin-parts.ts';
import { type Html, html } from './html.ts';

/** One person: where they are signed in, what they have allowed this app, and the way out everywhere. */
export function personCards(view: PersonView, now: Date): Html {
  const { objectId, isSelf, person, sessions, grants } = view;
  const here = consoleHref(objectId);
  const name = person.kind === 'answered' ? person.value?.name : undefined;
  const who = isSelf ? 'you' : (name ?? 'this person');
  return html`${personCard(view, here)}
<section class="card" aria-labelledby="sessions">
<h2 id="sessions" tabindex="-1">Signed in here</h2>
${sessions.kind === 'failed' ? failedPart(sessions, { purpose: '', here }) : sessionList(view, sessions.value, who, now)}
</section>
<section class="card" aria-labelledby="grants">
<h2 id="grants" tabindex="-1">Permissions granted to this app</h2>
${grantsPart(grants, { objectId, here, who })}
</section>
<section class="card" aria-labelledby="everywhere">
<h2 id="everywhere" tabindex="-1">Sign out everywhere</h2>
<p>Ends all sessions here, and asks Microsoft to take back every sign-in of ${who} in all apps and on all devices.</p>
<p class="quiet">Other apps notice within about an hour. Guests stay signed in at home, which only their own organization can end.</p>
<div class="actions">${actionButton({
    method: 'POST',
    path: `${usersPath(objectId)}/sign-out`,
    label: 'Sign out of Microsoft too',
    question: `Really sign ${who} out everywhere?`,
    confirm: 'Yes, everywhere',
    done: 'Signed out of Microsoft, and # ended here.',
  })}</div>
</section>`;
}

const usersPath = (objectId: string) => `${adminPath}/users/${objectId}`;

function personCard({ objectId, isSelf, person }: PersonView, here: string): Html {
  const known = person.kind === 'answered' ? person.value : undefined;
  const name = known?.name ?? 'Somebody';
  return html`<section class="card" aria-labelledby="person">
<div class="profile">${badge(known?.name ?? '?')}
<div>
<h2 id="person" tabindex="-1"><bdi>${name}</bdi>${isSelf && html` <span class="chip">you</span>`}</h2>
${known && html`<p class="quiet">${known.username}</p>`}
<p class="quiet"><code>${objectId}</code></p>
</div></div>
${person.kind === 'failed' && failedPart(person, { purpose: 'To show names, this app needs your permission to read names and addresses in your organization.', here })}
${person.kind === 'answered' && known === undefined && html`<p>Microsoft Graph knows nobody by this id in your organization. What is listed below may be left of an account that was deleted.</p>`}
</section>`;
}

const SHOWN = 20;

function sessionList(
  { objectId }: PersonView,
  { sessions, isCut }: UserSessionList,
  who: string,
  now: Date,
): Html {
  if (sessions.length === 0) {
    return html`<div class="empty"><p><b>Not signed in anywhere.</b></p>
<p>Sessions appear here as soon as there is a sign-in, and go when they end.</p></div>`;
  }
  const items = sessions.map((session) => sessionItem(session, objectId, now));
  const rest = items.slice(SHOWN);
  return html`<ul class="rows">${items.slice(0, SHOWN)}</ul>
${rest.length > 0 && html`<details><summary>${rest.length} more</summary><ul class="rows">${rest}</ul></details>`}
${isCut && html`<p>There are more sessions than can be listed here. Ending all sessions ends those too.</p>`}
${sessions.length > 1 && endAll(objectId, isCut ? undefined : sessions.length, who)}`;
}

function endAll(objectId: string, count: number | undefined, who: string): Html {
  return html`<div class="actions">${actionButton({
    method: 'DELETE',
    path: `${usersPath(objectId)}/sessions`,
    label: count === undefined ? 'End all' : `End all ${count}`,
    question: `Really end all sessions of ${who}?`,
    confirm: 'Yes, end all',
    done: '# ended.',
  })}</div>`;
}

function sessionItem(session: UserSession, objectId: string, now: Date): Html {
  const { id, isCurrent, device, signedInAt, lastUsedAt, expiresAt, rolesAsOf, features } = session;
  const name = device ?? 'Unknown browser';
  return html`<li><p class="name">${name}${isCurrent && html` <span class="chip">this browser</span>`}</p>
${actionButton({
  method: 'DELETE',
  path: `${usersPath(objectId)}/sessions/${id}`,
  label: 'End',
  hint: `: ${name}`,
  question: isCurrent ? 'Really end your own session?' : 'Really end it?',
  confirm: 'Yes, end it',
  done: 'The session has ended.',
})}
<dl class="facts">
${moment('Last used', lastUsedAt, now)}
${moment('Signed in', signedInAt, now)}
${moment('Roles checked', rolesAsOf, now)}
${moment('Ends', expiresAt, now)}
</dl>
${
  features.length > 0 &&
  html`<ul class="chips" aria-label="Features with consent">${features.map(({ title }) => html`<li>${title}</li>`)}</ul>`
}</li>`;
}

function grantsPart(
  grants: Part<readonly Grant[]>,
  { objectId, here, who }: { readonly objectId: string; readonly here: string; readonly who: string },
): Html {
  if (grants.kind === 'failed') {
    const purpose =
      'To show and revoke what people have granted, this app needs a permission that an administrator has to give.';
    return failedPart(grants, { purpose, here });
  }
  if (grants.value.length === 0) {
    return html`<div class="empty"><p><b>Nothing granted by ${who}.</b></p>
<p>What an administrator has granted for everybody is not listed here.</p></div>`;
  }
  return html`<ul class="rows">
${grants.value.map(
  ({
    id,
    scopes,
  }) => html`<li><ul class="chips" aria-label="Permissions">${scopes.map((scope) => html`<li><code>${scope}</code></li>`)}</ul>
${actionButton({
  method: 'DELETE',
  path: `${usersPath(objectId)}/grants/${encodeURIComponent(id)}`,
  label: 'Revoke',
  hint: `: ${scopes.join(', ')}`,
  question: 'Really revoke these permissions?',
  confirm: 'Yes, revoke',
  done: 'Revoked. Sessions keep what they have until their tokens are renewed.',
})}</li>`,
)}
</ul>
<p class="quiet">Revoking takes effect when tokens are renewed, within about an hour. To stop it sooner, end all sessions as well.</p>`;
}

interface Action {
  readonly method: 'DELETE' | 'POST';
  readonly path: string;
  readonly label: string;
  /** Read out after the label, where many buttons say the same. */
  readonly hint?: string;
  readonly question: string;
  readonly confirm: string;
  /** `#` stands for how many sessions ended. */
  readonly done: string;
}

/** Hidden until the script is there, without which it would do nothing. */
function actionButton({ method, path, label, hint, question, confirm, done }: Action): Html {
  const name = hint === undefined ? undefined : `${label}${hint}`;
  return html`<button class="button small risk" type="button" data-method="${method}" data-path="${path}" data-question="${question}" data-confirm="${confirm}" data-done="${done}"${name && html` aria-label="${name}"`}>${label}</button>`;
}
