import { describe, expect, it } from 'vitest';
import { startFunctionsHost } from '../src/host.ts';
import { bundleFixture, hostOf, send } from '../testing/fixture.ts';

function paramsOf(route: string, name = 'echo') {
  return `
  app.http('${name}', { route: '${route}', methods: ['GET'], handler: (r) => ({ jsonBody: { params: r.params, url: r.url } }) });
`;
}

async function echo(host: { port: number }, target: string) {
  const answer = await send(host, target);
  return answer.status === 200 ? JSON.parse(answer.text) : answer.status;
}

describe('routes of the Functions host', () => {
  it('takes the first matching route in alphabetical order of the function names, not the most specific', async () => {
    const host = await hostOf(`
      app.get('exact', { route: 'api/graph/me', handler: () => ({ body: 'exact' }) });
      app.get('all', { route: 'api/graph/{*path}', handler: () => ({ body: 'all' }) });
    `);
    expect((await send(host, '/api/graph/me')).text).toBe('all');
  });

  it('skips a route that does not list the method', async () => {
    const host = await hostOf(`
      app.get('a', { route: 'thing', handler: () => ({ body: 'get' }) });
      app.post('b', { route: 'thing', handler: () => ({ body: 'post' }) });
    `);
    expect((await send(host, '/thing', { method: 'POST' })).text).toBe('post');
  });

  it.each(['get', 'Get'])('routes the method %s as GET', async (method) => {
    const host = await hostOf(`app.get('a', { route: 'thing', handler: () => ({ body: 'get' }) })`);
    expect((await send(host, '/thing', { method })).text).toBe('get');
  });

  it('replies with a bare 404 to a method that is not listed, as to an unknown path', async () => {
    const host = await hostOf(`app.get('a', { route: 'thing', handler: () => ({ body: 'get' }) })`);
    const answers = [
      await send(host, '/thing', { method: 'DELETE' }),
      await send(host, '/thing', { method: 'HEAD' }),
      await send(host, '/thing', { method: 'OPTIONS' }),
      await send(host, '/other'),
    ];
    expect(answers.map(({ status, text }) => [status, text])).toEqual(Array(4).fill([404, '']));
  });

  it('defaults to the function name as route and to GET and POST', async () => {
    const host = await hostOf(`app.http('hello', { handler: (r) => ({ body: r.method }) })`);
    expect((await send(host, '/hello')).text).toBe('GET');
    expect((await send(host, '/hello', { method: 'POST' })).text).toBe('POST');
    expect((await send(host, '/hello', { method: 'PUT' })).status).toBe(404);
  });

  it('matches literals in any letter case and allows one trailing slash', async () => {
    const host = await hostOf(paramsOf('api/Auth/session'));
    expect(await echo(host, '/API/auth/SESSION/')).toMatchObject({ params: {} });
    expect(await echo(host, '/api/auth/session//')).toBe(404);
  });

  it('fills a parameter from one segment, an optional one from none', async () => {
    const host = await hostOf(paramsOf('api/{kind}/{id?}'));
    expect((await echo(host, '/api/users/42')).params).toEqual({ kind: 'users', id: '42' });
    expect((await echo(host, '/api/users')).params).toEqual({ kind: 'users' });
    expect(await echo(host, '/api')).toBe(404);
    expect(await echo(host, '/api/users/42/more')).toBe(404);
  });

  it('gives a catch-all the rest of the path, with empty segments and trailing slash', async () => {
    const host = await hostOf(paramsOf('api/{*path}'));
    expect((await echo(host, '/api/a//b/')).params).toEqual({ path: 'a//b/' });
    expect((await echo(host, '/api')).params).toEqual({});
  });

  it('reads routePrefix from host.json: here it is empty', async () => {
    const host = await hostOf(`app.get('hello', () => ({ body: 'hi' }))`);
    expect((await send(host, '/api/hello')).status).toBe(404);
    expect((await send(host, '/hello')).status).toBe(200);
  });

  describe('refuses', () => {
    it.each(['admin', 'admin/users', 'Administrators', 'runtime/x'])(
      'to load the route %s',
      async (route) => {
        const bundle = await bundleFixture(paramsOf(route, 'page'));
        await expect(startFunctionsHost({ bundle })).rejects.toThrow(
          /"page" cannot be loaded.*conflicts with one or more built in routes/,
        );
      },
    );

    it('unknown route syntax', async () => {
      const bundle = await bundleFixture(paramsOf('api/{id:int}'));
      await expect(startFunctionsHost({ bundle })).rejects.toThrow('{id:int}');
    });
  });
});

