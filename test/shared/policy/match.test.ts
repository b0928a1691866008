import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readGraphPolicy } from '../../../src/shared/config/policies.ts';
import { BffError } from '../../../src/shared/errors.ts';
import { readAsService } from '../../support/odata-service.ts';
import { ask, fileOf, isAllowed, policyOf, refusalOf } from '../../support/policies.ts';
import { shapeOf } from '../../support/proxy-attacks.ts';

const shipped = readGraphPolicy(undefined);

/** Calls that the shipped policy allows, one for every kind of rule. */
const permitted = [
  ['GET', '/v1.0/me'],
  ['GET', '/v1.0/me/photo'],
  ['GET', '/v1.0/me/photo/$value'],
  ['HEAD', '/v1.0/me/photo/$value'],
  ['GET', '/v1.0/me/memberOf'],
  ['GET', '/v1.0/me/messages'],
  ['GET', '/v1.0/me/messages/AAMkAGI2-_Q='],
  ['POST', '/v1.0/me/sendMail'],
  ['DELETE', '/v1.0/me/events/AAMkAGI2-_Q='],
  ['GET', "/v1.0/me/drive/root/search(q='menu')"],
  ['GET', '/v1.0/users/ben@contoso.example/photo/$value'],
] as const;

describe('policy.match', () => {
  it.each(permitted)('allows %s %s', (method, path) => {
    expect(refusalOf(shipped, `${method} ${path}`)).toBeUndefined();
  });

  it('returns feature, least permission, alternatives and what to send, in the spelling of the rule', () => {
    expect(ask(shipped, 'GET /v1.0/Me/Messages?%24Top=%35')).toMatchObject({
      method: 'GET',
      path: '/v1.0/me/messages',
      query: '$top=%35',
      resource: ['v1.0', 'me', 'messages'],
      rule: {
        headers: [],
        preferences: [],
        maxPageSize: 100,
        fileLinks: false,
        feature: 'mail',
        scopes: ['Mail.Read'],
        alternatives: [['Mail.ReadWrite']],
        digest: expect.stringMatching(/^[\w-]{43}$/),
      },
    });
  });

  it('returns the guard of the rule or of its feature', () => {
    const guard = { roles: ['Admin', 'Owner'] };
    const rule = { methods: ['GET'], path: '/v1.0/me', scopes: ['User.Read'] };
    const ofFeature = policyOf({ features: { one: { title: 'One', guard, rules: [rule] } } });
    expect(ask(ofFeature, 'GET /v1.0/me')).toMatchObject({ rule: { guard } });
    const ofRule = policyOf(fileOf({ guard }, { path: '/v1.0/me/photo' }));
    expect(ask(ofRule, 'GET /v1.0/me')).toMatchObject({ rule: { guard } });
    expect(ask(ofRule, 'GET /v1.0/me/photo')).not.toHaveProperty('rule.guard');
  });

  it('lists only features with signIn for the sign-in', () => {
    expect(shipped.signInScopes).toEqual(['User.Read']);
  });
});

describe('a word in quotes and parentheses', () => {
  const policy = policyOf(
    fileOf(
      { path: '/v1.0/me/mailFolders/{id}/messages', methods: ['GET', 'DELETE'] },
      { path: '/v1.0/me/mailFolders/inbox/messages' },
      { path: '/v1.0/me/mailFolders/{id}/childFolders/{child}' },
      { path: '/v1.0/me/mailFolders/inbox/childFolders/{child}' },
      { path: '/v1.0/me/mailFolders/{id}/childFolders/archive' },
    ),
  );
  const pathOf = (call: string) => {
    const answer = ask(policy, call);
    return answer instanceof BffError ? answer.detail : `${answer.path} by ${answer.rule.template.text}`;
  };

  it('belongs to the rule that names it, in every order of the rules', { tags: ['PX-4'] }, () => {
    expect(pathOf("GET /v1.0/me/mailFolders('Inbox')/messages")).toBe(
      '/v1.0/me/mailFolders/inbox/messages by /v1.0/me/mailFolders/inbox/messages',
    );
    expect(pathOf("GET /v1.0/me/mailFolders('AAMk=')/messages")).toBe(
      "/v1.0/me/mailFolders('AAMk=')/messages by /v1.0/me/mailFolders/{id}/messages",
    );
    expect(pathOf("GET /v1.0/me/mailFolders('inbox')/childFolders('AQ1')")).toBe(
      "/v1.0/me/mailFolders/inbox/childFolders('AQ1') by /v1.0/me/mailFolders/inbox/childFolders/{child}",
    );
    expect(pathOf("GET /v1.0/me/mailFolders('drafts')/messages")).toBe('No rule names this path.');
  });

  it('allows no method that the rule for the word does not allow', { tags: ['PX-4'] }, () => {
    expect(pathOf("DELETE /v1.0/me/mailFolders('inbox')/messages")).toBe(
      'No rule allows this method on this path.',
    );
  });
});

