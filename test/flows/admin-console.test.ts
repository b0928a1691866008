import { demoClient, demoDirectory, demoUsers, objectIdIn } from '@entra-bff/directory';
import { defaultGraphSwitches } from '@entra-bff/graph-emulator';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isWholeRun } from '../support/scale.ts';
import { removeRows } from '../support/table-rows.ts';
import type { UserAgent, WireAnswer } from '../support/user-agent.ts';
import { answerEntra, grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

const { alice: aliceFacts, ben: benFacts, fay, gus } = demoUsers;
const permissions = [
  'User.ReadBasic.All',
  'User.RevokeSessions.All',
  'DelegatedPermissionGrant.ReadWrite.All',
];
const edge =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0';

let world: World;
let worker: Worker;
let other: Worker;
let alice: UserAgent;

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker();
  other = await world.startWorker({ environment: { SESSION_CACHE_SECONDS: '1' } });
});

afterAll(() => world.close());

beforeEach(async () => {
  await removeRows(world);
  for (const { id } of demoDirectory.users) world.entra.consents.revoke(id);
  grantSignIn(world, 'Alice Adams', permissions);
  grantSignIn(world, 'Ben Brown', ['Mail.Read']);
  alice = await signedIn('alice');
});

afterEach(() => {
  worker.table.recover();
  Object.assign(world.graph.switches, defaultGraphSwitches());
  world.graph.respondWith(undefined);
});

async function signedIn(user: string, userAgent?: string): Promise<UserAgent> {
  const browser = worker.browser();
  browser.userAgent = userAgent;
  await signIn(browser, { user });
  return browser;
}

const route = (user: string, rest: string) => `/api/admin/users/${user}/${rest}`;
const ofBen = (rest: string) => route(benFacts.id, rest);
const bodyOf = ({ body }: WireAnswer): Record<string, unknown> => JSON.parse(body);
const read = async (browser: UserAgent, path: string) => bodyOf(await browser.script('GET', path));
const listOf = async (path: string, name: string, browser = alice): Promise<Record<string, unknown>[]> => {
  const list = (await read(browser, path))[name];
  if (!Array.isArray(list)) throw new Error(`no list of ${name} at ${path}`);
  return list;
};
const isSignedIn = async (browser: UserAgent, on = worker) =>
  (await browser.clone(on.origin).scriptJson('/api/auth/session'))['signed_in'];
const find = (text: string, browser = alice) =>
  browser.script('GET', `/api/admin/users?q=${encodeURIComponent(text)}`);
const events = (event: string) =>
  [...worker.logLines, ...other.logLines]
    .filter((line) => line.includes(`"${event}"`))
    .map((line): Record<string, unknown> => JSON.parse(line.slice(line.indexOf('{'))));

/** Every route that changes something. */
const changes: readonly (readonly [method: string, path: string])[] = [
  ['DELETE', ofBen('sessions')],
  ['DELETE', ofBen(`sessions/${'A'.repeat(43)}`)],
  ['DELETE', ofBen('grants/any')],
  ['POST', ofBen('sign-out')],
];
const reads: readonly (readonly [method: string, path: string])[] = [
  ['GET', '/api/admin/users?q=ben'],
  ['GET', ofBen('sessions')],
  ['GET', ofBen('grants')],
];

