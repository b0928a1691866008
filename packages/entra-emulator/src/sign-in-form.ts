import { type EmulatorRequest, type Reply, redirectTo } from '@entra-bff/emulator-kit';
import type { Authority } from './authority.ts';

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

/** The parameter that names an answered form. */
const idParameter = 'answers';

/** Redirects to the page that follows this form. The URL is short, because the app's request can be long. */
export function redirectToNextPage(authority: Authority, { path, form }: EmulatorRequest): Reply {
  return redirectTo(`${path}?${idParameter}=${authority.answeredForms.add(form)}`, 303);
}

/** Returns the form that this request sends, or the one that was answered by a redirect to this URL. */
export function findForm(authority: Authority, request: EmulatorRequest): URLSearchParams | undefined {
  if (isFormAnswer(request)) return request.form;
  return request.method === 'GET'
    ? authority.answeredForms.find(request.query.get(idParameter) ?? '')
    : undefined;
}

/** Returns the parameters of the app's request. The forms of the pages send them along. */
export function parametersOf(request: EmulatorRequest, form: URLSearchParams | undefined): URLSearchParams {
  if (form !== undefined) return new URLSearchParams(form.get('request') ?? '');
  return request.method === 'POST' ? request.form : request.query;
}

export function readAnswers(form: URLSearchParams = new URLSearchParams()): Answers {
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
