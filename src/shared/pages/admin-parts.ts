import type { FailedPart } from '../admin/section.ts';
import { administratorLink } from './document.ts';
import { type Html, html } from './html.ts';

export const adminPath = '/api/admin';

/**
 * The address of the console for this text.
 * @param proof set if a page of this service links there; omitted for the return from a sign-in
 */
export function consoleHref(text: string, proof?: string): string {
  const query = { user: text, ...(proof === undefined ? {} : { from: proof }) };
  return `${adminPath}?${new URLSearchParams(query)}`;
}

/** What a problem means to who reads the page. The `detail` of these is for who writes a client. */
const meanings: Partial<Record<FailedPart['code'], string>> = {
  interaction_required: 'Microsoft has to see you first.',
  consent_declined: 'You declined this permission. You can decide again.',
  admin_consent_required: 'An administrator of your organization has to give this permission.',
};

/** The same for the page's script, and by the reason of a problem; in attributes, which it reads as a dataset. */
export function meaningAttributes(): Html {
  const texts = {
    ...meanings,
    recent_sign_in_required: 'A change needs a recent sign-in. Nothing has been done yet.',
    consent_required: 'This app needs your permission for it. Nothing has been done yet.',
    uncertain: 'Whether it was done is not known: load the page again to see.',
  };
  return html`${Object.entries(texts).map(([name, text]) => html` data-${name}="${text}"`)}`;
}

/** Why a part is missing, and the way on. The rest of the page stands. */
export function failedPart(
  { code, title, detail, reason, loginUrl, adminConsentUrl }: FailedPart,
  { purpose, here }: { readonly purpose: string; readonly here: string },
): Html {
  const asks = loginUrl !== undefined;
  const href = asks ? `${loginUrl}&${new URLSearchParams({ return_to: here })}` : here;
  return html`<div class="failed${asks && ' asks'}">
<p><b>${title}.</b></p>
<p>${reason === 'consent_required' ? purpose : (meanings[code] ?? detail)}</p>
<p class="quiet">Code <code>${code}</code></p>
${adminConsentUrl && administratorLink(adminConsentUrl)}
<div class="actions"><a class="button small" href="${href}">${labelOf(code, asks)}</a></div>
</div>`;
}

function labelOf(code: FailedPart['code'], asks: boolean): string {
  if (!asks) return 'Try again';
  return code === 'interaction_required' ? 'Continue' : 'Ask again';
}

/** Two letters stand for a face. */
export function badge(name: string): Html {
  const words = name.split(/[\s@._-]+/).filter((word) => word !== '');
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => [...(word ?? '')][0]);
  return html`<span class="badge" aria-hidden="true">${letters.join('').toUpperCase() || '?'}</span>`;
}

/** When something was or will be: in words, and exactly. */
export function moment(label: string, at: Date | undefined, now: Date): Html {
  if (at === undefined) return html`<div><dt>${label}</dt><dd>not known</dd></div>`;
  const iso = at.toISOString();
  return html`<div><dt>${label}</dt><dd>${relativeWords(at, now)}</dd><dd><time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')} UTC</time></dd></div>`;
}

const units = [
  ['year', 365 * 24 * 3600],
  ['month', 30 * 24 * 3600],
  ['day', 24 * 3600],
  ['hour', 3600],
  ['minute', 60],
] as const;

const words = new Intl.RelativeTimeFormat('en');

/** "3 minutes ago", "in 2 hours"; whole units, rounded down. */
export function relativeWords(at: Date, now: Date): string {
  const seconds = Math.trunc((at.getTime() - now.getTime()) / 1000);
  const unit = units.find(([, length]) => Math.abs(seconds) >= length);
  if (unit === undefined) return seconds > 0 ? 'in less than a minute' : 'just now';
  const [name, length] = unit;
  return words.format(Math.trunc(seconds / length), name);
}