describe('the user search', () => {
  const ben = { id: benFacts.id, name: 'Ben Brown', username: 'ben@contoso.example' };

  it.each(['ben@contoso.example', 'BEN@contoso.example', benFacts.id, benFacts.id.toUpperCase(), ' Ben B'])(
    'finds a user by email address, object ID or the beginning of a name: %j',
    async (text) => {
      expect(bodyOf(await find(text))).toEqual({ users: [ben] });
    },
  );

  it('finds guests by their object ID in this tenant', async () => {
    const users = await listOf('/api/admin/users?q=Gus', 'users');
    expect(users.map(({ id }) => id)).toEqual([objectIdIn(gus, demoClient.tenantId)]);
  });

  it.each(["' or displayName ne '", 'a#b', '%', '+', 'ben) or (id eq x', '<b>'])(
    'finds no users for a text that looks like a query: %j',
    async (text) => {
      const answer = await find(text);
      expect([answer.status, bodyOf(answer)]).toEqual([200, { users: [] }]);
    },
  );

  it.each(['', '   ', 'x'.repeat(255), 'a\nb', 'a\u0000b', 'a\u2028b', "O'Brien&$top=999", 'a%27b'])(
    'refuses %j',
    async (text) => {
      const before = world.graph.count();
      const answer = await find(text);
      expect([answer.status, bodyOf(answer)['code']]).toEqual([400, 'request_invalid']);
      expect(world.graph.count()).toBe(before);
    },
  );

  it('requests the permission when it is first used, and remembers a denial', async () => {
    world.entra.consents.revoke(aliceFacts.id);
    grantSignIn(world, 'Alice Adams');
    const browser = await signedIn('alice');
    const required = bodyOf(await find('ben', browser));
    expect(required).toMatchObject({
      code: 'interaction_required',
      reason: 'consent_required',
      feature: 'administration',
      scopes: ['User.ReadBasic.All'],
    });
    await signIn(browser, { user: 'alice', decision: 'decline', from: String(required['login_url']) });
    const declined = bodyOf(await find('ben', browser));
    expect(declined).toMatchObject({ code: 'consent_declined', feature: 'administration' });
    // Another permission is still requested.
    expect(await read(browser, ofBen('grants'))).toMatchObject({ code: 'interaction_required' });
    await signIn(browser, { user: 'alice', from: String(declined['login_url']) });
    expect(bodyOf(await find('ben', browser))).toEqual({ users: [ben] });
  });
});

describe('the sessions of a user', () => {
  it('are listed with device, times, the age of the roles and features with consent, and without tokens', async () => {
    await signedIn('ben', edge);
    const answer = await alice.script('GET', ofBen('sessions'));
    const [session, ...others] = await listOf(ofBen('sessions'), 'sessions');
    expect(others).toEqual([]);
    expect(Object.keys(session ?? {})).toEqual([
      'id',
      'current',
      'device',
      'signed_in_at',
      'last_used_at',
      'expires_at',
      'roles_as_of',
      'features',
    ]);
    expect(session).toMatchObject({ current: false, device: 'Edge on Windows' });
    expect(session?.['features']).toEqual(expect.arrayContaining(['profile', 'mail']));
    expect(answer.body).not.toMatch(/eyJ|refresh|ben@|Ben Brown/i);
  });

  it('mark the administrator’s current session, and ending it clears its cookie', async () => {
    const [own] = await listOf(route(aliceFacts.id, 'sessions'), 'sessions');
    expect(own?.['current']).toBe(true);
    const answer = await alice.script('DELETE', route(aliceFacts.id, `sessions/${own?.['id']}`));
    expect(answer.status).toBe(204);
    expect(answer.setCookies.filter((line) => /^session=;.*max-age=0/i.test(line))).toHaveLength(1);
    expect(await isSignedIn(alice)).toBe(false);
  });

  it('are ended one by one, and the others continue', async () => {
    const first = await signedIn('ben', edge);
    const second = await signedIn('ben');
    const [ofSecond] = (await listOf(ofBen('sessions'), 'sessions')).filter(({ device }) => device === null);
    const path = ofBen(`sessions/${ofSecond?.['id']}`);
    expect((await alice.script('DELETE', path)).status).toBe(204);
    expect(await Promise.all([isSignedIn(first), isSignedIn(second)])).toEqual([true, false]);
    expect((await alice.script('DELETE', path)).status).toBe(404);
  });

  it('end on every worker within SESSION_CACHE_SECONDS, even while they are in use', {
    tags: ['AD-2'],
  }, async () => {
    const ben = await signedIn('ben');
    const onOther = ben.clone(other.origin);
    const call = async (browser: UserAgent) => (await browser.script('GET', '/api/graph/v1.0/me')).status;
    expect([await call(ben), await call(onOther)]).toEqual([200, 200]);

    let endedAtMs = Number.POSITIVE_INFINITY;
    let lastSuccessAtMs = 0;
    const hammer = async (): Promise<void> => {
      for (;;) {
        const startedAtMs = performance.now();
        const status = await call(onOther);
        if (status !== 200) {
          expect(status).toBe(401);
          return;
        }
        lastSuccessAtMs = startedAtMs;
        if (startedAtMs - endedAtMs > 15_000) return;
      }
    };
    const hammering = Promise.all([hammer(), hammer()]);
    const answer = await alice.script('DELETE', ofBen('sessions'));
    endedAtMs = performance.now();
    expect(bodyOf(answer)).toEqual({ ended: 1 });
    // The worker that ended the sessions refuses them at once.
    expect(await call(ben)).toBe(401);
    await hammering;
    expect(lastSuccessAtMs - endedAtMs).toBeLessThan(1000);
    expect(await isSignedIn(alice)).toBe(true);
  });

  it('are audited when they are opened and ended, with pseudonyms of both users', {
    tags: ['AD-2'],
  }, async () => {
    await signedIn('ben');
    const count = events('admin-sessions-ended').length;
    await listOf(ofBen('sessions'), 'sessions');
    await alice.script('DELETE', ofBen('sessions'));
    const [ended] = events('admin-sessions-ended').slice(count);
    expect(ended).toMatchObject({ sessions: 1, target: expect.stringMatching(/^[\w-]{16}$/) });
    expect(ended?.['user']).toMatch(/^[\w-]{16}$/);
    expect(ended?.['user']).not.toBe(ended?.['target']);
    expect(events('admin-user-opened').at(-1)?.['target']).toBe(ended?.['target']);
    const log = [...worker.logLines, ...other.logLines].join('\n');
    expect(log).not.toMatch(/ben@contoso|alice@contoso|Ben Brown|be000000-8c4f|a11ce000-52d1/);
  });
});

