import {
  type EmulatorRequest,
  type Html,
  html,
  isFromForeignPage,
  pageReply,
  type Reply,
  redirectTo,
  switchedOn,
  textReply,
} from '@entra-bff/emulator-kit';
import { type Authority, findRegistration } from './authority.ts';
import { endings } from './sign-in-ending.ts';
import { messages, perform } from './switch-actions.ts';
import { describeSwitchedOn, switchControl } from './switch-controls.ts';
import { describedSwitches } from './switch-descriptions.ts';

/** The page that makes the emulator fail on demand. Every POST redirects, so that reloading the page repeats nothing. */
export async function handleSwitches(authority: Authority, request: EmulatorRequest): Promise<Reply> {
  if (request.method !== 'POST') return switchesPage(authority, request.query.get('done'));
  if (isFromForeignPage(request, authority.origin))
    return textReply(403, 'Another site must not change the switches.');
  const done = await perform(authority, request.form);
  return redirectTo(done === undefined ? '/switches' : `/switches?done=${done}`, 303);
}

const isMessage = (value: string): value is keyof typeof messages => Object.hasOwn(messages, value);

function switchesPage(authority: Authority, done: string | null): Reply {
  const { switches, directory, appUrl } = authority;
  return pageReply({
    title: 'Switches',
    layout: 'wide',
    content: html`
<h1>Switches</h1>
<p>Make the sign-in service fail as the real one does. Changes take effect at once, until you change them back or stop the emulator. <a href="/">About this emulator</a></p>
${done !== null && isMessage(done) && html`<p class="notice" role="status">${messages[done]}</p>`}
${switchedOn({ items: describeSwitchedOn(authority), resetAction: 'reset-switches', appUrl })}
<form method="post" action="/switches">
${describedSwitches.map(
  ({ title, items }) =>
    html`<fieldset><legend>${title}</legend>${items.map((item) => switchControl(item, switches))}</fieldset>`,
)}
<div class="actions"><button class="primary" name="action" value="save">Save switches</button></div>
</form>
<h2>Actions</h2>
<form method="post" action="/switches">
<fieldset><legend>One user</legend>
<label>User<select name="user">${directory.users.map((user) => html`<option value="${user.id}">${user.name}</option>`)}</select></label>
<div class="buttons">
<button name="action" value="revoke-consents">Withdraw consents</button>
<button name="action" value="grant-admin">Grant the Admin role</button>
<button name="action" value="remove-admin">Remove the Admin role</button>
<button name="action" value="block">Block</button>
<button name="action" value="unblock">Unblock</button>
<button name="action" value="expire-password">Expire the password</button>
</div>
</fieldset>
</form>
<form method="post" action="/switches">
<fieldset><legend>Sign-ins so far</legend>
<p class="quiet">Everything that they have issued is refused. The next sign-in works.</p>
<label>User<select name="user"><option value="">All users</option>${directory.users.map((user) => html`<option value="${user.id}">${user.name}</option>`)}</select></label>
<label class="next">Reason<select name="ending">${Object.entries(endings).map(([ending, label]) => html`<option value="${ending}">${label}</option>`)}</select></label>
<div class="buttons">
<button name="action" value="end-sign-ins">End the sign-ins</button>
</div>
</fieldset>
</form>
<form method="post" action="/switches">
<fieldset><legend>All users</legend>
<div class="buttons">
<button name="action" value="rotate-keys">Rotate the signing keys</button>
<button name="action" value="sign-all-users-out">Sign all users out here</button>
<button name="action" value="revoke-organization-consents">Withdraw consents of organizations</button>
<button name="action" value="reset">Reset everything</button>
</div>
</fieldset>
</form>
${approvalsOf(authority)}`,
  });
}

/** The requests for approval. */
function approvalsOf(authority: Authority): Html {
  const { approvals, directory } = authority;
  return html`<h2>Requests for approval</h2>
${
  approvals.list().length === 0 &&
  html`<p class="quiet">There are none. Users can send one if the switch “Users can request approval” is on.</p>`
}
${approvals.list().map(({ id, clientId, userId, scopes, justification }) => {
  const name = directory.users.find((user) => user.id === userId)?.name ?? userId;
  const app = findRegistration(authority, clientId)?.displayName ?? clientId;
  return html`<form method="post" action="/switches">
<fieldset><legend>${name} asks for ${app}</legend>
<input type="hidden" name="approval" value="${id}">
<p>${justification === '' ? html`<span class="quiet">No reason given.</span>` : justification}</p>
<ul>${scopes.map((scope) => html`<li><code>${scope}</code></li>`)}</ul>
<div class="buttons">
<button name="action" value="approve">Approve for the organization</button>
<button name="action" value="deny">Deny</button>
</div>
</fieldset>
</form>`;
})}`;
}
