import type { BffErrorOf } from '../errors.ts';
import { loginPath } from '../interaction/interaction.ts';
import { createDocument, type PageDocument } from './document.ts';
import { html } from './html.ts';

/** Shown instead of a page that the user may not open: what is required, and who can assign it. */
export function noAccessPage(
  error: BffErrorOf<'claim_required'>,
  path: string,
  invocationId: string,
): PageDocument {
  const otherAccount = `${loginPath}?${new URLSearchParams({ prompt: 'select_account', return_to: path })}`;
  const { required_roles: roles, required_claim: claim } = error.extensions;
  return createDocument({
    title: 'You do not have access',
    status: error.status,
    content: html`<section class="card">
<h1>You do not have access</h1>
<p>${error.detail ?? ''} ${claim === undefined && 'Your account does not have it.'}</p>
${
  roles !== undefined
    ? html`<p>An administrator of your organization can assign it in the Microsoft Entra admin center, under <em>Enterprise applications</em>, this app, <em>Users and groups</em>. The change takes effect within a few minutes.</p>`
    : html`<p>Ask an administrator of your organization for help.</p>`
}
<div class="actions">
<a class="button main" href="/">Back to the app</a>
<a class="button" href="${otherAccount}">Use another account</a>
</div>
</section>
<p class="quiet">Code <code>${error.code}</code> · Reference <code>${invocationId}</code></p>`,
  });
}
