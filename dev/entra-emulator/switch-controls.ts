import { type Html, html } from './html.ts';
import { defaultSwitches, type Outage, outages, type Switches } from './switches.ts';

type NameOf<Type> = { [Name in keyof Switches]: Switches[Name] extends Type ? Name : never }[keyof Switches];

/** One switch in plain words. The name is the form field's too. */
type DescribedSwitch = { readonly label: string; readonly effect: string } & (
  | { readonly kind: 'yes-no'; readonly name: NameOf<boolean> }
  | { readonly kind: 'number'; readonly name: NameOf<number> }
  | { readonly kind: 'outage'; readonly name: 'outage' }
);

const yesNo = (name: NameOf<boolean>, label: string, effect: string): DescribedSwitch => ({
  kind: 'yes-no',
  name,
  label,
  effect,
});
const number = (name: NameOf<number>, label: string, effect: string): DescribedSwitch => ({
  kind: 'number',
  name,
  label,
  effect,
});

export const describedSwitches: readonly {
  readonly title: string;
  readonly items: readonly DescribedSwitch[];
}[] = [
  {
    title: 'When an app refreshes its tokens',
    items: [
      yesNo(
        'refreshTokensExpired',
        'Refresh tokens have expired',
        'Answers invalid_grant, AADSTS700082, to every refresh.',
      ),
      yesNo(
        'refreshTokensRevoked',
        'Refresh tokens are revoked',
        'Answers invalid_grant, AADSTS50173, as after a change of password.',
      ),
      yesNo(
        'secondFactorDemanded',
        'A second factor is demanded',
        'Answers interaction_required, AADSTS50076, with a claims challenge, until the person has signed in with a second factor. Every sign-in asks for one.',
      ),
      yesNo(
        'consentWithdrawn',
        'Consent is withdrawn',
        'Answers invalid_grant with suberror consent_required, AADSTS65001. Every sign-in asks for consent again.',
      ),
      yesNo('refreshWithoutIdToken', 'No ID token on refresh', 'A refresh answers without an ID token.'),
      yesNo(
        'strictRefreshTokenRotation',
        'Each refresh token works once',
        'A second use is refused and revokes everything from the same sign-in. Entra itself lets older ones work on.',
      ),
    ],
  },
  {
    title: 'Whenever the app’s server calls',
    items: [
      yesNo(
        'clientSecretExpired',
        'The client secret has expired',
        'Answers invalid_client, AADSTS7000222, with status 401.',
      ),
      number(
        'slowMs',
        'Slow answers (milliseconds)',
        'Every answer to the app’s server waits this long. 0 turns it off.',
      ),
      number(
        'throttledRetryAfterSeconds',
        'Too many requests (seconds)',
        'Answers 429 with this Retry-After. 0 turns it off.',
      ),
      {
        kind: 'outage',
        name: 'outage',
        label: 'Outage',
        effect: 'Every call of the app’s server fails. These pages go on working.',
      },
    ],
  },
  {
    title: 'New tokens',
    items: [
      number(
        'accessTokenLifetimeSeconds',
        'Access token lifetime (seconds)',
        'For access tokens issued from now on.',
      ),
      number('tokensBackdatedSeconds', 'Tokens dated back (seconds)', 'How far iat and nbf lie in the past.'),
    ],
  },
];

const outageLabels: Record<Outage, string> = {
  none: 'none',
  'json-503': '503 with an error document',
  'html-502': '502 with an HTML page',
};

export const switchControl = (item: DescribedSwitch, switches: Switches): Html => {
  const effectId = `${item.name}-effect`;
  const effect = html`<p class="effect" id="${effectId}">${item.effect}</p>`;
  if (item.kind === 'yes-no')
    return html`<div class="switch"><label class="check"><input type="checkbox" name="${item.name}" value="on" aria-describedby="${effectId}"${switches[item.name] ? html` checked` : ''}> <span>${item.label}</span></label>${effect}</div>`;
  const control =
    item.kind === 'number'
      ? html`<input type="number" id="${item.name}" name="${item.name}" min="0" step="1" required aria-describedby="${effectId}" value="${switches[item.name]}">`
      : html`<select id="${item.name}" name="${item.name}" aria-describedby="${effectId}">${outages.map(
          (outage) =>
            html`<option value="${outage}"${outage === switches.outage ? html` selected` : ''}>${outageLabels[outage]}</option>`,
        )}</select>`;
  return html`<div class="switch"><div class="row"><label for="${item.name}">${item.label}</label>${control}</div>${effect}</div>`;
};

/** Reads the whole form: a checkbox that is absent is off, a number that is none keeps its default. */
export const readSwitches = (form: URLSearchParams): Switches => {
  const read = defaultSwitches();
  for (const item of describedSwitches.flatMap((group) => group.items))
    if (item.kind === 'yes-no') read[item.name] = form.has(item.name);
    else if (item.kind === 'number')
      read[item.name] = parseWholeNumber(form.get(item.name)) ?? read[item.name];
    else read.outage = outages.find((outage) => outage === form.get('outage')) ?? 'none';
  return read;
};

const parseWholeNumber = (text: string | null): number | undefined =>
  text !== null && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
