import { type ChoiceName, choices, type Switches } from './switches.ts';

type NameOf<Type> = { [Name in keyof Switches]: Switches[Name] extends Type ? Name : never }[keyof Switches];

/** The description of one switch. Its name is also the name of the form field. */
type DescribedSwitch = { readonly label: string; readonly effect: string } & (
  | { readonly kind: 'yes-no'; readonly name: NameOf<boolean> }
  | { readonly kind: 'number'; readonly name: NameOf<number> }
  | { readonly kind: 'words'; readonly name: Exclude<NameOf<string>, ChoiceName> }
  | {
      readonly kind: 'choice';
      readonly name: ChoiceName;
      readonly options: readonly (readonly [value: string, label: string])[];
      /** Sets the value that the text names. Ignores every other text. */
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

/** All switches, in the groups of the page. */
export const describedSwitches: readonly {
  readonly title: string;
  readonly items: readonly DescribedSwitch[];
}[] = [
  {
    title: 'Refreshing tokens',
    items: [
      yesNo(
        'refreshTokensExpired',
        'Refresh tokens have expired',
        'Every refresh gets invalid_grant, AADSTS700082.',
      ),
      yesNo(
        'refreshTokensRevoked',
        'Refresh tokens are revoked',
        'Every refresh gets invalid_grant, AADSTS50173, as after a password change.',
      ),
      number(
        'refreshRefusedWith',
        'Refused with an error number',
        'Every refresh gets this AADSTS number, for example 50105 (user not assigned), 53003 (blocked) or 500011 (unknown API). 0 turns it off.',
      ),
      yesNo('refreshWithoutIdToken', 'No ID token on refresh', 'A refresh returns no ID token.'),
      {
        kind: 'words',
        name: 'claimsWithheldOnRefresh',
        label: 'Optional claims missing on refresh',
        effect: 'Names separated by spaces, for example sid auth_time login_hint. A sign-in still gets them.',
      },
      yesNo(
        'strictRefreshTokenRotation',
        'Each refresh token works once',
        'A second use is refused and revokes everything from the same sign-in. Entra ID accepts older refresh tokens.',
      ),
    ],
  },
  {
    title: 'Conditional Access',
    items: [
      yesNo(
        'secondFactorDemanded',
        'Require a second factor',
        'A refresh gets interaction_required, AADSTS50076, with a claims challenge, until the user has signed in with a second factor. Every sign-in asks for one.',
      ),
      choice(
        'conditionalAccess',
        'Another policy',
        'A refresh is refused with a claims challenge. The user can complete the page of an external provider. The other policies block the user on a page that does not return to the app.',
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
        'After this time the user must sign in again: AADSTS70043 on refresh, AADSTS70044 on a silent sign-in. 0 turns it off.',
      ),
    ],
  },
  {
    title: 'Consent',
    items: [
      yesNo(
        'consentWithdrawn',
        'Consent is withdrawn',
        'A refresh gets invalid_grant with suberror consent_required, AADSTS65001. Every sign-in asks for consent again.',
      ),
      yesNo(
        'onlyAdministratorsConsent',
        'Only administrators can consent',
        'Other users see “Need admin approval” for every permission. The app gets access_denied, AADSTS90094.',
      ),
      yesNo(
        'approvalCanBeRequested',
        'Users can request approval',
        'The admin consent workflow: users can send a request on that page, and it appears below. The app gets access_denied, AADSTS90095.',
      ),
      choice(
        'administratorNeededAnswer',
        'What the app gets in these cases',
        'Apps have also seen access_denied with error_subcode=cancel and no number, which looks as if the user had gone back.',
        { code: 'the error number', cancel: 'only the subcode “cancel”' },
      ),
      {
        kind: 'words',
        name: 'withheldPermissions',
        label: 'Permissions missing from tokens',
        effect:
          'Names separated by spaces, for example Mail.Read. They are missing although they were requested and granted.',
      },
    ],
  },
  {
    title: 'Returning to the app',
    items: [
      choice(
        'issuerInResponse',
        'iss in the response',
        'RFC 9207. If it is sent, the metadata announces it. Entra ID does not send it.',
        { absent: 'not sent', right: 'sent', wrong: 'sent, with another tenant' },
      ),
      choice(
        'openerPolicy',
        'Cross-origin-opener-policy',
        'For all sign-in pages. With same-origin the app can no longer see its popup, as with Entra ID.',
        {
          'same-origin': 'same-origin',
          'same-origin-allow-popups': 'same-origin-allow-popups',
          'unsafe-none': 'unsafe-none',
        },
      ),
    ],
  },
  {
    title: 'Requests of the app’s server',
    items: [
      yesNo(
        'clientSecretExpired',
        'The client secret has expired',
        'Every token request gets invalid_client, AADSTS7000222, with status 401.',
      ),
      number(
        'slowMs',
        'Delay of responses (milliseconds)',
        'Every response to the app’s server waits this long. 0 turns it off.',
      ),
      number(
        'throttledRetryAfterSeconds',
        'Too many requests (seconds)',
        'Every request gets 429 with this Retry-After. 0 turns it off.',
      ),
      choice('outage', 'Outage', 'Every request of the app’s server fails. These pages still work.', {
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
        'Applies to access tokens issued from now on.',
      ),
      {
        kind: 'words',
        name: 'withheldClaims',
        label: 'Optional claims missing from ID tokens',
        effect:
          'Names separated by spaces, for example sid auth_time acrs, as if the registration did not list them.',
      },
      number(
        'groupLimit',
        'Maximum number of groups in an ID token',
        'A user in more groups gets the claim _claim_names instead of groups.',
      ),
      number('tokensBackdatedSeconds', 'Tokens dated back (seconds)', 'How far iat and nbf are in the past.'),
    ],
  },
];
