import { type Html, html } from './html.ts';

/** Initials of a name, in place of a photo. */
export function badge(name: string): Html {
  const words = name.split(/[\s@._-]+/).filter((word) => word !== '');
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => [...(word ?? '')][0]);
  return html`<span class="badge" aria-hidden="true">${letters.join('').toUpperCase() || '?'}</span>`;
}

/** A labeled instant relative to `now`. The exact time is its tooltip. */
export function instant(label: string, at: Date | undefined, now: Date): Html {
  if (at === undefined) return html`<div><dt>${label}</dt><dd>unknown</dd></div>`;
  const iso = at.toISOString();
  const exact = `${iso.slice(0, 19).replace('T', ' ')} UTC`;
  return html`<div><dt>${label}</dt><dd><time datetime="${iso}" title="${exact}">${relativeTime(at, now)}</time></dd></div>`;
}

/** Units of time with their lengths in seconds, longest first. */
const units = [
  ['year', 365 * 24 * 3600],
  ['month', 30 * 24 * 3600],
  ['day', 24 * 3600],
  ['hour', 3600],
  ['minute', 60],
] as const;

// Created when first needed, because no other constant takes as long at a cold start (measured).
let format: Intl.RelativeTimeFormat | undefined;

/** For example "3 minutes ago" or "in 2 hours", rounded down to a whole unit. */
export function relativeTime(at: Date, now: Date): string {
  const seconds = Math.trunc((at.getTime() - now.getTime()) / 1000);
  const unit = units.find(([, length]) => Math.abs(seconds) >= length);
  if (unit === undefined) return seconds > 0 ? 'in less than a minute' : 'just now';
  const [name, length] = unit;
  format ??= new Intl.RelativeTimeFormat('en');
  return format.format(Math.trunc(seconds / length), name);
}