describe('the audit record of an opened user', () => {
  const userPage = `/api/admin?user=${benFacts.id}`;
  const opened = async (open: () => Promise<WireAnswer>) => {
    const count = events('admin-user-opened').length;
    const page = await open();
    expect(page.body).toContain('Ben Brown');
    return events('admin-user-opened')
      .slice(count)
      .map(({ via = 'own page' }) => via);
  };
  /** The link to Ben on the administration page. */
  async function ownLink(browser = alice): Promise<string> {
    const page = await browser.navigate('/api/admin?user=ben');
    const [, href = ''] = /<a class="name" href="([^"]+)"/.exec(page.body) ?? [];
    expect(href).toContain(benFacts.id);
    return href.replaceAll('&amp;', '&');
  }

  it('states that a link led to the user if another site may have shown it, also after a bounce or a sign-in', {
    tags: ['AD-2'],
  }, async () => {
    const stranger = { from: 'https://evil.example' };
    expect(await opened(() => alice.navigate(userPage, stranger))).toEqual(['link']);
    expect(await opened(() => alice.navigate(`${userPage}&bounced=1`))).toEqual(['link']);
    const login = `/api/auth/login?return_to=${encodeURIComponent(userPage)}`;
    expect(await opened(() => alice.navigate(login, stranger))).toEqual(['link']);
    // A link on a sibling host sends the Strict cookies.
    const sibling = { headers: { accept: 'text/html', 'sec-fetch-site': 'same-site' } };
    expect(await opened(() => alice.request(userPage, sibling))).toEqual(['link']);
    expect(await opened(() => alice.navigate(userPage))).toEqual(['link']);
  });

  it('does not state a link if the page’s own link, search or script led to the user', {
    tags: ['AD-2'],
  }, async () => {
    const link = await ownLink();
    expect(await opened(() => alice.navigate(link))).toEqual(['own page']);
    const page = await alice.navigate('/api/admin');
    const [, proof = ''] = /<input type="hidden" name="from" value="([^"]+)">/.exec(page.body) ?? [];
    expect(await opened(() => alice.navigate(`${userPage}&from=${proof}`))).toEqual(['own page']);
    const again = { headers: { accept: 'text/html' } };
    expect(await opened(() => alice.script('GET', userPage, again))).toEqual(['own page']);
  });

  it('does not state a link if a failed section’s own link led to the user, directly or by a sign-in', {
    tags: ['AD-2'],
  }, async () => {
    const link = await ownLink();
    const hrefs = (page: WireAnswer) =>
      [...page.body.matchAll(/<a class="button small" href="([^"]+)"/g)].map(([, href = '']) =>
        href.replaceAll('&amp;', '&'),
      );
    worker.table.failing.add('list');
    const [again = ''] = hrefs(await alice.navigate(link));
    worker.table.recover();
    expect(again).toContain(benFacts.id);
    expect(await opened(() => alice.navigate(again))).toEqual(['own page']);

    world.entra.consents.withdraw(['DelegatedPermissionGrant.ReadWrite.All']);
    const unpermitted = await signedIn('alice');
    const [proceed = ''] = hrefs(await unpermitted.navigate(await ownLink(unpermitted)));
    expect(proceed).toContain('/api/auth/login?ticket=');
    const returned = () => signIn(unpermitted, { user: 'alice', from: proceed });
    expect(await opened(returned)).toEqual(['own page']);
  });

  it('states a link if the proof is forged, expired or of another session', {
    tags: ['AD-2'],
  }, async () => {
    const link = await ownLink();
    const elsewhere = await signedIn('alice');
    expect(await opened(() => elsewhere.navigate(link))).toEqual(['link']);
    const changed = link.replace(/from=(.)/, (_, first) => `from=${first === 'A' ? 'B' : 'A'}`);
    for (const wrong of [changed, `${userPage}&from=`, `${userPage}&from=console`])
      expect(await opened(() => alice.navigate(wrong))).toEqual(['link']);
  });
});

