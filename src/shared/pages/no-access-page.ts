import type { BffErrorOf, MissingClaims } from '../errors.ts';
import { loginPath } from '../interaction/interaction.ts';
import { createDocument, type PageDocument, referenceLine } from './document.ts';
import { problemText } from './error-page.ts';
import { type Html, html } from './html.ts';
import { backLabel, type Presentation } from './presentation.ts';

/** Shown instead of a page that the user may not open: what is required, and who can assign it. */
export function noAccessPage(
  presentation: Presentation,
  error: BffErrorOf<'claim_required'>,
  path: string,
  invocationId: string,
): PageDocument {
  const { text } = presentation;
  const otherAccount = `${loginPath}?${new URLSearchParams({ prompt: 'select_account', return_to: path })}`;
  const title = text('problem.claim_required.title');
  const canAssignRole = error.extensions.required_roles !== undefined;
  return createDocument(presentation, {
    title,
    status: error.status,
    content: html`<section class="card">
<h1>${title}</h1>
${requirements(presentation, error) ?? problemText(presentation, error)}
<p>${text(canAssignRole ? 'no_access.assign_role' : 'no_access.ask')}</p>
<div class="actions">
<a class="button main" href="/">${backLabel(presentation)}</a>
<a class="button" href="${otherAccount}">${text('action.other_account')}</a>
</div>
</section>
${referenceLine(presentation, 'label.code', error.code, invocationId)}`,
  });
}

/** Undefined if the problem is that of a custom function, which need not say what is required. */
function requirements(
  presentation: Presentation,
  { extensions }: BffErrorOf<'claim_required'>,
): Html | undefined {
  const { any_of: alternatives = [extensions], required_claim: claim } = extensions;
  const items = alternatives.map((missing) => requirement(presentation, missing));
  if (items.some((parts) => parts.length === 0)) return undefined;
  const single = claim === undefined ? 'no_access.text' : 'no_access.registration';
  return html`<p>${presentation.text(items.length > 1 ? 'no_access.any_of' : single)}</p>
<ul>${items.map((parts) => html`<li>${parts.map((part, at) => html`${at > 0 && html`<br>`}${part}`)}</li>`)}</ul>`;
}

/** What one alternative requires. All of it is required together. */
function requirement({ markup }: Presentation, missing: MissingClaims): readonly Html[] {
  const { required_roles, required_groups, required_tenants, required_claim } = missing;
  const named = [
    ['no_access.roles', required_roles],
    ['no_access.groups', required_groups],
    ['no_access.tenants', required_tenants],
    ['no_access.claim', required_claim === undefined ? undefined : [required_claim]],
  ] as const;
  return named.flatMap(([key, values]) =>
    values === undefined ? [] : [markup(key, { values: listOf(values) })],
  );
}

/** Each of these values would be enough. */
function listOf(values: readonly string[]): Html {
  return html`${values.map((value, at) => html`${at > 0 && ' / '}<code>${value}</code>`)}`;
}
