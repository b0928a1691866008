import { randomInt } from 'node:crypto';
import { objectIdIn, type Permission, type User } from '../directory.ts';
import type { Authority } from './authority.ts';
import type { AuthorizeRequest } from './authorize-request.ts';
import type { Browser } from './browsers.ts';
import { hintedUsername } from './choose-user.ts';
import { type EntraError, reportError } from './errors.ts';
import { type Html, html } from './html.ts';
import type { Reply } from './http.ts';
import { initialsOf, pageReply } from './page.ts';
import type { Answers, Step } from './sign-in.ts';

/** What every page of one sign-in needs to send itself back. */
export type SignInPage = {
  readonly authority: Authority;
  readonly request: AuthorizeRequest;
  readonly browser: Browser;
  readonly answers: Answers;
  /** Path that the form posts to. */
  readonly action: string;
  /** The authorize request as it came, carried from page to page. */
  readonly query: string;
};

type Shown<Kind extends Step['kind']> = Extract<Step, { kind: Kind }>;

/** A plain form that carries the request and all answers given so far. */
const form = (page: SignInPage, user: User | undefined, content: Html): Html => html`
<form method="post" action="${page.action}">
<input type="hidden" name="request" value="${page.query}">
${user !== undefined && html`<input type="hidden" name="account" value="${user.id}">`}
${page.answers.factor === 'approve' && html`<input type="hidden" name="factor" value="approve">`}
${content}
</form>`;

export const pickAccountPage = (page: SignInPage, step: Shown<'pick-account'>): Reply =>
  pageReply({
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
</details>`,
  });

const isOtherAccountOpen = (page: SignInPage, step: Shown<'pick-account'>): boolean => {
  const hinted = hintedUsername(page.request);
  return (
    step.problem !== undefined ||
    (hinted !== undefined && !step.users.some((user) => user.username === hinted))
  );
};

const tile = (page: SignInPage, user: User): Html => {
  const state = page.browser.accounts.has(user.id) ? ' · signed in' : '';
  return html`<li><button class="tile" name="account" value="${user.id}">
<span class="portrait" aria-hidden="true">${initialsOf(user.name)}</span>
<span class="tile-text"><b>${user.name}</b><span>${user.username}${state}</span></span>
${noteOn(page, user)}
</button></li>`;
};

const noteOn = ({ authority, request }: SignInPage, user: User): Html => {
  const roles = authority.roles.of(user.id, request.registration);
  if (roles.length > 0) return html`<span class="note strong">${roles.join(', ')}</span>`;
  if (request.tenant.kind === 'one' && objectIdIn(user, request.tenant.tenant.id) === undefined)
    return html`<span class="note">not in ${request.tenant.tenant.name}</span>`;
  if (request.tenant.kind === 'one' && user.homeTenantId !== request.tenant.tenant.id)
    return html`<span class="note">guest</span>`;
  return html`<span class="note">${user.asksForSecondFactor ? 'second factor' : 'no role'}</span>`;
};

export const secondFactorPage = (page: SignInPage, { user, wasDenied }: Shown<'second-factor'>): Reply =>
  pageReply({
    title: 'Approve sign-in',
    content: html`
<p class="account">${user.username}</p>
<h1>Approve sign-in</h1>
${
  wasDenied &&
  html`<p class="alert" role="alert">The sign-in was denied. You can approve the new number, or cancel.</p>`
}
<p>On a real sign-in you would now type this number into the app on your phone. Here the buttons stand in for the phone.</p>
<p class="number">${randomInt(10, 100)}</p>
${form(
  page,
  user,
  html`<div class="actions">
<button name="factor" value="cancel">Cancel</button>
<button name="factor" value="deny">Deny</button>
<button class="primary" name="factor" value="approve">Approve</button>
</div>`,
)}`,
  });

export const consentPage = (page: SignInPage, step: Shown<'consent'>): Reply => {
  const { registration } = page.request;
  return pageReply({
    title: 'Permissions requested',
    content: html`
<p class="account">${step.user.username}</p>
<h1>Permissions requested</h1>
<p><b>${registration.displayName}</b><br>${publisherOf(page)}</p>
<p>This app would like to:</p>
${permissionList(step.permissions)}
${form(
  page,
  step.user,
  html`${
    step.mayDecideForOrganization &&
    html`<label class="check consent-for-all"><input type="checkbox" name="organization" value="yes"> <span>Consent on behalf of your organization</span></label>
<p class="quiet small">With this, nobody else in your organization is asked about these permissions.</p>`
  }
<p class="quiet small">Accept only if you trust the publisher. You can take the consent back on the emulator’s switches page.</p>
<div class="actions">
<button name="decision" value="decline">Cancel</button>
<button class="primary" name="decision" value="accept">Accept</button>
</div>`,
)}`,
  });
};

export const administratorNeededPage = (page: SignInPage, step: Shown<'administrator-needed'>): Reply =>
  pageReply({
    title: 'Need admin approval',
    content: html`
<p class="account">${step.user.username}</p>
<h1>Need admin approval</h1>
<p><b>${page.request.registration.displayName}</b><br>${publisherOf(page)}</p>
<p>This app asks for permissions that only an administrator of your organization can grant. Ask an administrator to consent before you can use it.</p>
${permissionList(step.permissions)}
${form(
  page,
  step.user,
  html`<div class="actions"><button class="primary" name="decision" value="decline">Return to the app without consent</button></div>`,
)}`,
  });

const publisherOf = ({ request }: SignInPage): Html => {
  const { name, domain, isVerified } = request.registration.publisher;
  return isVerified
    ? html`<span class="quiet">${name} <span class="note strong">verified publisher</span></span>`
    : html`<span class="quiet">${domain} <span class="note">unverified</span></span>`;
};

const permissionList = (permissions: readonly Permission[]): Html =>
  html`<div>${permissions.map(
    ({ title, description, administratorMustConsent, name }) => html`<details>
<summary>${title}</summary>
<p>${description}${administratorMustConsent && ' An administrator has to consent.'}<br><code>${name}</code></p>
</details>`,
  )}</div>`;

export const unusableAccountPage = (page: SignInPage, step: Shown<'unusable-account'>): Reply =>
  pageReply({
    title: 'This account cannot be used',
    content: html`
<p class="account">${step.user.username}</p>
<h1>This account cannot be used</h1>
${alert(step.problem)}
${form(page, undefined, html`<div class="actions"><button class="primary">Use a different account</button></div>`)}`,
  });

/** Shown instead of a redirect, where no address can be trusted. */
export const errorPage = (authority: Authority, error: EntraError): Reply => {
  const { correlationId, timestamp, traceId } = reportError(error, authority.now());
  return pageReply({
    title: 'Sorry, but we are having trouble signing you in',
    status: 400,
    content: html`
<h1>Sorry, but we’re having trouble signing you in.</h1>
${alert(error)}
<p class="quiet small">Trace id <code>${traceId}</code><br>Correlation id <code>${correlationId}</code><br>Timestamp <code>${timestamp}</code></p>
<p class="small"><a href="/">About this emulator</a></p>`,
  });
};

const alert = (error: EntraError): Html =>
  html`<p class="alert" role="alert">AADSTS${error.code}: ${error.text}</p>`;
