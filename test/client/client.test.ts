import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bundleClient } from '../../build/bundle.ts';
import { BffProblem } from '../../client/client.ts';
import {
  callsOf,
  flush,
  logoutUrl,
  openPage,
  origin,
  problemAnswer,
  signedOut,
  thrownBy,
} from './fake-page.ts';

const problemWith = (loginUrl?: string): BffProblem =>
  new BffProblem(
    { code: 'interaction_required', ...(loginUrl === undefined ? {} : { login_url: loginUrl }) },
    401,
  );

describe('the module', () => {
  it('is smaller than 7.2 kB when compressed', async () => {
    const text = await bundleClient();
    expect(text).toContain('createClient');
    expect(gzipSync(text).length).toBeLessThan(7200);
  });
});

describe('session', () => {
  it('requests the session from the server and returns it', async () => {
    const { client, page } = openPage({ answer: () => Response.json(signedOut) });
    expect(await client.session()).toEqual(signedOut);
    expect(page.sent[0]?.url).toBe(`${origin}/api/auth/session`);
    expect(page.sent[0]?.headers.get('x-csrf')).toBe('1');
  });

  it.each([
    [200, '{"hello":"world"}'],
    [200, '<!doctype html>'],
    [502, ''],
  ])('rejects a response that is not a session: %i %s', async (status, body) => {
    const { client } = openPage({ answer: () => new Response(body, { status }) });
    const failure = await thrownBy(client.session());
    expect(failure).toBeInstanceOf(TypeError);
    expect(String(failure)).toContain(`Status ${status}: the response has no session.`);
  });
});

describe('signOut', () => {
  it('posts with the CSRF header, then navigates to the address of the response', async () => {
    const { client, page } = openPage({
      answer: () => Response.json({ logout_url: logoutUrl, complete: true }),
    });
    await client.signOut();
    expect(page.sent[0]).toMatchObject({ path: '/api/auth/logout', method: 'POST' });
    expect(page.sent[0]?.headers.get('x-csrf')).toBe('1');
    expect(page.visited).toEqual([logoutUrl]);
  });

  it('stays on the page if the server refuses, and calls still work', async () => {
    const { client, page } = openPage({ answer: () => problemAnswer({ code: 'cross_site_request' }, 403) });
    expect(await thrownBy(client.signOut())).toBeInstanceOf(BffProblem);
    expect(page.visited).toEqual([]);
    page.answer = () => Response.json({ ok: true });
    expect((await client.graph('/me')).ok).toBe(true);
  });

  it('sends one request for concurrent calls', async () => {
    const { client, page } = openPage({
      answer: () => Response.json({ logout_url: logoutUrl }),
    });
    await Promise.all([client.signOut(), client.signOut()]);
    expect(page.sent).toHaveLength(1);
    expect(page.visited).toHaveLength(1);
  });
});

