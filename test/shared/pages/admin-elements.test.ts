import { describe, expect, it } from 'vitest';
import { badge, relativeTime } from '../../../src/shared/pages/admin-elements.ts';

const now = new Date('2026-03-01T12:00:00Z');
const inSeconds = (seconds: number) => relativeTime(new Date(now.getTime() + seconds * 1000), now);

describe('relativeTime', () => {
  it.each([
    [0, 'just now'],
    [-59, 'just now'],
    [-60, '1 minute ago'],
    [-179, '2 minutes ago'],
    [-3600, '1 hour ago'],
    [-26 * 3600, '1 day ago'],
    [-40 * 24 * 3600, '1 month ago'],
    [-800 * 24 * 3600, '2 years ago'],
    [30, 'in less than a minute'],
    [90, 'in 1 minute'],
    [11.9 * 3600, 'in 11 hours'],
  ])('%d seconds from now: %s', (seconds, words) => {
    expect(inSeconds(seconds)).toBe(words);
  });
});

describe('badge', () => {
  it.each([
    ['Ben Brown', 'BB'],
    ['ben@contoso.example', 'BE'],
    ['Mia', 'M'],
    ['', '?'],
    ['😀 李', '😀李'],
    ['<b> x', '&lt;X'],
  ])('%s: %s', (name, letters) => {
    expect(badge(name).html).toContain(`>${letters}</span>`);
  });
});