describe('HEAD', () => {
  const policy = policyOf(
    fileOf(
      { methods: ['GET'], path: '/v1.0/me', query: { $select: true } },
      { methods: ['POST'], path: '/v1.0/me/messages' },
      { methods: ['HEAD'], path: '/v1.0/me/photo' },
      { methods: ['GET'], path: '/v1.0/me/calendar', scopes: ['Calendars.Read'] },
      { methods: ['HEAD'], path: '/v1.0/me/calendar', scopes: ['Calendars.ReadBasic'] },
    ),
  );

  it('is allowed where GET is, with the same query', () => {
    expect(ask(policy, 'HEAD /v1.0/me?$select=id')).toMatchObject({ method: 'HEAD', query: '$select=id' });
    expect(refusalOf(policy, 'HEAD /v1.0/me?$top=1')).toMatch(/^path_not_allowed/);
  });

  it('is not allowed where only a write is, and alone where a rule lists only it', () => {
    expect(refusalOf(policy, 'HEAD /v1.0/me/messages')).toMatch(/^path_not_allowed/);
    expect(refusalOf(policy, 'HEAD /v1.0/me/photo')).toBeUndefined();
    expect(refusalOf(policy, 'GET /v1.0/me/photo')).toMatch(/^path_not_allowed/);
  });

  it('goes by a rule of its own, if there is one', () => {
    expect(ask(policy, 'HEAD /v1.0/me/calendar')).toMatchObject({
      rule: { scopes: ['Calendars.ReadBasic'] },
    });
    expect(ask(policy, 'GET /v1.0/me/calendar')).toMatchObject({ rule: { scopes: ['Calendars.Read'] } });
  });
});

describe('the type of a body', () => {
  const policy = policyOf(
    fileOf(
      { methods: ['GET', 'POST', 'DELETE'], path: '/v1.0/me' },
      { methods: ['PUT'], path: '/v1.0/me/photo/$value', contentTypes: ['image/jpeg', 'text/*'] },
      { methods: ['PUT'], path: '/v1.0/me/any', contentTypes: ['*/*'] },
    ),
  );
  const refusal = (call: string, contentType?: string) => refusalOf(policy, call, { contentType });

  it.each([
    ['POST /v1.0/me', 'application/json'],
    ['POST /v1.0/me', 'Application/JSON; charset=utf-8'],
    ['POST /v1.0/me', 'application/json;odata.metadata=minimal'],
    ['PUT /v1.0/me/photo/$value', 'image/jpeg'],
    ['PUT /v1.0/me/photo/$value', 'text/plain;charset="utf-8"'],
    ['PUT /v1.0/me/any', 'application/x-anything'],
    // PnPjs sends it with every call.
    ['GET /v1.0/me', 'application/json'],
    ['DELETE /v1.0/me', 'text/html'],
  ])('is accepted for %s: %s', (call, contentType) => {
    expect(refusal(call, contentType)).toBeUndefined();
  });

  it('is not required without a body', () => {
    expect(refusal('POST /v1.0/me')).toBeUndefined();
  });

  it.each([
    ['POST /v1.0/me', 'text/plain'],
    ['POST /v1.0/me', ''],
    ['POST /v1.0/me', 'application/json, text/html'],
    ['POST /v1.0/me', 'application/json;'],
    ['POST /v1.0/me', ' application/json'],
    ['POST /v1.0/me', 'application/json\u0000'],
    ['PUT /v1.0/me/photo/$value', 'image/svg+xml'],
    ['PUT /v1.0/me/photo/$value', 'image/jpegx'],
    ['PUT /v1.0/me/photo/$value', 'textual/plain'],
    ['PUT /v1.0/me/any', 'x'],
    ['PUT /v1.0/me/any', '*/*'],
    ['PUT /v1.0/me/any', 'a/b, c/d'],
  ])('is refused for %s: %j', { tags: ['PX-10'] }, (call, contentType) => {
    expect(refusal(call, contentType)).toMatch(/^content_type_not_allowed: The body must be of type /);
  });
});

