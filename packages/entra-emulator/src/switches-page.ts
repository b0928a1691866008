import {
  type EmulatorRequest,
  type Html,
  html,
  isFromForeignPage,
  pageReply,
  type Reply,
  redirectTo,
} from '@entra-bff/emulator-kit';
import { type Authority, findRegistration } from './authority.ts';
import { describedSwitches } from './described-switches.ts';
import { endings } from './ended-sign-ins.ts';
import { messages, perform } from './switch-actions.ts';
import { switchControl } from './switch-controls.ts';

/** The page that makes the emulator fail on command. Every POST answers 303, so that reloading repeats nothing. */
export async function handleSwitches(authority: Authority, request: EmulatorRequest): Promise<Reply> {
  if (request.method !== 'POST') return switchesPage(authority, request.query.get('done'));
  if (isFromForeignPage(request, authority.origin))
    return {
      status: 403,
      headers: { 'content-type': 'text/plain' },
      body: 'Another site must not change the switches.',
    };
  const done = await perform(authority, request.form);
  return redirectTo(done === undefined ? '/switches' : `/switches?done=${done}`, 303);
}

const isMessage = (value: string): value is keyof typeof messages => Object.hasOwn(messages, value);

function switchesPage(authority: Authority, done: string | null): Reply {
  const { switches, directory } = authority;
  return pageReply({
    title: 'Switches',
    layout: 'wide',
    content: html`
<h1>Switches</h1>
<p>Make the sign-in service fail the way the real one does. Changes take effect at once and last until you change them back or stop the emulator. <a href="/">About this emulator</a></p>
${done !== null && isMessage(done) && html`<p class="notice" role="status">${messages[done]}</p>`}
<form method="post" action="/switches">
${describedSwitches.map(
  ({ title, items }) =>
    html`<fieldset><legend>${title}</legend>${items.map((item) => switchControl(item, switches))}</fieldset>`,
)}
<div class="actions"><button class="primary" name="action" value="save">Save switches</button></div>
</form>
<h2>Do something once</h2>
<form method="post" action="/switches">
<fieldset><legend>To one person</legend>
<label>Person<select name="user">${directory.users.map((user) => html`<option value="${user.id}">${user.name}</option>`)}</select></label>
<div class="buttons">
<button name="action" value="revoke-consents">Withdraw consents</button>
<button name="action" value="grant-admin">Give the Admin role</button>
<button name="action" value="remove-admin">Take the Admin role</button>
<button name="action" value="block">Block</button>
<button name="action" value="unblock">Unblock</button>
<button name="action" value="expire-password">Let the password expire</button>
</div>
</fieldset>
</form>
<form method="post" action="/switches">
<fieldset><legend>To sign-ins so far</legend>
<p class="quiet">What they have issued is refused from now on; the next sign-in works.</p>
<label>Whose<select name="user"><option value="">Everybody’s</option>${directory.users.map((user) => html`<option value="${user.id}">${user.name}</option>`)}</select></label>
<label class="next">Why<select name="ending">${Object.entries(endings).map(([ending, label]) => html`<option value="${ending}">${label}</option>`)}</select></label>
<div class="buttons">
<button name="action" value="end-sign-ins">End them</button>
</div>
</fieldset>
</form>
<form method="post" action="/switches">
<fieldset><legend>To everybody</legend>
<div class="buttons">
<button name="action" value="rotate-keys">Rotate the signing keys</button>
<button name="action" value="sign-everybody-out">Sign everybody out here</button>
<button name="action" value="revoke-organization-consents">Withdraw organizations’ consents</button>
<button name="action" value="reset">Reset everything</button>
</div>
</fieldset>
</form>
${approvalsOf(authority)}`,
  });
}

/** What people have asked administrators for. */
function approvalsOf(authority: Authority): Html {
  const { approvals, directory } = authority;
  return html`<h2>Requests for approval</h2>
${
  approvals.list().length === 0 &&
  html`<p class="quiet">Nobody has asked. People can where the switch “People can request approval” is on.</p>`
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
