import type { Permission, User } from '@entra-bff/directory';
import type { Reply } from '@entra-bff/emulator-kit';
import { type Html, html, pageReply } from '@entra-bff/emulator-kit';
import { form, otherAccountLink, type Shown, type SignInPage } from './sign-in-pages.ts';

interface Asked {
  readonly user: User;
  readonly permissions: readonly Permission[];
}

export function consentPage(page: SignInPage, step: Shown<'consent'>): Reply {
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
<p class="quiet small">If you do, no other user in your organization is asked about these permissions.</p>`
  }
<p class="quiet small">Accept only if you trust the publisher. You can take the consent back on the emulator’s switches page.</p>
<div class="actions">
<button name="decision" value="decline">Cancel</button>
<button class="primary" name="decision" value="accept">Accept</button>
</div>`,
)}
${otherAccountLink(page)}`,
  });
}

export function administratorNeededPage(page: SignInPage, step: Asked): Reply {
  return pageReply({
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
  html`<div class="actions"><button class="primary" name="decision" value="return">Return to the app without consent</button></div>`,
)}
${otherAccountLink(page)}`,
  });
}

/** The admin consent endpoint's own page. */
export function organizationConsentPage(page: SignInPage, step: Asked): Reply {
  return pageReply({
    title: 'Permissions requested',
    content: html`
<p class="account">${step.user.username}</p>
<h1>Permissions requested</h1>
<p class="quiet">Review for your organization</p>
<p><b>${page.request.registration.displayName}</b><br>${publisherOf(page)}</p>
<p>This app would like to:</p>
${permissionList(step.permissions)}
${form(
  page,
  step.user,
  html`<p class="next quiet small">If you accept, this app gets these permissions for all users in your organization. No other user is asked to review them.</p>
<div class="actions">
<button name="decision" value="decline">Cancel</button>
<button class="primary" name="decision" value="accept">Accept</button>
</div>`,
)}
${otherAccountLink(page)}`,
  });
}

export function publisherOf({ request }: SignInPage): Html {
  const { name, domain, isVerified } = request.registration.publisher;
  return isVerified
    ? html`<span class="quiet">${name} <span class="note strong">verified publisher</span></span>`
    : html`<span class="quiet">${domain} <span class="note">unverified</span></span>`;
}

export function permissionList(permissions: readonly Permission[]): Html {
  return html`<div>${permissions.map(
    ({ title, description, administratorMustConsent, name }) => html`<details>
<summary>${title}</summary>
<p>${description}${administratorMustConsent && ' An administrator has to consent.'}<br><code>${name}</code></p>
</details>`,
  )}</div>`;
}
