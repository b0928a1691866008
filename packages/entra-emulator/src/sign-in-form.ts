import type { EmulatorRequest } from '@entra-bff/emulator-kit';

/** What the user has entered so far on the pages of this sign-in. */
export interface Answers {
  readonly account: string | undefined;
  readonly username: string | undefined;
  /** Wants to pick an account, even if one is signed in. */
  readonly wantsOtherAccount: boolean;
  /** Pressed "Back" on the account picker. */
  readonly wentBack: boolean;
  readonly password: string | undefined;
  readonly factor: string | undefined;
  readonly externalChallenge: string | undefined;
  readonly decision: string | undefined;
  readonly forOrganization: boolean;
  /** Why an administrator should approve the app. */
  readonly justification: string;
}

const justificationLimit = 500;

/** Whether a form of a sign-in page sends this request, not an app. */
export function isFormAnswer(request: EmulatorRequest): boolean {
  return request.method === 'POST' && request.form.has('request');
}

/** Returns the parameters of the app's request. The forms of the pages send them along. */
export function parametersOf(request: EmulatorRequest): URLSearchParams {
  if (isFormAnswer(request)) return new URLSearchParams(request.form.get('request') ?? '');
  return request.method === 'POST' ? request.form : request.query;
}

export function readAnswers(request: EmulatorRequest): Answers {
  const form = isFormAnswer(request) ? request.form : new URLSearchParams();
  const get = (name: string): string | undefined => form.get(name) || undefined;
  return {
    account: get('account'),
    username: get('username'),
    wantsOtherAccount: get('other') === 'yes',
    wentBack: get('back') === 'yes',
    password: get('password'),
    factor: get('factor'),
    externalChallenge: get('challenge'),
    decision: get('decision'),
    forOrganization: get('organization') === 'yes',
    justification: (get('justification') ?? '').slice(0, justificationLimit),
  };
}