describe('signing a user out everywhere', () => {
  it('ends the sessions in this app, and Entra ID renews no tokens of the user', async () => {
    const ben = await signedIn('ben');
    const answer = await alice.script('POST', ofBen('sign-out'));
    expect([answer.status, bodyOf(answer)]).toEqual([200, { sign_ins_revoked: true, ended: 1 }]);
    expect(await isSignedIn(ben)).toBe(false);
    expect((await ben.navigate('/api/auth/login')).body).toContain('Pick an account');
    expect(events('admin-sign-ins-revoked').at(-1)?.['target']).toMatch(/^[\w-]{16}$/);
  });

  it('changes nothing without the permission, and works with it', async () => {
    world.entra.consents.withdraw(['User.RevokeSessions.All']);
    const browser = await signedIn('alice');
    const ben = await signedIn('ben');
    const required = bodyOf(await browser.script('POST', ofBen('sign-out')));
    expect(required).toMatchObject({ code: 'interaction_required', scopes: ['User.RevokeSessions.All'] });
    expect(await isSignedIn(ben)).toBe(true);
    await signIn(browser, { user: 'alice', from: String(required['login_url']) });
    expect(bodyOf(await browser.script('POST', ofBen('sign-out')))).toMatchObject({ ended: 1 });
  });

  it('reports that only the sign-ins were revoked if the table cannot be reached', {
    tags: ['LO-1'],
  }, async () => {
    await signedIn('ben');
    worker.table.failing.add('list');
    const answer = await alice.script('POST', ofBen('sign-out'));
    expect([answer.status, bodyOf(answer)]).toMatchObject([
      503,
      { code: 'storage_unavailable', sign_ins_revoked: true },
    ]);
  });
});

describe('a grant of a user to this app', () => {
  const grants = () => listOf(ofBen('grants'), 'grants');

  it('is listed per API, without grants of other users, apps and organizations', async () => {
    const [, shared] = demoDirectory.registrations;
    const { tenantId } = demoClient;
    world.entra.consents.grant({
      tenantId,
      clientId: shared?.clientId ?? '',
      userId: benFacts.id,
      scopes: ['Files.Read'],
    });
    grantSignIn(world, undefined, ['Calendars.Read']);
    const listed = await grants();
    expect(listed.map(({ scopes }) => scopes)).toEqual([
      ['openid', 'profile', 'offline_access', 'User.Read', 'Mail.Read'],
    ]);
    expect(Object.keys(listed[0] ?? {})).toEqual(['id', 'scopes']);
    world.entra.consents.withdraw(['openid', 'profile', 'offline_access', 'User.Read', 'Calendars.Read']);
  });

  it('is no longer listed when it is revoked, and the session continues', async () => {
    const ben = await signedIn('ben');
    const [grant] = await grants();
    expect((await alice.script('DELETE', ofBen(`grants/${grant?.['id']}`))).status).toBe(204);
    expect(await grants()).toEqual([]);
    expect(events('admin-grant-revoked').length).toBeGreaterThan(0);
    // As the page says, the session continues.
    expect(await isSignedIn(ben)).toBe(true);
  });

  it('is not found and stays if it belongs to another app or another user', {
    tags: ['AD-2'],
  }, async () => {
    const { tenantId } = demoClient;
    const [, shared] = demoDirectory.registrations;
    const clientId = shared?.clientId ?? '';
    world.entra.consents.grant({ tenantId, clientId, userId: benFacts.id, scopes: ['Files.Read'] });
    const before = world.entra.consents.list();
    const ofAlice = await listOf(route(aliceFacts.id, 'grants'), 'grants');
    // Graph itself lists grants of Ben to two apps.
    const [, token = ''] =
      world.graph.requests.at(-1)?.headers.find(([name]) => name.toLowerCase() === 'authorization') ?? [];
    const graphAnswer = await fetch(
      `${world.graph.origin}/v1.0/users/${benFacts.id}/oauth2PermissionGrants`,
      {
        headers: { authorization: token },
      },
    );
    const all: { id: string }[] = JSON.parse(await graphAnswer.text()).value;
    expect(all).toHaveLength(2);
    const own = (await grants()).map(({ id }) => id);
    const foreign = [...all.filter(({ id }) => !own.includes(id)), ...ofAlice].map(({ id }) => String(id));
    expect(foreign).toHaveLength(2);
    for (const id of [...foreign, 'x', '..%2f..%2fme', '%00', 'a%20b']) {
      const answer = await alice.script('DELETE', ofBen(`grants/${id}`));
      expect([404, 400], `${id}: ${answer.status}`).toContain(answer.status);
    }
    expect(world.entra.consents.list()).toEqual(before);
  });
});