describe('refuses', () => {
  it.each(permitted)('%s %s in another version or spelling', { tags: ['PX-4'] }, (method, path) => {
    for (const variant of variantsOf(path).filter((one) => one !== path)) {
      expect(isAllowed(shipped, `${method} ${variant}`), variant).toBe(false);
    }
  });

  it.each(['TRACE', 'OPTIONS', 'CONNECT', 'MERGE', 'get', 'Get', 'GET ', ''])(
    'the method %j for every path',
    { tags: ['PX-4'] },
    (method) => {
      for (const [, path] of permitted)
        expect(ask(shipped, `GET ${path}`, { method })).toMatchObject({ status: 403 });
    },
  );

  it('a method that only rules of other paths allow', { tags: ['PX-4'] }, () => {
    for (const call of [
      'POST /v1.0/me',
      'GET /v1.0/me/sendMail',
      'PUT /v1.0/me/photo/$value',
      'DELETE /v1.0/me/events',
    ]) {
      expect(refusalOf(shipped, call)).toBe('path_not_allowed: No rule allows this method on this path.');
    }
  });

  it('every call if there is no rule', { tags: ['PX-4'] }, () => {
    for (const empty of [{ features: {} }, { features: { nothing: { title: 'Nothing', rules: [] } } }]) {
      for (const [method, path] of permitted)
        expect(isAllowed(policyOf(empty), `${method} ${path}`)).toBe(false);
    }
  });

  it.each([
    '/v1.0/$batch',
    '/v1.0/%24batch',
    '/v1.0/$metadata',
    '/v1.0/me/mailFolders/$count',
    '/v1.0/me/messages/$ref',
    '/v1.0/me/messages/%24value',
    "/v1.0/me/messages('x')/$ref",
    "/v1.0/me/messages('x')('y')",
    "/v1.0/me/messages/microsoft.graph.eventMessage('x')",
    '/v1.0/me/messages/microsoft.graph.eventMessage',
    '/v1.0/me/messages/delta',
    '/v1.0/me/messages/x/$value',
    "/v1.0/users('alice@contoso.example')/manager",
    '/v1.0/users/alice@contoso.example/messages',
    '/v1.0/me/drive/root:/x.txt:/invite',
    '/v1.0/me/microsoft.graph.user',
    '/v1.0/directoryRoles',
  ])('%s, because no rule matches', { tags: ['PX-4'] }, (path) => {
    for (const method of ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE']) {
      expect(isAllowed(shipped, `${method} ${path}`), method).toBe(false);
    }
  });

  it('an allowed path with a forbidden query, and the reverse', {
    tags: ['PX-4', 'PX-5'],
  }, () => {
    expect(refusalOf(shipped, 'GET /v1.0/me?$expand=manager')).toMatch(/^path_not_allowed/);
    expect(refusalOf(shipped, 'GET /v1.0/directoryRoles?/v1.0/me')).toMatch(/^path_not_allowed/);
    expect(refusalOf(shipped, 'GET /v1.0/me?access_token=x')).toMatch(/^request_invalid/);
    expect(refusalOf(shipped, 'GET /v1.0/../v1.0/me')).toMatch(/^request_invalid/);
  });
});

describe('a feature with the name of an Object property', () => {
  it('does not exist', { tags: ['SU-3'] }, () => {
    const policy = policyOf({ features: {} });
    for (const name of ['__proto__', 'constructor', 'toString']) expect(policy.feature(name)).toBeUndefined();
  });
});

function variantsOf(raw: string): string[] {
  const [, , ...rest] = raw.split('/');
  const last = rest.at(-1) ?? '';
  const before = raw.slice(0, -last.length);
  return [
    `/beta/${rest.join('/')}`,
    `/v1.0.0/${rest.join('/')}`,
    `/v1/${rest.join('/')}`,
    `/${rest.join('/')}`,
    `${raw}/`,
    `${raw}//`,
    `/${raw}`,
    raw.replace('/me', '//me'),
    `${raw};x=1`,
    `${raw}.json`.replace('Q=.json', 'Q=/.json'),
    `${raw}/.`,
    `${raw}/x/..`,
    `${raw}%20`,
    `${raw}%00`,
    `${raw}%2f`,
    `${raw}()`,
    `${raw}('x')/$ref`,
    `${raw}('x')('y')`,
    `${raw}/$value/$value`,
    `${raw}/$ref`,
    `${raw}#x`,
    `${before}%2e%2e/${last}`,
    `${before}./${last}`,
    ...(raw.includes('$') ? [raw.replace('$', '%2524')] : []),
  ];
}

const segment = fc.constantFrom(
  ...[
    'v1.0',
    'beta',
    'V1.0',
    'me',
    'ME',
    '%6de',
    'messages',
    'photo',
    '$value',
    '%24value',
    'memberOf',
    'users',
    '..',
    '.',
  ],
  ...['%2e%2e', '%252e', 'AAMk=', '%41', 'a;b', "('x')", '', 'a%2fb', 'a b', 'é', '$count', '~', '...'],
);

describe('every allowed path', () => {
  it('leads to what a rule names, for random paths', { tags: ['PX-4'] }, () => {
    const policy = policyOf(
      fileOf(
        { methods: ['GET', 'HEAD'] },
        { path: '/v1.0/me/photo/$value' },
        { path: '/v1.0/me/memberOf' },
        { path: '/v1.0/me/messages/{id}' },
      ),
    );
    const shapes = ['v1.0/me', 'v1.0/me/photo/$value', 'v1.0/me/memberOf', 'v1.0/me/messages/{key}'];
    fc.assert(
      fc.property(
        fc.array(segment, { maxLength: 6 }),
        fc.constantFrom('GET', 'HEAD', 'POST'),
        (segments, method) => {
          const call = ask(policy, `${method} /${segments.join('/')}`);
          if (call instanceof BffError) return;
          expect(shapes).toContain(shapeOf(readAsService(call.path, 1)?.steps));
          expect(method).not.toBe('POST');
        },
      ),
      { numRuns: 5000 },
    );
  });
});
