import type { Authority } from './authority.ts';
import { html } from './html.ts';
import { type EmulatorRequest, isFromForeignPage, type Reply, redirectTo } from './http.ts';
import { pageReply } from './page.ts';
import { describedSwitches, readSwitches, switchControl } from './switch-controls.ts';
import { defaultSwitches } from './switches.ts';

/** The page that makes the emulator fail on command. Every POST answers 303, so that reloading repeats nothing. */
export const handleSwitches = async (authority: Authority, request: EmulatorRequest): Promise<Reply> => {
  if (request.method !== 'POST') return switchesPage(authority, request.query.get('done'));
  if (isFromForeignPage(request, authority.origin))
    return {
      status: 403,
      headers: { 'content-type': 'text/plain' },
      body: 'Another site must not change the switches.',
    };
  const done = await perform(authority, request.form);
  return redirectTo(done === undefined ? '/switches' : `/switches?done=${done}`, 303);
};

const perform = async (
  authority: Authority,
  form: URLSearchParams,
): Promise<keyof typeof messages | undefined> => {
  const { directory, consents, roles, blockedUsers, browsers, grants, keys, switches } = authority;
  const userId = form.get('user') ?? '';
  switch (form.get('action')) {
    case 'save':
      Object.assign(switches, readSwitches(form));
      return 'save';
    case 'rotate-keys':
      await keys.rotate();
      return 'rotate-keys';
    case 'revoke-consents':
      consents.revoke(userId);
      return 'revoke-consents';
    case 'revoke-organization-consents':
      consents.revokeOrganizations();
      return 'revoke-organization-consents';
    case 'revoke-refresh-tokens':
      grants.revokeUser(userId);
      return 'revoke-refresh-tokens';
    case 'grant-admin':
      roles.grant({ userId, role: 'Admin' });
      return 'grant-admin';
    case 'remove-admin':
      roles.remove({ userId, role: 'Admin' });
      return 'remove-admin';
    case 'block':
      blockedUsers.add(userId);
      return 'block';
    case 'unblock':
      blockedUsers.delete(userId);
      return 'unblock';
    case 'sign-everybody-out':
      browsers.signOutEverybody();
      return 'sign-everybody-out';
    case 'reset':
      Object.assign(switches, defaultSwitches());
      consents.reset();
      roles.reset();
      blockedUsers.clear();
      browsers.signOutEverybody();
      for (const user of directory.users) grants.revokeUser(user.id);
      return 'reset';
    default:
      return undefined;
  }
};

const messages = {
  save: 'Saved. The switches are in effect now.',
  'rotate-keys': 'A new key signs now. The oldest published key is gone.',
  'revoke-consents': 'The user’s consents are withdrawn. The app has to ask again.',
  'revoke-organization-consents': 'Consents given for whole organizations are withdrawn.',
  'revoke-refresh-tokens': 'What the user’s sign-ins have issued so far is refused from now on.',
  'grant-admin': 'The user has the Admin role from the next ID token on.',
  'remove-admin': 'The user has no Admin role from the next ID token on.',
  block: 'The account is disabled: sign-ins and refreshes are refused.',
  unblock: 'The account works again.',
  'sign-everybody-out': 'Nobody is signed in here any more. Apps keep their own sessions.',
  reset: 'Everything is as after a start: switches off, consents and sign-ins gone.',
} as const;

const isMessage = (value: string): value is keyof typeof messages => Object.hasOwn(messages, value);

const switchesPage = ({ switches, directory }: Authority, done: string | null): Reply =>
  pageReply({
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
<button name="action" value="revoke-refresh-tokens">Revoke refresh tokens</button>
<button name="action" value="grant-admin">Give the Admin role</button>
<button name="action" value="remove-admin">Take the Admin role</button>
<button name="action" value="block">Block</button>
<button name="action" value="unblock">Unblock</button>
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
</form>`,
  });
