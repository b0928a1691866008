import type { User } from '@entra-bff/directory';
import type { Reply } from '@entra-bff/emulator-kit';
import { type Html, html, pageReply } from '@entra-bff/emulator-kit';
import { challengeForms } from './claims-challenge.ts';
import { breakingPoints, type GraphSwitches, retryAfterForms } from './switches.ts';

const messages: Readonly<Record<string, string>> = {
  save: 'Saved. The switches are in effect now.',
  revoke: 'Tokens issued so far are revoked. Newer ones work.',
  forget: 'No token is revoked any more.',
};

/** The page that makes the emulated Graph fail on command; works without script. */
export function switchesPage(switches: GraphSwitches, users: readonly User[], done: string | null): Reply {
  return pageReply({
    title: 'Switches',
    brand: 'Graph',
    layout: 'wide',
    content: html`
<h1>Switches</h1>
<p>Make Microsoft Graph fail the way the real one does. Changes take effect at once.</p>
${done !== null && Object.hasOwn(messages, done) && html`<p class="notice" role="status">${messages[done]}</p>`}
<form method="post" action="/switches">
<fieldset><legend>Throttling</legend>
${numberField('throttledCalls', 'Calls that answer 429', switches.throttledCalls === Number.POSITIVE_INFINITY ? 1_000_000 : switches.throttledCalls)}
${numberField('retryAfterSeconds', 'Retry-After in seconds', switches.retryAfterSeconds)}
${selectField('retryAfterForm', 'How Retry-After is written', retryAfterForms, switches.retryAfterForm)}
</fieldset>
<fieldset><legend>Outage</legend>
${checkbox('unavailable', 'Every call answers 503', switches.unavailable)}
${numberField('slowMs', 'Delay of every answer in milliseconds', switches.slowMs)}
${numberField('bodyPauseMs', 'Pause in the middle of every body in milliseconds', switches.bodyPauseMs)}
${selectField('breaksOff', 'Where every answer breaks off', breakingPoints, switches.breaksOff)}
</fieldset>
<fieldset><legend>Administrators</legend>
${checkbox(
  'directoryRolesMissing',
  'Nobody holds a directory role',
  switches.directoryRolesMissing,
  'What needs one answers 403, whatever the app may: ending other people’s sign-ins, and permissions given to apps.',
)}
</fieldset>
<fieldset><legend>Claims challenges</legend>
${checkbox(
  'authenticationContextDemanded',
  'An authentication context is demanded',
  switches.authenticationContextDemanded,
  'Answers 401 insufficient_claims until the token names the context c1: the person has to give a second factor.',
)}
${checkbox(
  'alwaysChallenges',
  'Every call answers with a challenge',
  switches.alwaysChallenges,
  'No token is ever good enough.',
)}
${selectField('challengeForm', 'How the header is written', challengeForms, switches.challengeForm)}
</fieldset>
<div class="actions"><button name="action" value="reset">All as on a good day</button><button class="primary" name="action" value="save">Save switches</button></div>
</form>
<h2>Do something once</h2>
<form method="post" action="/switches">
<fieldset><legend>Continuous access evaluation</legend>
<p class="quiet">Tokens issued so far are revoked, as after a change of password or a new policy. An app that has declared the capability CP1 gets a claims challenge; any other, 401.</p>
<label>Whose<select name="user"><option value="">Everybody’s</option>${users.map((user) => html`<option value="${user.id}">${user.name}</option>`)}</select></label>
<div class="buttons">
<button name="action" value="revoke">Revoke tokens</button>
<button name="action" value="forget">Forget all revocations</button>
</div>
</fieldset>
</form>`,
  });
}

function numberField(name: string, label: string, value: number): Html {
  return html`<div class="switch"><div class="row"><label for="${name}">${label}</label><input type="number" min="0" max="1000000" id="${name}" name="${name}" value="${value}"></div></div>`;
}

function selectField(
  name: string,
  label: string,
  options: Readonly<Record<string, string>>,
  chosen: string,
): Html {
  return html`<div class="switch"><div class="row"><label for="${name}">${label}</label><select id="${name}" name="${name}">${Object.entries(
    options,
  ).map(
    ([value, text]) => html`<option value="${value}"${value === chosen && html` selected`}>${text}</option>`,
  )}</select></div></div>`;
}

function checkbox(name: string, label: string, isOn: boolean, effect?: string): Html {
  return html`<div class="switch"><label class="check"><input type="checkbox" name="${name}" value="yes"${effect !== undefined && html` aria-describedby="${name}-effect"`}${isOn && html` checked`}> <span>${label}</span></label>${effect !== undefined && html`<p class="effect" id="${name}-effect">${effect}</p>`}</div>`;
}

/** What the form says; what it does not say stays. */
export function readSwitches(form: URLSearchParams, current: GraphSwitches): GraphSwitches {
  const read = (name: 'throttledCalls' | 'retryAfterSeconds' | 'slowMs' | 'bodyPauseMs') => {
    const text = form.get(name) ?? '';
    return /^\d{1,7}$/.test(text) ? Number(text) : current[name];
  };
  return {
    throttledCalls: read('throttledCalls'),
    retryAfterSeconds: read('retryAfterSeconds'),
    retryAfterForm: readChoice(form.get('retryAfterForm'), retryAfterForms, current.retryAfterForm),
    unavailable: form.get('unavailable') === 'yes',
    slowMs: read('slowMs'),
    bodyPauseMs: read('bodyPauseMs'),
    breaksOff: readChoice(form.get('breaksOff'), breakingPoints, current.breaksOff),
    directoryRolesMissing: form.get('directoryRolesMissing') === 'yes',
    alwaysChallenges: form.get('alwaysChallenges') === 'yes',
    authenticationContextDemanded: form.get('authenticationContextDemanded') === 'yes',
    challengeForm: readChoice(form.get('challengeForm'), challengeForms, current.challengeForm),
  };
}

function readChoice<Choice extends string>(
  text: string | null,
  choices: Readonly<Record<Choice, string>>,
  current: Choice,
): Choice {
  const isChoice = (value: string): value is Choice => Object.hasOwn(choices, value);
  return text !== null && isChoice(text) ? text : current;
}