describe('paths in the Functions host', () => {
  it('decodes parameters once, except %2F', async () => {
    const host = await hostOf(paramsOf('api/{*path}'));
    expect((await echo(host, '/api/a%20b%3Fd%23e%25f')).params.path).toBe('a b?d#e%f');
    expect((await echo(host, '/api/a%2Fb%2fc')).params.path).toBe('a%2Fb%2fc');
    expect((await echo(host, '/api/%C3%A9%2520')).params.path).toBe('é%20');
  });

  it('leaves invalid UTF-8 encoded', async () => {
    const host = await hostOf(paramsOf('api/{*path}'));
    expect((await echo(host, '/api/%c3%28%ff%c0%af')).params.path).toBe('%c3(%ff%c0%af');
  });

  it('builds request.url from the decoded path and keeps remaining %XX triplets', async () => {
    const host = await hostOf(paramsOf('api/{*path}'));
    const { url } = await echo(host, '/api/a%20b%3Fd%23e/%41%2541?x=%41');
    expect(url).toBe(`http://127.0.0.1:${host.port}/api/a%20b%3Fd%23e/A%41?x=%41`);
  });

  it('removes plain and once encoded dot segments before routing', async () => {
    const host = await hostOf(paramsOf('api/{*path}'));
    expect((await echo(host, '/api/a/../b/%2e%2e/./c')).params.path).toBe('c');
    expect(await echo(host, '/api/../../x')).toBe(404);
  });

  it('has different twice encoded dot segments in params and request.url', async () => {
    const host = await hostOf(paramsOf('api/graph/{*path}'));
    const { params, url } = await echo(host, '/api/graph/v1.0/me/%252e%252e/beta');
    expect(params.path).toBe('v1.0/me/%2e%2e/beta');
    expect(new URL(url).pathname).toBe('/api/graph/v1.0/beta');
  });

  it.each([
    [0, 'a%2e%2fb'],
    [1, 'a.%2fb'],
    [2, 'a./b'],
  ] as const)('decodes %i times more behind front ends', async (extraDecodes, path) => {
    const host = await hostOf(paramsOf('api/{*path}'), { extraDecodes });
    expect((await echo(host, '/api/a%252e%252fb')).params.path).toBe(path);
  });

  it('keeps characters encoded that a front end could not forward', async () => {
    const host = await hostOf(paramsOf('api/{*path}'), { extraDecodes: 1 });
    expect((await echo(host, '/api/a%3Fb%23c%20d')).params.path).toBe('a?b#c d');
  });

  it('takes scheme and host of request.url from the Host header of the client', async () => {
    const host = await hostOf(paramsOf('api/x'));
    const answer = await send(host, '/api/x?q=1', { headers: { host: 'evil.example' } });
    expect(JSON.parse(answer.text).url).toBe('http://evil.example/api/x?q=1');
  });

  it('accepts the absolute form of a target', async () => {
    const host = await hostOf(paramsOf('api/x'));
    const authority = `127.0.0.1:${host.port}`;
    expect(await echo(host, `http://${authority}/api/x?y=1`)).toMatchObject({
      url: `http://${authority}/api/x?y=1`,
    });
  });

  describe('refuses', () => {
    it.each(['/api/a#b', '/api/a?b#c', '/api/#'])('a hash sign: %s', async (target) => {
      const host = await hostOf(paramsOf('api/{*path}'));
      expect(await echo(host, target)).toBe(400);
    });

    it('an encoded null character', async () => {
      const host = await hostOf(paramsOf('api/{*path}'));
      expect(await echo(host, '/api/a%00b')).toBe(400);
    });
  });
});
