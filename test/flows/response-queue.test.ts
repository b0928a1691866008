import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProxyWorld, startProxyWorld } from '../support/proxy-world.ts';
import { rawAnswer } from '../support/raw-upstream.ts';
import { sendWire } from '../support/user-agent.ts';

let proxy: ProxyWorld;
let cookies: Record<string, string>;

beforeAll(async () => {
  proxy = await startProxyWorld();
  cookies = { alice: await proxy.cookieOf('alice'), ben: await proxy.cookieOf('ben') };
});
afterAll(() => proxy.close());

/** As Graph does: it returns the id that the call had. */
const echoIn = (head: string) => /^client-request-id: .*$/im.exec(head)?.[0] ?? '';

/** The person of the access token, as the upstream would look them up. */
const personOf = (head: string): unknown => {
  const payload = /Bearer [^.]+\.([^.]+)\./.exec(head)?.[1] ?? '';
  return JSON.parse(Buffer.from(payload, 'base64url').toString()).oid;
};

describe('refuses to show one person the answer of another', () => {
  it.each([
    ['with the answer', 0],
    ['a little after it', 1],
    ['later', 5],
  ])(
    'when the upstream sends a second answer %s, over connections that are used again (PX-17)',
    async (_when, turns) => {
      proxy.upstream.respondWith((socket, { head }) => {
        const answer = rawAnswer(JSON.stringify({ person: personOf(head) }), [
          'Content-Type: application/json',
          echoIn(head),
        ]);
        if (turns === 0) return void socket.write(Buffer.concat([answer, answer]));
        socket.write(answer);
        let left = turns;
        const later = () => {
          left--;
          if (left === 0) socket.write(answer);
          else setImmediate(later);
        };
        setImmediate(later);
      });
      const ask = async (user: string) => {
        const headers = { cookie: cookies[user] ?? '', 'x-csrf': '1' };
        const { status, body } = await sendWire(proxy.worker.origin, '/api/graph/v1.0/me', { headers });
        // A connection that is caught in the act may fail the call: it must not answer it.
        return { status, person: JSON.parse(body).person };
      };
      const people: Record<string, Set<unknown>> = { alice: new Set(), ben: new Set() };
      let served = 0;
      for (let round = 0; round < 40; round++) {
        await Promise.all(
          ['alice', 'ben', 'alice', 'ben'].map(async (user) => {
            const { status, person } = await ask(user);
            if (status !== 200) return expect(status).toBe(502);
            served++;
            people[user]?.add(person);
          }),
        );
      }
      expect([people['alice']?.size, people['ben']?.size]).toEqual([1, 1]);
      expect(people['alice']).not.toEqual(people['ben']);
      expect(served).toBeGreaterThan(40);
    },
  );
});
