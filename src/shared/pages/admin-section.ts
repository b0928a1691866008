import type { FailedSection } from '../admin/section.ts';
import { administratorLink } from './document.ts';
import { type Html, html } from './html.ts';

/** Texts for the administrator, in place of a problem's `detail`. */
const textByCode: Partial<Record<FailedSection['code'], string>> = {
  consent_declined: 'You declined this permission. You can still grant it.',
  admin_consent_required: 'An administrator of your organization has to grant this permission.',
};

/**
 * What the page's script needs, as data attributes: the texts that it shows, by problem code or reason, and the page's
 * URL.
 */
export function scriptAttributes(here: string): Html {
  const texts = {
    here,
    ...textByCode,
    recent_sign_in_required: 'This change requires a recent sign-in. Nothing has been changed.',
    consent_required: 'This app needs your permission for this change. Nothing has been changed.',
    uncertain: 'The change may have been made. Load the page again to check.',
  };
  return html`${Object.entries(texts).map(([name, text]) => html` data-${name}="${text}"`)}`;
}

/** A permission that the administrator can grant, in the administrator's words. */
export interface MissingPermission {
  /** For example “Allow this app to look up users”. */
  readonly title: string;
  readonly purpose: string;
}

export const directoryPermission: MissingPermission = {
  title: 'Allow this app to look up users',
  purpose:
    'To find users and to show their names, this app needs your permission to read names and email addresses in your organization.',
};

export interface FailedSectionContext {
  /** Shown instead of the problem's texts if this permission has not been granted (`consent_required`). */
  readonly permission?: MissingPermission;
  /** URL of this page. A sign-in returns to it, and “Try again” loads it. */
  readonly here: string;
}

/** Shown in place of a section: why it could not be loaded, and what the administrator can do. */
export function failedSection(
  { code, title, detail, reason, needsHelp, loginUrl, adminConsentUrl }: FailedSection,
  { permission, here }: FailedSectionContext,
): Html {
  const needsSignIn = loginUrl !== undefined;
  const href = needsSignIn ? `${loginUrl}&${new URLSearchParams({ return_to: here })}` : here;
  const missing = reason === 'consent_required' ? permission : undefined;
  const shownTitle = missing?.title ?? title;
  const needsOnlyUser = needsSignIn && code === 'interaction_required' && needsHelp === undefined;
  const label = needsOnlyUser ? 'Continue' : 'Try again';
  return html`<div class="failed${needsSignIn && ' asks'}">
<p><b>${shownTitle}.</b></p>
<p>${missing?.purpose ?? textByCode[code] ?? detail}</p>
${!needsOnlyUser && html`<p class="quiet">Code <code>${code}</code></p>`}
${adminConsentUrl && administratorLink(adminConsentUrl, 'Link for your administrator')}
<div class="actions"><a class="button small" href="${href}" aria-label="${label}: ${shownTitle}">${label}</a></div>
</div>`;
}