describe('the page', () => {
  const open = (query = '') =>
    alice.navigate(`/api/admin${query}`).then(({ status, body, headers }) => ({ status, body, headers }));

  it('runs one script, by a nonce, which can call only this origin', async () => {
    const { headers, body } = await open(`?user=${benFacts.id}`);
    const nonce = /<script nonce="([^"]+)">/.exec(body)?.[1];
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; img-src data:; script-src 'nonce-[^']+'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'$/,
    );
    expect(headers['content-security-policy']).toContain(`'nonce-${nonce}'`);
    expect((await open()).body).not.toContain(String(nonce));
    expect(body.match(/<script/g)).toHaveLength(1);
  });

  it('escapes the text of the search', async () => {
    const { body } = await open(`?user=${encodeURIComponent('"><img src=x onerror=alert(1)>')}`);
    expect(body).toContain('No users found');
    expect(body).not.toContain('<img');
  });

  it('shows the first twenty sessions at once, and the others on demand', async () => {
    for (let at = 0; at < 22; at++) await signedIn('ben');
    const { body } = await open(`?user=${benFacts.id}`);
    const [shown = '', rest = ''] = body.split('<details>');
    expect(shown.match(/Last used/g)).toHaveLength(20);
    expect(rest.match(/Last used/g)).toHaveLength(2);
    expect(rest).toContain('2 more');
  });

  it('offers no change for an account that Graph does not know and that has no session', async () => {
    const { body } = await open('?user=00000000-0000-4000-8000-000000000000');
    expect(body).toContain('has no user with this ID');
    expect(body).toContain('No sessions');
    expect(body).not.toContain('data-method="');
  });

  it('offers to end sessions but not to sign out of Microsoft if Graph does not say who the user is', async () => {
    await signedIn('ben');
    world.graph.switches.unavailable = true;
    const { body } = await open(`?user=${benFacts.id}`);
    expect(body).toContain('Name not available');
    expect(body).toContain('End this session');
    expect(body).not.toContain('Sign out of Microsoft too');
  });

  it('names the session that each button ends, even if browsers and times are the same', async () => {
    for (let at = 0; at < 3; at++) await signedIn('ben', edge);
    const { body } = await open(`?user=${benFacts.id}`);
    const names = [...body.matchAll(/aria-label="(End this session[^"]*)"/g)].map(([, name]) => name);
    expect(new Set(names).size).toBe(3);
    expect(names[0]).toMatch(/^End this session: 1 of 3, Edge on Windows, last used just now$/);
  });

  it('offers to sign out instead of ending the session of this browser, and to end the others', async () => {
    await signedIn('alice', edge);
    const { body } = await open(`?user=${aliceFacts.id}`);
    const [own, ...others] = [...body.matchAll(/<li><p class="name">.*?<\/li>/gs)]
      .map(([row]) => row)
      .sort((row) => (row.includes('this browser') ? -1 : 1));
    expect(own).toContain('<a class="button small" href="/api/auth/logout">Sign out</a>');
    expect(own).not.toContain('data-method');
    expect(others).toHaveLength(1);
    expect(others[0]).toContain('>End this session</button>');
  });

  it('names features as the policy does, not as the user knows them', async () => {
    await signedIn('ben');
    const { body } = await open(`?user=${benFacts.id}`);
    expect(body).toContain('<li><code>mail</code></li>');
    expect(body).not.toContain('Your messages');
  });

  it('shows a time relative to now, and the exact time as its tooltip', async () => {
    await signedIn('ben');
    const { body } = await open(`?user=${benFacts.id}`);
    expect(body).toMatch(
      /<dd><time datetime="[\d-]+T[\d:.]+Z" title="[\d-]+ [\d:]+ UTC">just now<\/time><\/dd>/,
    );
  });

  it('says what the administrator can allow, instead of an error', async () => {
    world.entra.consents.revoke(aliceFacts.id);
    grantSignIn(world, 'Alice Adams');
    alice = await signedIn('alice');
    for (const query of ['?user=ben', `?user=${benFacts.id}`]) {
      const { body } = await open(query);
      expect(body).toContain('<b>Allow this app to look up users.</b>');
      expect(body).not.toContain('<code>interaction_required</code>');
      expect(body).not.toContain('<b>Action required');
    }
  });

  it('has a search field in a search landmark, and folds the claims', async () => {
    const { body } = await open();
    expect(body).toContain('<form role="search"');
    expect(body).toMatch(/<label for="user">.*<input type="search" id="user"/s);
    expect(body).toContain('<details>\n<summary><h2 id="claims">');
  });

  it('shows the other sections if one fails', async () => {
    worker.table.failing.add('list');
    world.graph.switches.directoryRolesMissing = true;
    const { status, body } = await open(`?user=${benFacts.id}`);
    expect(status).toBe(200);
    for (const text of ['Ben Brown', 'storage_unavailable', 'directory_role_required']) {
      expect(body).toContain(text);
    }
  });

  it('refuses a query with two users', async () => {
    expect((await open('?user=a&user=b')).status).toBe(400);
  });
});

