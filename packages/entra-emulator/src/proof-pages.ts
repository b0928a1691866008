import { randomInt } from 'node:crypto';
import type { Reply } from '@entra-bff/emulator-kit';
import { html, pageReply } from '@entra-bff/emulator-kit';
import { alert, form, otherAccountLink, type Shown, type SignInPage } from './sign-in-pages.ts';

export function secondFactorPage(page: SignInPage, { user, wasDenied }: Shown<'second-factor'>): Reply {
  return pageReply({
    title: 'Approve sign-in',
    content: html`
<p class="account">${user.username}</p>
<h1>Approve sign-in</h1>
${
  wasDenied &&
  html`<p class="alert" role="alert">The sign-in was denied. You can approve the new number, or cancel.</p>`
}
<p>In a real sign-in you would enter this number in the app on your phone. Here you press a button instead.</p>
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
}

/** Represents terms of use or a second factor of another company. */
export function externalChallengePage(page: SignInPage, { user }: Shown<'external-challenge'>): Reply {
  return pageReply({
    title: 'One more step',
    content: html`
<p class="account">${user.username}</p>
<h1>One more step</h1>
<p>Your organization requires a page of another provider, such as terms of use, before you can continue. This page represents it.</p>
${form(
  page,
  user,
  html`<div class="actions">
<button name="challenge" value="cancel">Cancel</button>
<button class="primary" name="challenge" value="accept">Accept</button>
</div>`,
)}`,
  });
}

/** Entra ID does not return to the app from this page. The user closes the window or goes back. */
export function blockedByPolicyPage(page: SignInPage, step: Shown<'blocked-by-policy'>): Reply {
  return pageReply({
    title: 'You cannot access this right now',
    content: html`
<p class="account">${step.user.username}</p>
<h1>You cannot access this right now</h1>
<p>Your sign-in was successful but does not meet the criteria to access this resource. You might be signing in from a browser, app or device that is restricted by your administrator.</p>
${alert(step.problem)}
${otherAccountLink(page)}`,
  });
}

export function passwordExpiredPage(page: SignInPage, { user }: Shown<'password-expired'>): Reply {
  return pageReply({
    title: 'Update your password',
    content: html`
<p class="account">${user.username}</p>
<h1>Update your password</h1>
<p>Your password has expired. In a real sign-in you would choose a new one. Here you press a button instead.</p>
${form(
  page,
  user,
  html`<div class="actions">
<button name="back" value="yes">Cancel</button>
<button class="primary" name="password" value="update">Update the password</button>
</div>`,
)}`,
  });
}
