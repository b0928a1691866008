import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { settings } from '../../src/shared/config/settings.ts';
import type { RateLimitedArea } from '../../src/shared/errors.ts';
import { addressBudgets, sessionBudgets } from '../../src/shared/limits/rate-limits.ts';
import type { Budget } from '../../src/shared/limits/token-buckets.ts';

const page = readFileSync(new URL('../../docs/problems/rate_limited.md', import.meta.url), 'utf8');

const routes: readonly (readonly [area: RateLimitedArea, calls: string])[] = [
  ['login', '`/api/auth/login`'],
  ['callback', '`/api/auth/callback`'],
  ['proxy', '`/api/graph/…` and your own APIs together'],
  ['admin', '`/api/admin…`'],
  ['front-channel-logout', '`/api/auth/front-channel-logout`'],
];

const toText = (budget: Budget | undefined) =>
  budget === undefined ? '–' : `${budget.burst.toLocaleString('en-US')}, ${budget.perSecond}`;

describe('docs/problems/rate_limited.md', () => {
  it.each(routes)('has the default budgets of %s', (area, calls) => {
    const { absence } = settings.RATE_LIMIT_CALLS_PER_SECOND;
    const session = toText(sessionBudgets(Number(absence.text))[area]);
    expect(page).toContain(`| ${calls} | ${session} | ${toText(addressBudgets[area])}`);
  });

  it('says for how many users the budgets of an address are', () => {
    const users = Number(settings.RATE_LIMIT_USERS_PER_ADDRESS.absence.text).toLocaleString('en-US');
    expect(page).toContain(`for\n${users} users who share it`);
  });
});
