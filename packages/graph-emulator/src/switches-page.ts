import type { Reply } from '@entra-bff/emulator-kit';
import { type Html, html, pageReply, switchedOn } from '@entra-bff/emulator-kit';
import { challengeForms } from './claims-challenge.ts';
import type { Graph } from './graph.ts';
import { breakingPoints, defaultGraphSwitches, type GraphSwitches, retryAfterForms } from './switches.ts';

const messages = {
  save: 'Saved. The switches are in effect now.',
  revoke: 'Tokens issued so far are revoked. New tokens work.',
  forget: 'No token is revoked.',
  reset: 'All switches are off, and no token is revoked.',
} as const;

const labels: Readonly<Record<keyof GraphSwitches, string>> = {
  throttledCalls: 'Number of calls that get 429',
  retryAfterSeconds: 'Retry-After in seconds',
  retryAfterForm: 'Format of Retry-After',
  unavailable: 'Every call gets 503',
  slowMs: 'Delay of every response in milliseconds',
  bodyPauseMs: 'Pause in the middle of every response body in milliseconds',
  breaksOff: 'Where every response breaks off',
  directoryRolesMissing: 'No user holds a directory role',
  authenticationContextDemanded: 'Require an authentication context',
  alwaysChallenges: 'Every call gets a challenge',
  challengeForm: 'Format of the header',
};

/** What a button of the page has done. */
export type Done = keyof typeof messages;

const isDone = (text: string): text is Done => Object.hasOwn(messages, text);

/** The page that makes the emulated Graph fail on demand. It needs no script. */
export function switchesPage({ switches, directory, appUrl }: Graph, done: string | null): Reply {
  const { users } = directory;
  return pageReply({
    title: 'Switches',
    brand: 'Graph',
    layout: 'wide',
    content: html`
<h1>Switches</h1>
<p>Make Microsoft Graph fail as the real one does. Changes take effect at once.</p>
${done !== null && isDone(done) && html`<p class="notice" role="status">${messages[done]}</p>`}
${switchedOn({ items: describeSwitchedOn(switches), resetAction: 'reset', appUrl })}
<form method="post" action="/switches">
<fieldset><legend>Throttling</legend>
${numberField('throttledCalls', labels.throttledCalls, switches.throttledCalls === Number.POSITIVE_INFINITY ? 1_000_000 : switches.throttledCalls)}
${numberField('retryAfterSeconds', labels.retryAfterSeconds, switches.retryAfterSeconds)}
${selectField('retryAfterForm', labels.retryAfterForm, retryAfterForms, switches.retryAfterForm)}
</fieldset>
<fieldset><legend>Outage</legend>
${checkbox('unavailable', labels.unavailable, switches.unavailable)}
${numberField('slowMs', labels.slowMs, switches.slowMs)}
${numberField('bodyPauseMs', labels.bodyPauseMs, switches.bodyPauseMs)}
${selectField('breaksOff', labels.breaksOff, breakingPoints, switches.breaksOff)}
</fieldset>
<fieldset><legend>Administrators</legend>
${checkbox(
  'directoryRolesMissing',
  labels.directoryRolesMissing,
  switches.directoryRolesMissing,
  'Calls that need one get 403 even if the app has the permission: revoking sessions and managing consents.',
)}
</fieldset>
<fieldset><legend>Claims challenges</legend>
${checkbox(
  'authenticationContextDemanded',
  labels.authenticationContextDemanded,
  switches.authenticationContextDemanded,
  'Calls get 401 insufficient_claims until the token contains the context c1, which needs a second factor.',
)}
${checkbox('alwaysChallenges', labels.alwaysChallenges, switches.alwaysChallenges, 'No token is accepted.')}
${selectField('challengeForm', labels.challengeForm, challengeForms, switches.challengeForm)}
</fieldset>
<div class="actions"><button class="primary" name="action" value="save">Save switches</button></div>
</form>
<h2>Actions</h2>
<form method="post" action="/switches">
<fieldset><legend>Continuous access evaluation</legend>
<p class="quiet">Revokes the tokens issued so far, as after a password change or a new policy. An app with the capability CP1 gets a claims challenge, other apps a plain 401.</p>
<label>User<select name="user"><option value="">All users</option>${users.map((user) => html`<option value="${user.id}">${user.name}</option>`)}</select></label>
<div class="buttons">
<button name="action" value="revoke">Revoke tokens</button>
<button name="action" value="forget">Clear revocations</button>
</div>
</fieldset>
</form>`,
  });
}

const choiceTexts: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  retryAfterForm: retryAfterForms,
  breaksOff: breakingPoints,
  challengeForm: challengeForms,
};

/** Every switch that is not as in a Graph without any failure. */
function describeSwitchedOn(switches: GraphSwitches): string[] {
  const on: Readonly<Record<string, unknown>> = { ...switches };
  const off: Readonly<Record<string, unknown>> = { ...defaultGraphSwitches() };
  return Object.entries(labels)
    .filter(([name]) => on[name] !== off[name])
    .map(([name, label]) => {
      const value = String(on[name]);
      return on[name] === true ? label : `${label}: ${choiceTexts[name]?.[value] ?? value}`;
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

/** Reads the form. An invalid number or choice keeps its current value. */
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
