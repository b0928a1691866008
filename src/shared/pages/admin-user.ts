import type { UserView } from '../admin/console.ts';
import type { Grant } from '../admin/grants.ts';
import type { Section } from '../admin/section.ts';
import type { UserSession, UserSessionList } from '../admin/user-sessions.ts';
import { badge, instant, relativeTime } from './admin-elements.ts';
import { consoleHref, userPath } from './admin-links.ts';
import { directoryPermission, failedSection, type MissingPermission } from './admin-section.ts';
import { type Html, html } from './html.ts';

const grantsPermission: MissingPermission = {
  title: 'Allow this app to see and revoke permissions',
  purpose:
    'To show and revoke permissions that users have granted, this app needs a permission that an administrator has to grant.',
};

export interface UserCardsContext {
  /** Added to links to this page. It proves that they come from a page of this service (`admin/console-links.ts`). */
  readonly proof: string;
  readonly now: Date;
}

/** One user: profile, sessions, granted permissions, and the button that signs the user out everywhere. */
export function userCards(view: UserView, { proof, now }: UserCardsContext): Html {
  const { objectId, sessions, grants } = view;
  const here = consoleHref(objectId, proof);
  return html`${profileCard(view, here)}
<section class="card" aria-labelledby="sessions">
<h2 id="sessions" tabindex="-1">Sessions in this app</h2>
${sessions.kind === 'failed' ? failedSection(sessions, { here }) : sessionList(view, sessions.value, now)}
</section>
${
  !isMissing(view) &&
  html`<section class="card" aria-labelledby="grants">
<h2 id="grants" tabindex="-1">Permissions granted to this app</h2>
${grantSection(grants, objectId, here)}
</section>`
}
${isKnown(view) && signOutCard(view)}`;
}

/** True if Graph has this user. Only then can the administrator see whom a sign-out of Microsoft would affect. */
const isKnown = ({ user }: UserView) => user.kind === 'loaded' && user.value !== undefined;

/** True if Graph says that it has no such user. */
const isMissing = ({ user }: UserView) => user.kind === 'loaded' && user.value === undefined;

function profileCard({ objectId, isSelf, user }: UserView, here: string): Html {
  const profile = user.kind === 'loaded' ? user.value : undefined;
  const unnamed = user.kind === 'loaded' ? 'Unknown user' : 'Name not available';
  return html`<section class="card" aria-labelledby="profile">
<div class="profile">${badge(profile?.name ?? '?')}
<div>
<h2 id="profile" tabindex="-1"><bdi>${profile?.name ?? unnamed}</bdi>${isSelf && html` <span class="chip">you</span>`}</h2>
${profile && html`<p class="quiet">${profile.username}</p>`}
<p class="quiet"><code>${objectId}</code></p>
</div></div>
${user.kind === 'failed' && failedSection(user, { permission: directoryPermission, here })}
${user.kind === 'loaded' && profile === undefined && html`<p>Microsoft Graph has no user with this ID in your organization. If there are sessions, they belong to an account that was deleted.</p>`}
</section>`;
}

/** How many sessions are visible initially. The rest are in a collapsed list. */
const VISIBLE_SESSIONS = 20;

function sessionList(view: UserView, { sessions, isTruncated }: UserSessionList, now: Date): Html {
  if (sessions.length === 0) {
    return html`<div class="empty"><p><b>No sessions.</b></p>
<p>A session appears here when the user signs in, and disappears when it ends.</p></div>`;
  }
  const items = sessions.map((session, at) =>
    sessionItem(session, { objectId: view.objectId, now, position: `${at + 1} of ${sessions.length}` }),
  );
  const rest = items.slice(VISIBLE_SESSIONS);
  return html`<ul class="rows">${items.slice(0, VISIBLE_SESSIONS)}</ul>
${rest.length > 0 && html`<details><summary>${rest.length} more</summary><ul class="rows">${rest}</ul></details>`}
${isTruncated && html`<p>This user has more sessions than are listed. “End all sessions” ends those as well.</p>`}
${sessions.length > 1 && endAllButton(view, isTruncated ? undefined : sessions.length)}`;
}

function endAllButton(view: UserView, count: number | undefined): Html {
  return html`<div class="actions">${actionButton({
    method: 'DELETE',
    path: `${userPath(view.objectId)}/sessions`,
    label: count === undefined ? 'End all sessions' : `End all ${count} sessions`,
    question: view.isSelf ? 'End all your sessions?' : `End all sessions of ${userLabel(view)}?`,
    confirm: 'End all sessions',
    done: '# ended.',
  })}</div>`;
}

