import { objectIdIn, type User } from '@entra-bff/directory';
import type { Reply } from '@entra-bff/emulator-kit';
import { type Html, html, initialsOf, pageReply } from '@entra-bff/emulator-kit';
import type { Authority } from './authority.ts';
import { type AuthorizeRequest, isSameAddress } from './authorize-request.ts';
import type { Browser } from './browsers.ts';
import { hintedUsername } from './choose-user.ts';
import type { Step } from './consent-step.ts';
import { type EntraError, reportError } from './errors.ts';
import type { Answers } from './sign-in-form.ts';

/** What every page of one sign-in needs. */
export interface SignInPage {
  readonly authority: Authority;
  readonly request: AuthorizeRequest;
  readonly browser: Browser;
  readonly answers: Answers;
  /** The path to which the form posts. */
  readonly action: string;
  /** The app's request, which every page sends along. */
  readonly query: string;
}

/** A step of this kind. */
export type Shown<Kind extends Step['kind']> = Extract<Step, { kind: Kind }>;

/** A form that sends the app's request and all answers so far. */
export function form(page: SignInPage, user: User | undefined, content: Html): Html {
  return html`
<form method="post" action="${page.action}">
<input type="hidden" name="request" value="${page.query}">
${user !== undefined && html`<input type="hidden" name="account" value="${user.id}">`}
${page.answers.factor === 'approve' && html`<input type="hidden" name="factor" value="approve">`}
${page.answers.externalChallenge === 'accept' && html`<input type="hidden" name="challenge" value="accept">`}
${content}
</form>`;
}

export function pickAccountPage(page: SignInPage, step: Shown<'pick-account'>): Reply {
  return pageReply({
    title: 'Pick an account',
    content: html`
<h1>Pick an account</h1>
<p class="quiet">to continue to ${page.request.registration.displayName}</p>
${step.problem !== undefined && alert(step.problem)}
${form(page, undefined, html`<ul class="tiles">${step.users.map((user) => tile(page, user))}</ul>`)}
<details class="other-account"${isOtherAccountOpen(page, step) ? html` open` : ''}>
<summary>Use another account</summary>
${form(
  page,
  undefined,
  html`<label>Address<input type="text" name="username" autocomplete="off" spellcheck="false" required value="${page.answers.username ?? hintedUsername(page.request)}"></label>
<div class="actions"><button class="primary">Next</button></div>`,
)}
</details>
${form(page, undefined, html`<div class="actions"><button name="back" value="yes">Back</button></div>`)}`,
  });
}

/** Lets the user continue with another account. */
export function otherAccountLink(page: SignInPage): Html {
  return form(
    page,
    undefined,
    html`<p class="small other"><button class="plain" name="other" value="yes">Use another account</button></p>`,
  );
}

function isOtherAccountOpen(page: SignInPage, step: Shown<'pick-account'>): boolean {
  const hinted = hintedUsername(page.request);
  return (
    step.problem !== undefined ||
    (hinted !== undefined && !step.users.some((user) => user.username === hinted))
  );
}

function tile(page: SignInPage, user: User): Html {
  const state = page.browser.accounts.has(user.id) ? ' · signed in' : '';
  return html`<li><button class="tile" name="account" value="${user.id}">
<span class="portrait" aria-hidden="true">${initialsOf(user.name)}</span>
<span class="tile-text"><b>${user.name}</b><span>${user.username}${state}</span></span>
${noteOn(page, user)}
</button></li>`;
}

function noteOn({ authority, request }: SignInPage, user: User): Html {
  const roles = authority.roles.of(user.id, request.registration);
  if (roles.length > 0) return html`<span class="note strong">${roles.join(', ')}</span>`;
  if (request.tenant.kind === 'one' && objectIdIn(user, request.tenant.tenant.id) === undefined)
    return html`<span class="note">not in ${request.tenant.tenant.name}</span>`;
  if (request.tenant.kind === 'one' && user.homeTenantId !== request.tenant.tenant.id)
    return html`<span class="note">guest</span>`;
  return html`<span class="note">${user.asksForSecondFactor ? 'second factor' : 'no role'}</span>`;
}

export function unusableAccountPage(page: SignInPage, step: Shown<'unusable-account'>): Reply {
  return pageReply({
    title: 'This account cannot be used',
    content: html`
<p class="account">${step.user.username}</p>
<h1>This account cannot be used</h1>
${alert(step.problem)}
${form(page, undefined, html`<div class="actions"><button class="primary" name="other" value="yes">Use a different account</button></div>`)}`,
  });
}

/**
 * Shown instead of a redirect if no address can be trusted.
 * @param parameters of the app's request. The page links to the app if an address in them is registered.
 */
export function errorPage(
  authority: Authority,
  error: EntraError,
  parameters: URLSearchParams = new URLSearchParams(),
): Reply {
  const appUrl = appUrlOf(authority, parameters.get('redirect_uri') ?? '');
  const { correlationId, timestamp, traceId } = reportError(error, authority.now());
  return pageReply({
    title: 'Sorry, but we are having trouble signing you in',
    status: 400,
    content: html`
<h1>Sorry, but we’re having trouble signing you in.</h1>
${alert(error)}
<p class="quiet small">Trace id <code>${traceId}</code><br>Correlation id <code>${correlationId}</code><br>Timestamp <code>${timestamp}</code></p>
<p class="small">${appUrl !== undefined && html`<a href="${appUrl}">Back to the app</a> · `}<a href="/">About this emulator</a></p>`,
  });
}

/** Returns the origin of a registered redirect URI. Default: the app that uses this emulator. */
function appUrlOf({ directory, appUrl }: Authority, redirectUri: string): string | undefined {
  const registered = directory.registrations.flatMap(({ redirectUris }) => redirectUris);
  return registered.some((address) => isSameAddress(address, redirectUri))
    ? new URL(redirectUri).origin
    : appUrl;
}

/** The error as the pages of Entra ID show it. */
export function alert(error: EntraError): Html {
  return html`<p class="alert" role="alert">AADSTS${error.code}: ${error.text}</p>`;
}
