/** What the person has answered so far on the pages of this sign-in. */
export interface Answers {
  readonly account: string | undefined;
  readonly username: string | undefined;
  /** Asked to pick an account, whoever is signed in. */
  readonly wantsOtherAccount: boolean;
  /** Went back from the account picker. */
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

export function readAnswers(form: URLSearchParams): Answers {
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
