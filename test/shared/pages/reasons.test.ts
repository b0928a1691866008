import { describe, expect, it } from 'vitest';
import { loadSection } from '../../../src/shared/admin/section.ts';
import { BffError, type InteractionReason, interactionReasons } from '../../../src/shared/errors.ts';
import { reasonTexts } from '../../../src/shared/interaction/reason-texts.ts';
import { failedSection } from '../../../src/shared/pages/admin-section.ts';

function problem(reason: InteractionReason): BffError {
  const { text, resolvedBy } = reasonTexts[reason];
  return new BffError('interaction_required', {
    detail: text,
    extensions: { reason, scopes: [], resolved_by: resolvedBy, login_url: '/api/auth/login?ticket=t' },
  });
}

/** Without the tags and the quoting of HTML. */
const textOf = (html: string) => html.replaceAll(/<[^>]*>/g, '').replaceAll('&#39;', "'");

describe('the texts of the reasons', () => {
  it('differ for each reason', () => {
    const texts = interactionReasons.map((reason) => reasonTexts[reason].text);
    expect(new Set(texts).size).toBe(interactionReasons.length);
  });

  it.each(interactionReasons)('are in a section of the admin page: %s', async (reason) => {
    const { title, text, resolvedBy } = reasonTexts[reason];
    const section = await loadSection(
      () => Promise.reject(problem(reason)),
      () => {},
    );
    if (section.kind !== 'failed') throw new Error(section.kind);
    const { html } = failedSection(section, { here: '/api/admin' });
    expect(textOf(html)).toContain(title);
    expect(textOf(html)).toContain(text);
    expect(html.includes('>Continue<')).toBe(resolvedBy === 'user');
  });
});