interface SessionItemContext {
  readonly objectId: string;
  readonly now: Date;
  /** For example “3 of 25”. Several sessions can have the same browser and the same times. */
  readonly position: string;
}

function sessionItem(session: UserSession, { objectId, now, position }: SessionItemContext): Html {
  const { id, isCurrent, device, signedInAt, lastUsedAt, expiresAt, rolesAsOf, features } = session;
  const name = device ?? 'Unknown browser';
  return html`<li><p class="name">${name}${isCurrent && html` <span class="chip">this browser</span>`}</p>
${
  isCurrent
    ? html`<a class="button small" href="/api/auth/logout">Sign out</a>`
    : actionButton({
        method: 'DELETE',
        path: `${userPath(objectId)}/sessions/${id}`,
        label: 'End this session',
        hint: `: ${position}, ${name}, last used ${relativeTime(lastUsedAt, now)}`,
        question: 'End this session?',
        confirm: 'End session',
        done: 'Session ended.',
      })
}
<dl class="facts">
${instant('Last used', lastUsedAt, now)}
${instant('Signed in', signedInAt, now)}
${instant('Roles as of', rolesAsOf, now)}
${instant('Expires', expiresAt, now)}
</dl>
${
  features.length > 0 &&
  html`<dl class="features"><dt>Features with consent</dt><dd><ul class="chips">${features.map(({ name: feature }) => html`<li><code>${feature}</code></li>`)}</ul></dd></dl>`
}</li>`;
}

function grantSection(grants: Section<readonly Grant[]>, objectId: string, here: string): Html {
  if (grants.kind === 'failed') return failedSection(grants, { permission: grantsPermission, here });
  if (grants.value.length === 0) {
    return html`<div class="empty"><p><b>No permissions granted.</b></p>
<p>Permissions that an administrator has granted for all users are not listed here.</p></div>`;
  }
  return html`<ul class="rows">
${grants.value.map((grant) => grantItem(grant, objectId))}
</ul>
<p class="quiet">A revoked permission stays in effect until the tokens are renewed, within about an hour. To stop it sooner, end all sessions as well.</p>`;
}

function grantItem({ id, scopes }: Grant, objectId: string): Html {
  return html`<li><ul class="chips" aria-label="Permissions">${scopes.map((scope) => html`<li><code>${scope}</code></li>`)}</ul>
${actionButton({
  method: 'DELETE',
  path: `${userPath(objectId)}/grants/${encodeURIComponent(id)}`,
  label: 'Revoke these permissions',
  hint: `: ${scopes.join(', ')}`,
  question: 'Revoke these permissions?',
  confirm: 'Revoke permissions',
  done: 'Permissions revoked. Sessions keep them until their tokens are renewed.',
})}</li>`;
}

function signOutCard(view: UserView): Html {
  const { objectId, isSelf } = view;
  const [whose, their] = isSelf ? ['your', 'your'] : ['the user’s', 'their'];
  return html`<section class="card" aria-labelledby="everywhere">
<h2 id="everywhere" tabindex="-1">Sign out everywhere</h2>
<p>Ends all of ${whose} sessions in this app and asks Microsoft to revoke all of ${their} sign-ins in other apps and on other devices.</p>
<p class="quiet">Other apps notice within about an hour. Guests stay signed in to their home organization, which alone can end those sign-ins.</p>
<div class="actions">${actionButton({
    method: 'POST',
    path: `${userPath(objectId)}/sign-out`,
    label: 'Sign out of Microsoft too',
    question: `Sign ${isSelf ? 'yourself' : userLabel(view)} out everywhere?`,
    confirm: 'Sign out everywhere',
    done: 'Signed out of Microsoft. # ended in this app.',
  })}</div>
</section>`;
}

function userLabel({ user }: UserView): string {
  return (user.kind === 'loaded' && user.value?.name) || 'this user';
}

interface Action {
  readonly method: 'DELETE' | 'POST';
  readonly path: string;
  readonly label: string;
  /** Added to the label for screen readers, because several buttons have the same label. */
  readonly hint?: string;
  readonly question: string;
  /** Label of the button that confirms. */
  readonly confirm: string;
  /** Shown after the change. `#` is replaced by the number of ended sessions with its noun: `3 sessions`. */
  readonly done: string;
}

/** A button for assets/admin.client.ts. It stays hidden until the script runs. */
function actionButton({ method, path, label, hint, question, confirm, done }: Action): Html {
  const name = hint === undefined ? undefined : `${label}${hint}`;
  return html`<button class="button small risk" type="button" data-method="${method}" data-path="${path}" data-question="${question}" data-confirm="${confirm}" data-done="${done}"${name && html` aria-label="${name}"`}>${label}</button>`;
}
