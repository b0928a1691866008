import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { createSelfCall } from '../../../src/shared/health/self-call.ts';
import {
  HttpFailure,
  type HttpRequest,
  type HttpResponse,
} from '../../../src/shared/network/http-request.ts';

const answer = (status: number, body = ''): HttpResponse => ({
  status,
  headers: {},
  body: Buffer.from(body),
});
const alive = answer(200, '{"status":"live"}');
type Outcome = HttpResponse | HttpFailure;

/** Calls itself. The address answers one way without `code` and another way with it, and maybe a third way the next time. */
async function callSelf(withoutCode: Outcome, withCode: Outcome, secondTime = withCode) {
  const sent: HttpRequest[] = [];
  const call = createSelfCall('https://app.contoso.example', async (request) => {
    sent.push(request);
    const isFirst = sent.filter(({ path }) => path.includes('code=')).length === 1;
    const outcome = request.path.includes('code=') ? (isFirst ? withCode : secondTime) : withoutCode;
    if (outcome instanceof HttpFailure) throw outcome;
    return outcome;
  });
  return { kind: (await call()).kind, sent };
}

describe('the call to itself', () => {
  it('has a meaningless code, a limit of a second, and nothing that identifies a user', async () => {
    const { kind, sent } = await callSelf(alive, alive);
    expect(kind).toBe('works');
    expect(sent.map(({ method, origin, path, deadlineMs }) => [method, origin + path, deadlineMs])).toEqual([
      ['GET', 'https://app.contoso.example/api/health/live', 1000],
      ['GET', 'https://app.contoso.example/api/health/live?code=x', 1000],
    ]);
    for (const { headers } of sent) expect(Object.keys(headers)).toEqual(['accept']);
  });

  it.each([
    ['an empty 500', answer(500)],
    ['no answer twice in a row', new HttpFailure('timeout')],
  ])('finds that the keys of the host fail, by %s', async (_what, withCode) => {
    expect((await callSelf(alive, withCode)).kind).toBe('degraded');
  });

  it('accepts one timeout, because a cold host looks up its keys', async () => {
    const { kind, sent } = await callSelf(alive, new HttpFailure('timeout'), alive);
    expect(kind).toBe('works');
    expect(sent).toHaveLength(3);
  });

  it.each([
    ['the address cannot be reached', new HttpFailure('unreachable'), alive],
    [
      'the address does not answer without a code either',
      new HttpFailure('timeout'),
      new HttpFailure('timeout'),
    ],
    ['every request fails', answer(500), answer(500)],
    ['another service answers', answer(200, '<html>'), answer(500)],
    ['a server in front asks for a sign-in', answer(401), answer(401)],
    ['a server in front refuses the code', alive, answer(403)],
    ['a server in front fails with a page', alive, answer(500, '<html>')],
    ['a server in front lost the connection', alive, answer(502)],
    ['the connection broke', alive, new HttpFailure('unreachable')],
  ])('knows nothing if %s', async (_what, withoutCode, withCode) => {
    expect((await callSelf(withoutCode, withCode)).kind).toBe('unknown');
  });
});