describe('refuses', () => {
  it.each([...changes, ...reads])(
    'a user without the role, and a browser without a session: %s %s',
    { tags: ['RG-1'] },
    async (method, path) => {
      const before = world.graph.count();
      const ben = await signedIn('ben');
      const refused = await ben.script(method, path);
      expect([refused.status, bodyOf(refused)['code']]).toEqual([403, 'claim_required']);
      expect((await worker.browser().script(method, path)).status).toBe(401);
      expect(world.graph.count()).toBe(before);
      expect(await isSignedIn(ben)).toBe(true);
    },
  );

  it.each(isWholeRun ? [...changes, ...reads] : [...changes.slice(0, 1), ...reads.slice(0, 1)])(
    'an identity that only headers state: %s %s',
    { tags: ['RG-2'] },
    async (method, path) => {
      const principal = Buffer.from(JSON.stringify({ userRoles: ['Admin'] })).toString('base64');
      const headers = { 'x-ms-client-principal': principal, 'x-ms-client-principal-id': aliceFacts.id };
      const ben = await signedIn('ben');
      expect((await ben.script(method, path, { headers })).status).toBe(403);
      expect((await worker.browser().script(method, path, { headers })).status).toBe(401);
    },
  );

  it.each(isWholeRun ? [...changes, ...reads] : [...changes, ...reads.slice(0, 1)])(
    'a cross-site request: %s %s',
    { tags: ['CS-1', 'CS-2'] },
    async (method, path) => {
      const ben = await signedIn('ben');
      for (const headers of [
        { 'x-csrf': '' },
        { 'x-csrf': '1', origin: 'https://evil.example' },
        { 'x-csrf': '1', origin: 'null' },
        { 'x-csrf': '1', 'sec-fetch-site': 'same-site' },
      ]) {
        const answer = await alice.script(method, path, { headers });
        expect([answer.status, bodyOf(answer)['code']]).toEqual([403, 'cross_site_request']);
      }
      expect(await isSignedIn(ben)).toBe(true);
    },
  );

  it.each(changes)(
    'an administrator whose sign-in is too old, until the next sign-in: %s %s',
    { tags: ['AD-1'] },
    async (method, path) => {
      world.advance(901);
      const asked = await alice.script(method, path);
      expect([asked.status, bodyOf(asked)]).toMatchObject([
        401,
        { code: 'interaction_required', reason: 'recent_sign_in_required' },
      ]);
      expect((await alice.script('GET', ofBen('sessions'))).status).toBe(200);
      const entra = await alice.navigate(String(bodyOf(asked)['login_url']));
      expect(entra.url.searchParams.get('prompt')).toBe('login');
      await answerEntra(alice, entra, { user: 'alice' });
      expect([200, 204, 404]).toContain((await alice.script(method, path)).status);
    },
  );

  it.each([
    'me',
    'x',
    'ben@contoso.example',
    benFacts.id.toUpperCase(),
    `{${benFacts.id}}`,
    benFacts.id.replaceAll('-', ''),
    `${benFacts.id}%20`,
    `${benFacts.id}%2f..`,
    '%00',
    '__proto__',
  ])('a user that is not an object ID: %s', async (user) => {
    const ben = await signedIn('ben');
    const before = world.graph.count();
    for (const [method, rest] of [
      ['GET', 'sessions'],
      ['DELETE', 'sessions'],
      ['GET', 'grants'],
      ['POST', 'sign-out'],
      ['DELETE', `sessions/${'A'.repeat(43)}`],
      ['DELETE', 'grants/x'],
    ] as const) {
      const { status } = await alice.script(method, route(user, rest));
      expect([400, 404], `${method} ${rest}: ${status}`).toContain(status);
    }
    expect(world.graph.count()).toBe(before);
    expect(await isSignedIn(ben)).toBe(true);
  });

  it.each(['x', '', 'A'.repeat(43), 'A'.repeat(42), '%00', '..%2f', '__proto__'])(
    'an id that is no session of this user: %j',
    async (id) => {
      const ben = await signedIn('ben');
      const { status } = await alice.script('DELETE', ofBen(`sessions/${id}x`));
      expect([400, 404]).toContain(status);
      expect(await isSignedIn(ben)).toBe(true);
    },
  );

  it('to end a session through the path of another user', async () => {
    const [own] = await listOf(route(aliceFacts.id, 'sessions'), 'sessions');
    expect((await alice.script('DELETE', ofBen(`sessions/${own?.['id']}`))).status).toBe(404);
    expect(await isSignedIn(alice)).toBe(true);
  });

  it.each(changes.slice(0, 2))(
    'to end sessions while the table cannot be reached: %s %s',
    { tags: ['RG-5'] },
    async (method, path) => {
      worker.table.failing.add('list');
      worker.table.failing.add('read');
      worker.table.failing.add('insert');
      const answer = await alice.script(method, path);
      expect([answer.status, bodyOf(answer)['code']]).toEqual([503, 'storage_unavailable']);
    },
  );

  it('with the reason that Graph returns: a missing directory role, an unknown user, throttling', async () => {
    const signOut = (user: string) => alice.script('POST', route(user, 'sign-out'));
    world.graph.switches.directoryRolesMissing = true;
    for (const answer of [await signOut(benFacts.id), await alice.script('GET', ofBen('grants'))]) {
      expect([answer.status, bodyOf(answer)['code']]).toEqual([403, 'directory_role_required']);
    }
    Object.assign(world.graph.switches, defaultGraphSwitches());
    const unknownUser = await signOut('00000000-0000-4000-8000-000000000000');
    expect([unknownUser.status, bodyOf(unknownUser)['code']]).toEqual([404, 'not_found']);
    Object.assign(world.graph.switches, { throttledCalls: 1, retryAfterSeconds: 7 });
    const throttled = await signOut(benFacts.id);
    expect([throttled.status, bodyOf(throttled)['code'], throttled.headers['retry-after']]).toEqual([
      429,
      'rate_limited',
      '7',
    ]);
    world.pass(7);
    world.graph.switches.unavailable = true;
    const down = await signOut(benFacts.id);
    expect([down.status, bodyOf(down)['code']]).toEqual([502, 'upstream_answer_refused']);
  });
});