describe('graph and fetch', () => {
  it('call Graph below the base path, and any address of this origin', async () => {
    const { client, page } = openPage({ client: { basePath: '/backend/api' } });
    await client.graph('/me/messages?$top=5');
    await client.fetch('/backend/api/admin');
    await client.fetch(new URL('/other', origin));
    expect(callsOf(page).map(({ url }) => url)).toEqual([
      `${origin}/backend/api/graph/v1.0/me/messages?$top=5`,
      `${origin}/backend/api/admin`,
      `${origin}/other`,
    ]);
  });

  it('keep method and headers of the caller and add the CSRF header', async () => {
    const { client, page } = openPage();
    await client.graph('/me', { method: 'PATCH', headers: { Prefer: 'return=minimal', 'X-CSRF': '0' } });
    expect(callsOf(page)[0]?.method).toBe('PATCH');
    expect(callsOf(page)[0]?.headers.get('prefer')).toBe('return=minimal');
    expect(callsOf(page)[0]?.headers.get('x-csrf')).toBe('1');
  });

  it('follow a link of a response unchanged, and refuse other addresses', async () => {
    const { client, page } = openPage({ client: { basePath: '/backend/api' } });
    const link = '/backend/api/graph/v1.0/me/messages?$skip=10';
    await client.graph(`${origin}${link}`);
    await client.graph(link);
    expect(callsOf(page).map(({ url }) => url)).toEqual([`${origin}${link}`, `${origin}${link}`]);
    page.sent.length = 0;
    for (const address of [
      'https://graph.microsoft.com/v1.0/me',
      `${origin}.evil.example${link}`,
      `${origin}@evil.example${link}`,
      `${origin}/backend/api/admin`,
      `${origin}/backend/api/graph/../admin`,
      '/backend/api/graph/../admin',
      '/../../../auth/logout',
      'me',
      '',
      'javascript:alert(1)',
    ]) {
      expect(await thrownBy(client.graph(address)), address).toBeInstanceOf(TypeError);
    }
    expect(page.sent).toEqual([]);
    await client.graph(`//evil.example${link}`);
    expect(callsOf(page)[0]?.url).toBe(`${origin}/backend/api/graph/v1.0//evil.example${link}`);
  });

  it('return errors of Graph as responses', async () => {
    const { client } = openPage({
      answer: () => Response.json({ error: { code: 'TooManyRequests' } }, { status: 429 }),
    });
    const response = await client.graph('/me');
    expect(response.status).toBe(429);
    expect(await response.json()).toEqual({ error: { code: 'TooManyRequests' } });
  });

  it('throw a problem with all members that a page needs', async () => {
    const document = {
      code: 'admin_consent_required',
      title: 'An administrator has to agree',
      detail: 'Hand the link on.',
      login_url: '/api/auth/login?ticket=abc',
      feature: 'mail',
      reason: 'consent_required',
      scopes: ['Mail.Read', 7],
      admin_consent_url: 'https://login.example/adminconsent?client_id=1',
      ask_again_at: '2026-11-22T17:00:00Z',
      correlation_id: 'c0ffee',
    };
    const { client } = openPage({ answer: () => problemAnswer(document, 403, { 'retry-after': '7' }) });
    const problem = await thrownBy(client.graph('/me/messages'));
    expect(problem).toBeInstanceOf(BffProblem);
    expect(problem).toMatchObject({
      message: 'Hand the link on.',
      code: 'admin_consent_required',
      status: 403,
      loginUrl: '/api/auth/login?ticket=abc',
      feature: 'mail',
      reason: 'consent_required',
      scopes: ['Mail.Read'],
      adminConsentUrl: 'https://login.example/adminconsent?client_id=1',
      askAgainAt: '2026-11-22T17:00:00Z',
      correlationId: 'c0ffee',
      retryAfterSeconds: 7,
    });
  });

  it.for([
    ['cut in half', '{"code":'],
    ['null', 'null'],
    ['with members of other types', '{"code":7,"login_url":{},"detail":[],"scopes":"all"}'],
  ])('throw a problem with the code of its header for a body %s', async ([, text]) => {
    const headers = {
      'content-type': 'application/problem+json',
      'bff-problem': 'upstream_timeout',
      'retry-after': 'Fri, 31 Dec 1999 23:59:59 GMT',
    };
    const { client } = openPage({ answer: () => new Response(text, { status: 502, headers }) });
    expect(await thrownBy(client.graph('/me'))).toMatchObject({
      code: 'upstream_timeout',
      status: 502,
      loginUrl: undefined,
      scopes: [],
      retryAfterSeconds: undefined,
    });
  });
});

