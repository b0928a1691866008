import type { Reply } from '@entra-bff/emulator-kit';
import { html, pageReply } from '@entra-bff/emulator-kit';
import { permissionList, publisherOf } from './consent-pages.ts';
import { form, otherAccountLink, type Shown, type SignInPage } from './sign-in-pages.ts';

/** Lets the user request approval, if the organization accepts requests. */
export function approvalNeededPage(page: SignInPage, step: Shown<'approval-needed'>): Reply {
  return pageReply({
    title: 'Approval required',
    content: html`
<p class="account">${step.user.username}</p>
<h1>Approval required</h1>
<p><b>${page.request.registration.displayName}</b><br>${publisherOf(page)}</p>
<p>This app requires your administrator’s approval to:</p>
${permissionList(step.permissions)}
${form(
  page,
  step.user,
  html`<label class="justification">Why you need this app<textarea name="justification" rows="3" maxlength="500"></textarea></label>
<div class="actions">
<button name="decision" value="return">Cancel</button>
<button class="primary" name="decision" value="request">Request approval</button>
</div>`,
)}
${otherAccountLink(page)}`,
  });
}

export function approvalRequestedPage(page: SignInPage, step: Shown<'approval-requested'>): Reply {
  return pageReply({
    title: 'Request sent',
    content: html`
<p class="account">${step.user.username}</p>
<h1>Request sent</h1>
<p>The administrators of your organization have your request for <b>${page.request.registration.displayName}</b>. You are notified when they have decided. They decide on the emulator’s switches page.</p>
${form(page, step.user, html`<div class="actions"><button class="primary" name="decision" value="return">Back to the app</button></div>`)}`,
  });
}