describe('guests', { tags: ['RG-6'] }, () => {
  const gusHere = objectIdIn(gus, demoClient.tenantId) ?? '';

  it('are found and ended by their object ID in the inviting tenant only', async () => {
    grantSignIn(world, 'Gus Guest');
    const guest = await signedIn('gus');
    expect(await listOf(route(gus.id, 'sessions'), 'sessions')).toEqual([]);
    expect(bodyOf(await alice.script('DELETE', route(gus.id, 'sessions')))).toEqual({ ended: 0 });
    expect(await isSignedIn(guest)).toBe(true);
    expect(bodyOf(await alice.script('DELETE', route(gusHere, 'sessions')))).toEqual({ ended: 1 });
    expect(await isSignedIn(guest)).toBe(false);
  });

  it('have the roles of the inviting tenant, and act in it', async () => {
    grantSignIn(world, 'Gus Guest');
    await signedIn('ben');
    const refused = await (await signedIn('gus')).script('GET', ofBen('sessions'));
    expect(refused.status).toBe(403);
    world.entra.roles.grant({ userId: gus.id, role: 'Admin' });
    const guest = await signedIn('gus');
    expect(await listOf(ofBen('sessions'), 'sessions', guest)).toHaveLength(1);
    world.entra.roles.remove({ userId: gus.id, role: 'Admin' });
  });
});