describe('without a browser', () => {
  it('can be created during server-side rendering, without reading or listening', () => {
    const { document: _none, ...rest } = openPage().page;
    expect(() => openPage({ client: { page: { ...rest } as never } })).not.toThrow();
  });

  it.for(['missing', 'forbidden'] as const)('works if broadcast channels are %s', async (channels) => {
    const { client, page } = openPage({ channels, answer: () => Response.json({}) });
    expect((await client.graph('/me')).ok).toBe(true);
    const asked = client.signIn();
    const [popup] = page.popups;
    page.fire('message', {
      origin,
      data: { type: 'entra-bff:interaction', id: popup?.id, outcome: 'signed_in' },
    });
    expect(await asked).toBe('signed_in');
    page.answer = () => Response.json({ logout_url: logoutUrl });
    await client.signOut();
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

  it.for(foreign)('to navigate to %j or to open it', async (loginUrl) => {
    const { client, page } = openPage();
    for (const display of ['popup', 'redirect'] as const) {
      await expect(client.interact(problemWith(loginUrl), { display })).rejects.toThrow(TypeError);
      await expect(client.signIn({ returnTo: loginUrl, display })).rejects.toThrow(TypeError);
    }
    page.answer = () => problemAnswer({ code: 'interaction_required', login_url: loginUrl }, 401);
    await expect(client.graph('/me')).rejects.toThrow(TypeError);
    expect(page.visited).toEqual([]);
    expect(page.popups).toEqual([]);
  });

  it.for(foreign)('to send the CSRF header to %j', async (url) => {
    const { client, page } = openPage();
    await expect(client.fetch(url)).rejects.toThrow(TypeError);
    expect(page.sent).toEqual([]);
  });

  it.for([
    '/x/..//evil.example',
    '/',
    '/api/auth/logout',
    '/api/admin?user=ben',
    '/api/auth/login/',
    '/api/auth/login/..',
    '/api/auth/Login',
    '/api/auth/login%2F..',
    '/api//auth/login',
    '/other/api/auth/login',
    '?ticket=t',
  ])('to navigate to %j or to open it, because it is not the login route', async (loginUrl) => {
    const { client, page } = openPage();
    for (const display of ['popup', 'redirect'] as const) {
      await expect(client.interact(problemWith(loginUrl), { display })).rejects.toThrow(TypeError);
    }
    page.answer = () => problemAnswer({ code: 'interaction_required', login_url: loginUrl }, 401);
    await expect(client.graph('/me')).rejects.toThrow(TypeError);
    expect([...page.visited, ...page.popups]).toEqual([]);
  });

  it('to navigate to the login route of another base path', async () => {
    const { client, page } = openPage({ client: { basePath: '/backend/api' } });
    await expect(client.interact(problemWith('/api/auth/login?ticket=t'))).rejects.toThrow(TypeError);
    await client.interact(problemWith('/backend/api/auth/login?ticket=t'), { display: 'redirect' });
    expect(new URL(page.visited[0] ?? '').pathname).toBe('/backend/api/auth/login');
  });

  it('to interact for a problem without login_url', async () => {
    const { client } = openPage();
    await expect(client.interact(problemWith())).rejects.toThrow(TypeError);
  });

  it('a Graph path that does not start with a slash', async () => {
    const { client, page } = openPage();
    await expect(client.graph('me')).rejects.toThrow(TypeError);
    await expect(client.graph('.evil.example/me')).rejects.toThrow(TypeError);
    expect(page.sent).toEqual([]);
  });

  it.for([
    ['missing', {}],
    ['a script', { logout_url: 'javascript:alert(1)' }],
    ['a script after a line break', { logout_url: '\njavascript:alert(1)' }],
    ['a data URL', { logout_url: 'data:text/html,hello' }],
    ['not a string', { logout_url: 7 }],
    ['another page', { logout_url: 'https://login.example/oauth2/v2.0/authorize' }],
    ['another page with the path in its query', { logout_url: 'https://evil.example/?/oauth2/v2.0/logout' }],
    [
      'another page with the path in its fragment',
      { logout_url: 'https://evil.example/#/oauth2/v2.0/logout' },
    ],
    ['plain http', { logout_url: 'http://login.example/t/oauth2/v2.0/logout' }],
    ['on this origin', { logout_url: '/oauth2/v2.0/logout' }],
  ] as const)('to navigate to a logout_url that is %s', async ([, answer]) => {
    const { client, page } = openPage({ answer: () => Response.json(answer) });
    await expect(client.signOut()).rejects.toThrow(TypeError);
    expect(page.visited).toEqual([]);
    await flush();
  });

  it.for(['javascript:alert(1)', '//evil.example', 'data:text/html,hello', 7])(
    'to return %j as the link for an administrator',
    async (link) => {
      const { client } = openPage({
        answer: () => problemAnswer({ code: 'admin_consent_required', admin_consent_url: link }, 403),
      });
      expect(await thrownBy(client.graph('/me'))).toMatchObject({ adminConsentUrl: undefined });
    },
  );
});
