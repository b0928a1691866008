import {
  type InteractionReason,
  interactionReasons,
  type NoSessionReason,
  noSessionReasons,
  type ProblemCode,
  problemCodes,
  problems,
} from '../../errors.ts';
import { noSessionTexts } from '../../interaction/interaction.ts';
import { reasonTexts } from '../../interaction/reason-texts.ts';
import { problemTexts } from './problem-texts.ts';
import { signInTexts } from './sign-in-texts.ts';

const elements = {
  'action.back': 'Back to the app',
  'action.back_to': 'Back to {app}',
  'action.open': 'Open the app',
  'action.open_app': 'Open {app}',
  'action.continue': 'Continue',
  'action.try_again': 'Try again',
  'action.sign_in': 'Sign in',
  'action.sign_in_again': 'Sign in again',
  'action.other_account': 'Use another account',
  'action.close_window': 'Close this window',
  'action.sign_out': 'Sign out',
  'action.stay_signed_in': 'Stay signed in',
  'action.sign_out_of_microsoft': 'Sign out of Microsoft too',
  'label.code': 'Code',
  'label.status': 'Status',
  'label.reference': 'Reference',
  'label.administrator_link': 'Link for your administrator',
};

const pages = {
  'bounce.title': 'One moment',
  'popup.title': 'Done',
  'popup.text': 'You can close this window and continue in the app.',
  'start.title': 'No page here',
  'start.heading': 'The sign-in service is running',
  'start.text': "There is no page at this address. Ask the app's administrator for the address to open.",
  'sign_out.title': 'Sign out',
  'sign_out.heading': 'Sign out?',
  'sign_out.text': 'You are signed in as {name}.',
  'signed_out.title': 'Signed out',
  'signed_out.heading': 'You are signed out',
  'signed_out.text': 'You are no longer signed in to this app in this browser.',
  'sign_out_pending.title': 'Sign-out not complete',
  'sign_out_pending.heading': 'Signed out in this browser, not on the server yet',
  'sign_out_pending.text':
    'The session store is not available. Your session is deleted when you next open this site, or when it expires.',
  'approval.granted.title': 'Approved',
  'approval.granted.text':
    'Users in your organization can now use these permissions. Users who are waiting can try again in the app.',
  'approval.refused.title': 'Not approved',
  'approval.refused.text':
    'The permissions were not granted. Users can continue to use the app without them.',
  'download.title': 'The file could not be loaded',
  'download.forbidden': 'Your account may not open it.',
  'download.missing': 'It does not exist any more, or it was moved.',
  'download.busy': 'Too many files are being loaded at the moment. Try again in a minute.',
  'download.failed': 'The server that has the file responded with an error. Try again later.',
  'two_cookies.title': 'This browser sent two sign-in cookies',
};

const noAccess = {
  'no_access.text': 'Your account does not have what this page requires:',
  'no_access.any_of': 'This page requires one of these, and your account has none of them:',
  'no_access.registration': 'The registration of this app lacks something that this page requires:',
  'no_access.roles': 'App role: {values}',
  'no_access.groups': 'Membership of a group: {values}',
  'no_access.tenants': 'Account of the organization: {values}',
  'no_access.claim': 'Optional claim in ID tokens: {values}',
  'no_access.assign_role':
    'An administrator of your organization can assign it in the Microsoft Entra admin center, under “Enterprise applications”, this app, “Users and groups”. The change takes effect within a few minutes.',
  'no_access.ask': 'Ask an administrator of your organization for help.',
};

type Texts<Key extends string> = Readonly<Record<Key, string>>;

/** Adds a group and a part to each name: `reason.consent_required.title`. */
function keyed<Group extends string, Name extends string, Part extends string>(
  group: Group,
  part: Part,
  names: readonly Name[],
  textOf: (name: Name) => string,
): Texts<`${Group}.${Name}.${Part}`> {
  // The type of the keys follows from the names.
  return Object.fromEntries(
    names.map((name) => [`${group}.${name}.${part}`, textOf(name)]),
  ) as Texts<`${Group}.${Name}.${Part}`>;
}

/** Texts that problem documents have too. They stay in English there. */
const fromProblems = {
  ...keyed<'problem', ProblemCode, 'title'>('problem', 'title', problemCodes, (code) => problems[code].title),
  ...keyed<'problem', ProblemCode, 'text'>('problem', 'text', problemCodes, (code) => problemTexts[code]),
  ...keyed<'session', NoSessionReason, 'text'>(
    'session',
    'text',
    noSessionReasons,
    (reason) => noSessionTexts[reason],
  ),
  ...keyed<'reason', InteractionReason, 'title'>(
    'reason',
    'title',
    interactionReasons,
    (reason) => reasonTexts[reason].title,
  ),
  ...keyed<'reason', InteractionReason, 'text'>(
    'reason',
    'text',
    interactionReasons,
    (reason) => reasonTexts[reason].text,
  ),
};

/** Every text of the pages that users see. Names in braces are placeholders. */
export const english = { ...elements, ...pages, ...noAccess, ...signInTexts, ...fromProblems } as const;

/** The name of a text of a page. */
export type MessageKey = keyof typeof english;

export const messageKeys = Object.keys(english) as readonly MessageKey[];

/** All texts of the pages in one language. */
export type Catalogue = Readonly<Record<MessageKey, string>>;