describe('an administrator who loses the role', () => {
  it('can end no sessions after ROLE_MAX_AGE_SECONDS, nor while Entra ID is down', {
    tags: ['RG-3'],
  }, async () => {
    const ben = await signedIn('ben');
    world.entra.switches.outage = 'json-503';
    world.advance(301);
    expect((await alice.script('DELETE', ofBen('sessions'))).status).toBe(503);
    world.entra.switches.outage = 'none';
    world.pass(6);
    world.entra.roles.remove({ userId: aliceFacts.id, role: 'Admin' });
    expect((await alice.script('DELETE', ofBen('sessions'))).status).toBe(403);
    world.entra.roles.grant({ userId: aliceFacts.id, role: 'Admin' });
    expect(await isSignedIn(ben)).toBe(true);
  });
});

describe('an administrator of one tenant', { tags: ['RG-6'] }, () => {
  let worldOfBoth: World;
  beforeAll(async () => {
    worldOfBoth = await startWorld();
  });
  afterAll(() => worldOfBoth.close());

  it('cannot reach sessions of another tenant by any object ID', async () => {
    const shared = demoDirectory.registrations.find(({ accounts }) => accounts === 'any-tenant');
    const { tenants } = demoDirectory;
    const both = await worldOfBoth.startWorker({
      environment: {
        ENTRA_TENANT_ID: 'organizations',
        ENTRA_ALLOWED_TENANTS: tenants.map(({ id }) => id).join(','),
        ENTRA_CLIENT_ID: shared?.clientId ?? '',
        ENTRA_CLIENT_SECRET: shared?.secrets[0] ?? '',
        SESSION_CACHE_SECONDS: '0',
      },
    });
    worldOfBoth.entra.roles.grant({ userId: fay.id, role: 'Admin' });
    const signInThere = async (user: string) => {
      const browser = both.browser();
      await signIn(browser, { user });
      expect(await browser.scriptJson('/api/auth/session')).toMatchObject({ signed_in: true });
      return browser;
    };
    const ben = await signInThere('ben');
    const administrator = await signInThere('fay');
    expect(await administrator.scriptJson('/api/auth/session')).toMatchObject({ can: { admin: true } });
    const path = ofBen('sessions');
    expect(await read(administrator, path)).toEqual({ sessions: [], complete: true });
    expect(bodyOf(await administrator.script('DELETE', path))).toEqual({ ended: 0 });
    expect(await read(ben, '/api/auth/session')).toMatchObject({ signed_in: true });
    // The administrator's own tenant is in reach.
    expect(await listOf(route(fay.id, 'sessions'), 'sessions', administrator)).toHaveLength(1);
  });
});

describe('the permissions of the console', () => {
  it('can be requested by a plain link only for an administrator', async () => {
    const ben = await signedIn('ben');
    const from = '/api/auth/login?feature=administration-grants';
    const asks = async (browser: UserAgent) => {
      const { status, headers } = await browser.request(from, { headers: { 'sec-fetch-mode': 'navigate' } });
      return [status, String(headers.location).includes('DelegatedPermissionGrant')];
    };
    expect(await asks(alice)).toEqual([303, true]);
    expect(await asks(ben)).toEqual([400, false]);
    expect(await asks(worker.browser())).toEqual([400, false]);
  });
});
