import type { FailedSection } from '../admin/section.ts';
import { administratorLink } from './document.ts';
import { type Html, html } from './html.ts';

/** Texts for the administrator, in place of a problem's `detail`, which is written for developers. */
const textByCode: Partial<Record<FailedSection['code'], string>> = {
  interaction_required: 'Microsoft requires another step from you.',
  consent_declined: 'You declined this permission. You can still grant it.',
  admin_consent_required: 'An administrator of your organization has to grant this permission.',
};

/** The texts that the page's script shows, by problem code or reason, as data attributes. */
export function problemTextAttributes(): Html {
  const texts = {
    ...textByCode,
    recent_sign_in_required: 'This change requires a recent sign-in. Nothing has been changed.',
    consent_required: 'This app needs your permission for this change. Nothing has been changed.',
    uncertain: 'The change may have been made. Load the page again to check.',
  };
  return html`${Object.entries(texts).map(([name, text]) => html` data-${name}="${text}"`)}`;
}

export interface FailedSectionContext {
  /** Why this section needs a permission, shown if it is missing. */
  readonly purpose: string;
  /** URL of this page. A sign-in returns to it, and “Try again” loads it. */
  readonly here: string;
}

/** Shown in place of a section: why it could not be loaded, and what the administrator can do. */
export function failedSection(
  { code, title, detail, reason, loginUrl, adminConsentUrl }: FailedSection,
  { purpose, here }: FailedSectionContext,
): Html {
  const needsSignIn = loginUrl !== undefined;
  const href = needsSignIn ? `${loginUrl}&${new URLSearchParams({ return_to: here })}` : here;
  const text = reason === 'consent_required' ? purpose : (textByCode[code] ?? detail);
  const label = needsSignIn && code === 'interaction_required' ? 'Continue' : 'Try again';
  return html`<div class="failed${needsSignIn && ' asks'}">
<p><b>${title}.</b></p>
<p>${text}</p>
<p class="quiet">Code <code>${code}</code></p>
${adminConsentUrl && administratorLink(adminConsentUrl)}
<div class="actions"><a class="button small" href="${href}">${label}</a></div>
</div>`;
}
