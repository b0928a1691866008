import { encodePath, parseTarget } from '@entra-bff/functions-host';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { policyOf } from '../../support/policies.ts';
import { corpus, policy as document, hostileAttack, isAllowedAtGraph } from '../../support/proxy-attacks.ts';
import { isWholeRun } from '../../support/scale.ts';

const policy = policyOf(document);
const prefix = '/api/graph';
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

type Decodes = Parameters<typeof parseTarget>[1];

/** What Graph would receive, or undefined if the host or the policy refuses the request. */
function sentToGraph(method: string, target: string, decodes: Decodes): string | undefined {
  const routed = parseTarget(target, decodes);
  if (routed === undefined || !routed.path.toLowerCase().startsWith(`${prefix}/`)) return undefined;
  // The worker reads the URL that the host encodes. Reading it removes dot segments that were encoded twice.
  const { pathname } = new URL(encodePath(routed.path), 'http://localhost');
  if (!pathname.startsWith(`${prefix}/`)) return undefined;
  const match = policy.match({
    method,
    path: pathname.slice(prefix.length),
    routeParameter: routed.path.slice(prefix.length + 1),
    query: routed.queryText.slice(1),
  });
  if (match.kind === 'refused') return undefined;
  return match.call.query === '' ? match.call.path : `${match.call.path}?${match.call.query}`;
}

function expectHarmless(method: string, target: string, decodes: Decodes): void {
  const sent = sentToGraph(method, target, decodes);
  if (sent === undefined) return;
  expect(isAllowedAtGraph({ method, target: sent }), `${method} ${target} sends ${sent}`).toBe(true);
}

describe.each([0, 1, 2] as const)('behind %i front ends that decode', (decodes) => {
  it.each([
    '/v1.0/me?$select=id,mail&$top=5',
    '/v1.0/me/photo/$value',
    '/v1.0/me/things/t1',
    '/v1.0/me/things/x_y.com%23EXT%23@contoso.com',
    "/v1.0/me/things('o''brien%20%25')",
    '/v1.0/me/drive/root:/Menu%20(new).txt:/content',
    '/v1.0/me/drive/root:/Q1%20%5Bdraft%5D%20%233.docx:/content',
  ])('the policy allows %s, so that attacks do not fail for another reason', (path) => {
    expect(sentToGraph('GET', `${prefix}${path}`, decodes)).toBe(path);
  });

  describe('refuses', () => {
    it.each(Object.entries(corpus))(
      '%s, in every method',
      { tags: ['PX-2', 'PX-3', 'PX-4', 'PX-5'] },
      (_name, targets) => {
        for (const text of targets) {
          const [target = ''] = text.replaceAll('{evil}', 'evil.example').split(/ HTTP\/1\.1\r\n|\r\n/);
          for (const method of methods) expectHarmless(method, target, decodes);
        }
      },
    );

    it('random combinations of such pieces', { tags: ['PX-2', 'PX-3', 'PX-4', 'PX-5'] }, () => {
      fc.assert(
        fc.property(hostileAttack('evil.example'), ({ method, target }) =>
          expectHarmless(method, target, decodes),
        ),
        { numRuns: isWholeRun ? 20_000 : 3_000 },
      );
    });
  });
});
