import { type ChoiceName, choices, type Switches } from './switches.ts';

type NameOf<Type> = { [Name in keyof Switches]: Switches[Name] extends Type ? Name : never }[keyof Switches];

/** One switch in plain words. The name is the form field's too. */
type DescribedSwitch = { readonly label: string; readonly effect: string } & (
  | { readonly kind: 'yes-no'; readonly name: NameOf<boolean> }
  | { readonly kind: 'number'; readonly name: NameOf<number> }
  | { readonly kind: 'words'; readonly name: Exclude<NameOf<string>, ChoiceName> }
  | {
      readonly kind: 'choice';
      readonly name: ChoiceName;
      readonly options: readonly (readonly [value: string, label: string])[];
      /** Sets what the text names; does nothing where it names none. */
      readonly choose: (switches: Switches, text: string | null) => void;
    }
);

function yesNo(name: NameOf<boolean>, label: string, effect: string): DescribedSwitch {
  return {
    kind: 'yes-no',
    name,
    label,
    effect,
  };
}
function number(name: NameOf<number>, label: string, effect: string): DescribedSwitch {
  return {
    kind: 'number',
    name,
    label,
    effect,
  };
}
function choice<Name extends ChoiceName>(
  name: Name,
  label: string,
  effect: string,
  labels: Readonly<Record<Switches[Name], string>>,
): DescribedSwitch {
  return {
    kind: 'choice',
    name,
    label,
    effect,
    options: choices[name].map((value) => [value, labels[value]] as const),
    choose(switches, text) {
      const chosen = choices[name].find((value) => value === text);
      if (chosen !== undefined) switches[name] = chosen;
    },
  };
}

/** Every switch, grouped as the page shows them. */
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
      yesNo('refreshWithoutIdToken', 'No ID token on refresh', 'A refresh answers without an ID token.'),
      {
        kind: 'words',
        name: 'claimsWithheldOnRefresh',
        label: 'Optional claims that a refresh leaves out',
        effect: 'Names, separated by spaces, such as sid auth_time login_hint. A sign-in gets them.',
      },
      yesNo(
        'strictRefreshTokenRotation',
        'Each refresh token works once',
        'A second use is refused and revokes everything from the same sign-in. Entra itself lets older ones work on.',
      ),
    ],
  },
  {
    title: 'Conditional Access',
    items: [
      yesNo(
        'secondFactorDemanded',
        'A second factor is demanded',
        'Answers interaction_required, AADSTS50076, with a claims challenge, until the person has signed in with a second factor. Every sign-in asks for one.',
      ),
      choice(
        'conditionalAccess',
        'Another policy',
        'Refreshes are refused with a claims challenge. The page of an external provider can be passed by the person; the others keep people out, and Entra sends nobody back from their page.',
        {
          none: 'none',
          'device-not-compliant': 'device not compliant (AADSTS53000)',
          'device-not-joined': 'device not joined (AADSTS53001)',
          blocked: 'access blocked (AADSTS53003)',
          'external-challenge': 'page of an external provider (AADSTS50158)',
        },
      ),
      number(
        'signInFrequencySeconds',
        'Sign-in frequency (seconds)',
        'Whoever signed in longer ago has to sign in again: AADSTS70043 on refresh, AADSTS70044 when asked silently. 0 turns it off.',
      ),
    ],
  },
  {
    title: 'Consent',
    items: [
      yesNo(
        'consentWithdrawn',
        'Consent is withdrawn',
        'Answers invalid_grant with suberror consent_required, AADSTS65001. Every sign-in asks for consent again.',
      ),
      yesNo(
        'onlyAdministratorsConsent',
        'Only administrators may consent',
        'Everybody else meets “Need admin approval”, whatever the permission. The app is told access_denied, AADSTS90094.',
      ),
      yesNo(
        'approvalCanBeRequested',
        'People can request approval',
        'The admin consent workflow: that page lets a person ask, and the request appears below. The app is told access_denied, AADSTS90095.',
      ),
      choice(
        'administratorNeededAnswer',
        'What the app is told then',
        'Apps have also met access_denied with error_subcode=cancel and no number: then it looks as if the person had turned back.',
        { code: 'the number of the error', cancel: 'only that it was canceled' },
      ),
      {
        kind: 'words',
        name: 'withheldPermissions',
        label: 'Permissions that no token gets',
        effect:
          'Names, separated by spaces, such as Mail.Read. Asked for and consented, they are still missing from the answer and the token.',
      },
    ],
  },
  {
    title: 'The way back to the app',
    items: [
      choice(
        'issuerInResponse',
        'iss in the response',
        'RFC 9207. When sent, the metadata announces it. Entra sends none.',
        { absent: 'not sent', right: 'sent', wrong: 'sent, of another tenant' },
      ),
      choice(
        'openerPolicy',
        'Cross-origin-opener-policy',
        'Of all pages on the way. With same-origin an app loses sight of its popup, as with Entra’s.',
        {
          'same-origin': 'same-origin',
          'same-origin-allow-popups': 'same-origin-allow-popups',
          'unsafe-none': 'unsafe-none',
        },
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
      choice('outage', 'Outage', 'Every call of the app’s server fails. These pages go on working.', {
        none: 'none',
        'json-503': '503 with an error document',
        'html-502': '502 with an HTML page',
      }),
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
      {
        kind: 'words',
        name: 'withheldClaims',
        label: 'Optional claims that no ID token gets',
        effect:
          'Names, separated by spaces, such as sid auth_time acrs: as if the registration did not list them.',
      },
      number(
        'groupLimit',
        'Groups in an ID token',
        'Who is in more gets no groups claim, and _claim_names in its place.',
      ),
      number('tokensBackdatedSeconds', 'Tokens dated back (seconds)', 'How far iat and nbf lie in the past.'),
    ],
  },
];
