import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { BffProblem, createClient } from '../../client/client.ts';

const origin = 'https://app.example';

interface Sent {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
}

/** A client in a page at `/inbox?view=new#latest` whose server gives that answer to everything. */
function createPage(answer: Response = Response.json({}), basePath?: string) {
  const sent: Sent[] = [];
  const visited: string[] = [];
  const client = createClient({
    ...(basePath === undefined ? {} : { basePath }),
    fetch: async (url, init) => {
      sent.push({ url: String(url), method: init?.method ?? 'GET', headers: new Headers(init?.headers) });
      return answer;
    },
    location: {
      origin,
      pathname: '/inbox',
      search: '?view=new',
      assign: (url) => void visited.push(String(url)),
    },
  });
  return { client, sent, visited };
}

const problemAnswer = (document: unknown, status: number, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(document), {
    status,
    headers: { 'content-type': 'application/problem+json; charset=utf-8', ...headers },
  });

const thrownBy = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

const problemWith = (loginUrl?: string): BffProblem =>
  new BffProblem(
    { code: 'interaction_required', ...(loginUrl === undefined ? {} : { login_url: loginUrl }) },
    401,
  );

describe('the module', () => {
  it('is smaller than 2 kB as it travels', async () => {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('../../client/client.ts', import.meta.url))],
      bundle: true,
      format: 'esm',
      minify: true,
      write: false,
    });
    expect(gzipSync(outputFiles[0]?.contents ?? '').length).toBeLessThan(2000);
  });
});

describe('session', () => {
  it('asks the server, past every cache, and gives its answer', async () => {
    const { client, sent } = createPage(Response.json({ signed_in: false, login_url: '/api/auth/login' }));
    expect(await client.session()).toEqual({ signed_in: false, login_url: '/api/auth/login' });
    expect(sent[0]?.url).toBe(`${origin}/api/auth/session`);
    expect(sent[0]?.headers.get('x-csrf')).toBe('1');
  });

  it('rejects an answer that is no session, such as a page served in its place', async () => {
    const { client } = createPage(Response.json({ hello: 'world' }));
    await expect(client.session()).rejects.toThrow(TypeError);
  });
});

describe('signIn', () => {
  it('comes back to path and search of the page', () => {
    const { client, visited } = createPage();
    client.signIn();
    expect(visited).toEqual([`${origin}/api/auth/login?return_to=%2Finbox%3Fview%3Dnew`]);
  });

  it('asks for a feature and comes back elsewhere, when told to', () => {
    const { client, visited } = createPage();
    client.signIn({ feature: 'mail & more', returnTo: '/calendar' });
    expect(visited).toEqual([`${origin}/api/auth/login?feature=mail+%26+more&return_to=%2Fcalendar`]);
  });
});

describe('signOut', () => {
  it('posts with the proof, then goes where the server says', async () => {
    const { client, sent, visited } = createPage(
      Response.json({ logout_url: 'https://login.example/logout' }),
    );
    await client.signOut();
    expect(sent[0]).toMatchObject({ url: `${origin}/api/auth/logout`, method: 'POST' });
    expect(sent[0]?.headers.get('x-csrf')).toBe('1');
    expect(visited).toEqual(['https://login.example/logout']);
  });

  it('stays on the page when the server refuses', async () => {
    const { client, visited } = createPage(problemAnswer({ code: 'cross_site_request' }, 403));
    expect(await thrownBy(client.signOut())).toBeInstanceOf(BffProblem);
    expect(visited).toEqual([]);
  });
});

