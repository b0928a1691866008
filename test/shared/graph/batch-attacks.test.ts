import { describe, expect, it } from 'vitest';
import { answerParts, partsOf } from '../../../src/shared/graph/batch-item.ts';
import { readBatch, writeBatch } from '../../../src/shared/graph/batch-request.ts';
import { goodParts, type HostileBatch, hostileParts, placements } from '../../support/batch-attacks.ts';
import { policyOf } from '../../support/policies.ts';
import { corpus, policy as document, isAllowedAtGraph } from '../../support/proxy-attacks.ts';
import { isWholeRun } from '../../support/scale.ts';

const policy = policyOf(document);

/** What is sent to Graph, with the caller's ids in place of the service's. */
async function sentOf(text: string): Promise<{ readonly ids: readonly string[]; readonly body: string }> {
  const items = readBatch(Buffer.from(text), '/v1.0', policy.match);
  const parts = partsOf(await answerParts(items, () => undefined));
  let body = Buffer.from(writeBatch(parts)).toString();
  for (const { id, sentId } of parts) body = body.replaceAll(`"${sentId}"`, JSON.stringify(id));
  return { ids: parts.map(({ id }) => id), body };
}

async function expectHarmless({ text, hostileId, good, dependants }: HostileBatch): Promise<void> {
  const { ids, body } = await sentOf(text);
  for (const [id, sent] of good) expect(body, text).toContain(`{"id":"${id}",${sent}}`);
  const { requests }: { requests: { method: string; url: string }[] } = JSON.parse(body);
  for (const { method, url } of requests) {
    expect(isAllowedAtGraph({ method, target: `/v1.0${url}` }), `${text} sends ${body}`).toBe(true);
  }
  // A part of the corpus may be harmless. Then the parts that depend on it are sent too.
  if (ids.includes(hostileId)) return;
  expect(ids, text).toEqual(good.map(([id]) => id));
  for (const id of dependants) expect(ids, text).not.toContain(id);
}

describe('a batch without a hostile part', () => {
  it('is sent byte for byte, so that attacks do not fail for another reason', async () => {
    for (const [written, sent] of goodParts) {
      expect((await sentOf(`{"requests":[{"id":"1",${written}}]}`)).body).toBe(
        `{"requests":[{"id":"1",${sent}}]}`,
      );
    }
  });
});

describe('refuses', () => {
  it.each(Object.entries(hostileParts))(
    '%s: alone, beside good parts, which arrive, and with dependants, which do not',
    { tags: ['PX-2', 'PX-3', 'PX-4', 'PX-6'] },
    async (kind, parts) => {
      const isOfCorpus = Object.keys(corpus).some((name) => kind.startsWith(name));
      for (const part of parts) {
        const all = placements(part.replaceAll('{evil}', 'evil.example'));
        // The corpus has many addresses. Between good parts and with dependants, each of them is tried in every run.
        const placed = isWholeRun || !isOfCorpus ? all : [all[2], all.at(-1)];
        for (const batch of placed) if (batch !== undefined) await expectHarmless(batch);
      }
    },
  );

  it.each(['other hosts', 'other calls', 'a batch in the batch', 'headers', 'bodies', 'members'])(
    'every part of the kind %s, so none of them is merely harmless',
    { tags: ['PX-6'] },
    async (kind) => {
      for (const part of hostileParts[kind] ?? []) {
        for (const { text, hostileId } of placements(part)) {
          expect((await sentOf(text)).ids, text).not.toContain(hostileId);
        }
      }
    },
  );
});