describe('graph and fetch', () => {
  it('call Graph below the base path, and any address of this origin', async () => {
    const { client, sent } = createPage(Response.json({}), '/backend/api');
    await client.graph('/me/messages?$top=5');
    await client.fetch('/backend/api/admin');
    expect(sent.map(({ url }) => url)).toEqual([
      `${origin}/backend/api/graph/v1.0/me/messages?$top=5`,
      `${origin}/backend/api/admin`,
    ]);
  });

  it('keep method and headers of the caller and add the proof', async () => {
    const { client, sent } = createPage();
    await client.graph('/me', { method: 'PATCH', headers: { Prefer: 'return=minimal', 'X-CSRF': '0' } });
    expect(sent[0]?.method).toBe('PATCH');
    expect(sent[0]?.headers.get('prefer')).toBe('return=minimal');
    expect(sent[0]?.headers.get('x-csrf')).toBe('1');
  });

  it("return Graph's own errors unread", async () => {
    const { client } = createPage(Response.json({ error: { code: 'TooManyRequests' } }, { status: 429 }));
    const response = await client.graph('/me');
    expect(response.status).toBe(429);
    expect(await response.json()).toEqual({ error: { code: 'TooManyRequests' } });
  });

  it('throw the problem with everything a page acts on', async () => {
    const document = {
      code: 'interaction_required',
      title: 'Your attention is needed',
      detail: 'Go to login_url.',
      login_url: '/api/auth/login?ticket=abc',
      feature: 'mail',
      reason: 'consent_required',
    };
    const { client } = createPage(problemAnswer(document, 401, { 'retry-after': '7' }));
    const problem = await thrownBy(client.graph('/me/messages'));
    expect(problem).toBeInstanceOf(BffProblem);
    expect(problem).toMatchObject({
      message: 'Go to login_url.',
      code: 'interaction_required',
      status: 401,
      loginUrl: '/api/auth/login?ticket=abc',
      feature: 'mail',
      reason: 'consent_required',
      retryAfterSeconds: 7,
    });
  });

  it.for([
    ['cut in half', '{"code":'],
    ['null', 'null'],
    ['with members of other types', '{"code":7,"login_url":{},"detail":[]}'],
  ])('throw a problem for a problem document %s', async ([, text]) => {
    const headers = {
      'content-type': 'application/problem+json',
      'retry-after': 'Fri, 31 Dec 1999 23:59:59 GMT',
    };
    const { client } = createPage(new Response(text, { status: 502, headers }));
    expect(await thrownBy(client.graph('/me'))).toMatchObject({
      code: 'internal_error',
      status: 502,
      loginUrl: undefined,
      retryAfterSeconds: undefined,
    });
  });
});

describe('interact', () => {
  it('goes to login_url with its ticket, and back to this page', () => {
    const { client, visited } = createPage();
    client.interact(problemWith('/api/auth/login?ticket=a-b_c'));
    expect(visited).toEqual([`${origin}/api/auth/login?ticket=a-b_c&return_to=%2Finbox%3Fview%3Dnew`]);
  });

  it('leads to one place when login_url has a return_to already', () => {
    const { client, visited } = createPage();
    client.interact(problemWith('/api/auth/login?return_to=%2Felsewhere&ticket=t'));
    expect(new URL(visited[0] ?? '').searchParams.getAll('return_to')).toEqual(['/inbox?view=new']);
  });
});

describe('refuses', () => {
  const foreign = [
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    'javascript:alert(1)',
    `blob:${origin}/0f8fad5b-d9cb-469f-a165-70867728950e`,
    'https://app.example.evil.example/',
    'https://app.example@evil.example/',
    'https://user:secret@app.example/',
    'http://app.example/',
    'https://app.example:8443/',
    'data:text/html,hello',
    'https://[',
  ];

  it.for(foreign)('to navigate to %j', (loginUrl) => {
    const { client, visited } = createPage();
    expect(() => client.interact(problemWith(loginUrl))).toThrow(TypeError);
    expect(visited).toEqual([]);
  });

  it.for(foreign)('to send the proof to %j', async (url) => {
    const { client, sent } = createPage();
    await expect(client.fetch(url)).rejects.toThrow(TypeError);
    expect(sent).toEqual([]);
  });

  it('a path that turns foreign once its dots are resolved', () => {
    const { client, visited } = createPage();
    client.interact(problemWith('/x/..//evil.example'));
    expect(new URL(visited[0] ?? '').origin).toBe(origin);
  });

  it('to interact for a problem that leads nowhere', () => {
    const { client } = createPage();
    expect(() => client.interact(problemWith())).toThrow(TypeError);
  });

  it('a path of Graph that could leave its prefix', async () => {
    const { client, sent } = createPage();
    await expect(client.graph('me')).rejects.toThrow(TypeError);
    await expect(client.graph('.evil.example/me')).rejects.toThrow(TypeError);
    expect(sent).toEqual([]);
  });

  it.for([
    ['missing', {}],
    ['a script', { logout_url: 'javascript:alert(1)' }],
    ['no text', { logout_url: 7 }],
  ] as const)('to leave for a logout_url that is %s', async ([, answer]) => {
    const { client, visited } = createPage(Response.json(answer));
    await expect(client.signOut()).rejects.toThrow(TypeError);
    expect(visited).toEqual([]);
  });
});
