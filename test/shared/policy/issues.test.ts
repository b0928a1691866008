import { describe, expect, it } from 'vitest';
import { faultsOf, fileOf, policyOf } from '../../support/policies.ts';

/** The one fault of a file with this rule. */
const faultOf = (...rules: object[]) => faultsOf(fileOf(...rules)).join('\n');
const place = 'features.one.rules[0]';

describe('refuses a policy file, with the place and the cure,', () => {
  it.each<[string, unknown]>([
    ['an unknown word', { features: {}, allowAll: true }],
    ['a word for APIs of your own', { features: {}, repeatsRefusedWrites: true }],
    ['no object', null],
    ['a list', []],
    ['text', 'allow'],
    ['no features', {}],
    ['a feature in capitals', { features: { Mail: { title: 'Mail', rules: [] } } }],
    ['a feature without a title', { features: { mail: { rules: [] } } }],
  ])('with %s', { tags: ['PX-4'] }, (_what, document) => {
    expect(faultsOf(document).length).toBeGreaterThan(0);
  });

  it.each<[string, string]>([
    ['{"features":{},"__proto__":{}}', 'the file'],
    ['{"features":{"__proto__":{"title":"x","rules":[]}}}', 'features'],
    ['{"features":{"one":{"title":"One","rules":[],"__proto__":{"guard":1}}}}', 'features.one'],
    [
      '{"features":{"one":{"title":"One","rules":[{"methods":["GET"],"path":"/v1.0/me","scopes":["User.Read"],"query":{"__proto__":true}}]}}}',
      'features.one.rules[0].query',
    ],
    [
      '{"features":{"one":{"title":"One","rules":[{"methods":["GET"],"path":"/v1.0/me","scopes":["User.Read"],"query":{"$expand":{"navigations":{"__proto__":{}}}}}]}}}',
      'features.one.rules[0].query.$expand.navigations',
    ],
  ])('with a "__proto__": %s', { tags: ['PX-4'] }, (text, where) => {
    expect(faultsOf(JSON.parse(text))).toEqual([
      `${where}: has "__proto__", which means nothing here; take it out`,
    ]);
  });

  it.each<[string, object, string]>([
    [
      'a method of no kind',
      { methods: ['TRACE'] },
      `${place}.methods[0]: is no method that can pass; write one of GET`,
    ],
    ['a method in lower case', { methods: ['get'] }, `${place}.methods[0]: is no method that can pass`],
    ['no method', { methods: [] }, `${place}.methods: names no method; name one`],
    ['a method twice', { methods: ['GET', 'GET'] }, 'methods names GET twice; take one out'],
    ['a path without its slash', { path: 'v1.0/me' }, `${place}.path: is no path; begin with a slash`],
    ['a wildcard', { path: '/v1.0/*' }, 'has a wildcard; write a rule for each path, with {id} for each id'],
    ['an empty segment', { path: '/v1.0//me' }, 'has an empty segment; take the slash out'],
    ['a slash at the end', { path: '/v1.0/me/' }, 'has an empty segment; take the slash out'],
    ['a query in a path', { path: '/v1.0/me?x' }, 'has more than a path; list query options in "query"'],
    ['an encoded path', { path: '/v1.0/%6de' }, 'is encoded; write the letters as they are'],
    [
      'half a parameter',
      { path: '/v1.0/me/x{id}' },
      'is no path template; write literals, {id} for a whole segment',
    ],
    [
      'a parameter with a colon before it',
      { path: '/v1.0/me/:id' },
      'writes a parameter in another way; write {id}',
    ],
    ['a parameter in angles', { path: '/v1.0/me/<id>' }, 'writes a parameter in another way; write {id}'],
    [
      'a key in brackets',
      { path: "/v1.0/users('{id}')" },
      'has a key in brackets; write it as a segment, /{id}',
    ],
    [
      'a header that is ours',
      { headers: ['Authorization'] },
      `${place}.headers[0]: is no header that a rule`,
    ],
    [
      'a header of the platform',
      { headers: ['x-ms-token-aad-id-token'] },
      'is no header that a rule can let',
    ],
    ['a header of the way', { headers: ['X-Forwarded-Host'] }, 'is no header that a rule can let pass'],
    [
      'a header of another method',
      { headers: ['x-http-method-override'] },
      'is no header that a rule can let',
    ],
    ['a header that reads as another', { headers: ['x_forwarded_for'] }, 'is no header that a rule can let'],
    ['a header with its value', { headers: ['a: b'] }, 'is no header that a rule can let pass'],
    ['Prefer among headers', { headers: ['Prefer'] }, 'is no header that a rule can let pass'],
    ['a header twice', { headers: ['A-B', 'a-b'] }, `${place}.headers: names one twice; take one out`],
    [
      'a preference with its value',
      { prefer: ['wait=10'] },
      `${place}.prefer[0]: is no name of a preference`,
    ],
    ['a preference twice', { prefer: ['wait', 'Wait'] }, `${place}.prefer: names one twice; take one out`],
    ['a dot segment', { path: '/v1.0/../me' }, 'path has a dot segment; take it out'],
    [
      'a literal "id"',
      { path: '/v1.0/me/messages/id' },
      'path has the literal "id", which looks like a parameter; write {id}',
    ],
    [
      'a literal "message-id"',
      { path: '/v1.0/me/messages/message-id' },
      'looks like a parameter; write {message-id}',
    ],
    [
      'a literal "messageId"',
      { path: '/v1.0/me/messages/messageId' },
      'looks like a parameter; write {messageId}',
    ],
    [
      'no version',
      { path: '/me/messages' },
      'does not begin with a version of Microsoft Graph; write /v1.0/… or /beta/…',
    ],
    ['another version', { path: '/v2.0/me' }, 'does not begin with a version of Microsoft Graph'],
    [
      'no permission',
      { scopes: [] },
      `${place}.scopes: names no permission; name the least that the API accepts`,
    ],
    [
      'the resource default',
      { scopes: ['https://graph.microsoft.com/.default'] },
      `${place}.scopes[0]: is no permission; write the name of one delegated permission of Microsoft Graph`,
    ],
    ['an address before it', { scopes: ['https://graph.microsoft.com/Mail.Read'] }, 'no address before it'],
    ['two permissions in one text', { scopes: ['User.Read Mail.Read'] }, 'is no permission'],
    ['an OpenID scope', { scopes: ['offline_access'] }, 'is no permission'],
    ['a permission without its second word', { scopes: ['Mail'] }, 'is no permission'],
    ['a permission twice', { scopes: ['Mail.Read', 'Mail.Read'] }, 'names the permission mail.read twice'],
    [
      'an alternative that is none',
      { alternatives: [['User.Read']] },
      'alternatives has a list twice, or the one of scopes',
    ],
    ['an alternative of nothing', { alternatives: [[]] }, `${place}.alternatives[0]: names no permission`],
    [
      'an option that carries a token',
      { query: ['access_token'] },
      `${place}.query[0]: is no name of a query option`,
    ],
    ['an option twice', { query: ['$top', '$TOP'] }, 'query names top twice'],
    ['an option with and without its $', { query: { $top: { max: 5 }, top: true } }, 'query names top twice'],
    [
      'an option of OData without its $',
      { query: ['top'] },
      'query option top is how Graph also takes an option of OData, and would pass unbounded; write "$top"',
    ],
    ['an option of OData in capitals', { query: ['$Top'] }, 'write "$top"'],
    [
      'an option that OData does not have',
      { query: ['$limit'] },
      'query option $limit is no option of OData',
    ],
    [
      'a bound of no shape',
      { query: { $top: 50 } },
      `${place}.query.$top: is no bound of this option; write true or { "max": 50 }`,
    ],
    ['false as a bound', { query: { $count: false } }, `${place}.query.$count: is no bound of this option`],
    ['the bound of another option', { query: { $select: { max: 5 } } }, `${place}.query.$select`],
    ['a bound with an unknown word', { query: { $top: { max: 5, min: 1 } } }, 'min'],
    ['no field', { query: { $select: { fields: [] } } }, 'names no field; name one, or leave the option out'],
    ['every field', { query: { $select: { fields: ['*'] } } }, 'is no name of a field'],
    [
      'fields of $filter that a search goes around',
      { path: '/v1.0/users', query: { $filter: { fields: ['mail'] }, $search: { maxLength: 200 } } },
      'query option $search goes around the fields of $filter; bound it by "fields" as well, or take it out',
    ],
    [
      'fields of $select that a search goes around',
      { path: '/v1.0/contacts', query: { $select: { fields: ['mail'] }, $search: true } },
      'query option $search goes around the fields of $select; bound it by "fields" as well, or take it out',
    ],
    [
      'fields of $filter that a search of messages goes around',
      {
        path: '/v1.0/me/messages',
        query: { $filter: { fields: ['isRead'] }, $search: { maxLength: 200 } },
      },
      'query option $search goes around the fields of $filter; take one of them out',
    ],
    [
      'fields for the search of messages, which has words',
      { path: '/v1.0/me/messages', query: { $search: { fields: ['subject'] } } },
      'query option $search is bounded by fields, and a search finds words in any field here; write { "maxLength": 200 }',
    ],
    [
      'nested fields that a search goes around',
      {
        query: { $expand: { navigations: { members: { $select: { fields: ['id'] }, $search: true } } } },
      },
      '$expand, members: query option $search goes around the fields of $select',
    ],
    [
      'a nested option of no shape',
      { query: { $expand: { navigations: { manager: { $top: 'all' } } } } },
      `${place}.query.$expand.navigations.manager.$top: is no bound of this option`,
    ],
    [
      'a nested option that OData does not have',
      { query: { $expand: { navigations: { manager: { select: true } } } } },
      '$expand, manager: query option select is how Graph',
    ],
    [
      'text for query',
      { query: '$top' },
      `${place}.query: is neither a list of names nor an object of bounds`,
    ],
    [
      'a type of body that is none',
      { methods: ['POST'], contentTypes: ['json'] },
      `${place}.contentTypes[0]: is no media type`,
    ],
    [
      'a type of body with parameters',
      { methods: ['POST'], contentTypes: ['text/plain; charset=utf-8'] },
      'is no media type',
    ],
    [
      'types of a body that it cannot have',
      { contentTypes: ['image/jpeg'] },
      'contentTypes is for methods with a body',
    ],
    ['a guard of nobody', { guard: { roles: [] } }, `${place}.guard.roles: is empty`],
    ['a guard of no kind', { guard: { role: 'Admin' } }, `${place}.guard`],
  ])('with %s', { tags: ['PX-4', 'PX-5'] }, (_what, rule, fault) => {
    expect(faultOf(rule)).toContain(fault);
  });

  it('with a guard at a feature and at its rule: which of them counts is not to be guessed', () => {
    const rule = { methods: ['GET'], path: '/v1.0/me', scopes: ['User.Read'], guard: { roles: ['A'] } };
    const file = { features: { one: { title: 'One', guard: { roles: ['B'] }, rules: [rule] } } };
    expect(faultsOf(file)).toEqual([
      `${place}.guard: its feature has a guard as well; keep one of them, or make another feature`,
    ]);
  });

  it.each([
    [{ path: '/v1.0/me/messages/{id}' }, { path: '/v1.0/me/messages/{other}', scopes: ['Mail.Read'] }],
    [{ path: '/v1.0/users/{id}' }, { path: '/v1.0/users/A11CE-1', scopes: ['Mail.Read'] }],
    [{ path: '/v1.0/me' }, { path: '/v1.0/ME' }],
    [{}, {}],
    [{ methods: ['GET', 'POST'] }, { methods: ['POST', 'PATCH'], query: ['$select'] }],
  ])('with two rules that the same call fits: %j and %j', { tags: ['PX-4'] }, (first, second) => {
    expect(faultOf(first, second)).toMatch(
      /^features\.one\.rules\[1\] \(.+\): .+ of the same path is allowed by features\.one\.rules\[0\] \(.+\) already; take one of them out/,
    );
  });

  it('with two rules that the same call fits, in two features', () => {
    const rule = { methods: ['GET'], path: '/v1.0/me', scopes: ['User.Read'] };
    const file = { features: { a: { title: 'A', rules: [rule] }, b: { title: 'B', rules: [rule] } } };
    expect(faultsOf(file)).toHaveLength(1);
  });

  it('naming every fault at once', () => {
    expect(faultsOf(fileOf({ methods: [] }, { path: 'x' }, { scopes: [] }))).toHaveLength(3);
  });
});

describe('takes a policy file', () => {
  it('as it was written for the version before: names of options, one list of permissions', () => {
    const { rules } = policyOf(fileOf({ query: ['$select', '$top'] }));
    expect(rules).toMatchObject([
      { query: { $select: true, $top: true }, alternatives: [], contentTypes: [], place, feature: 'one' },
    ]);
  });

  it('with the same path for other methods', () => {
    expect(faultOf({ methods: ['GET'] }, { methods: ['PATCH'], scopes: ['User.ReadWrite'] })).toBe('');
  });

  it('with a search of words in messages whose $select is bounded', () => {
    const query = { $select: { fields: ['subject'] }, $filter: true, $search: { maxLength: 200 } };
    expect(faultOf({ path: '/v1.0/me/mailFolders/{id}/messages', query })).toBe('');
  });

  it('with a fixed id and with words that only end like one', () => {
    expect(faultOf({ path: '/v1.0/groups/0d9a7f34-6a1b-4c52-8a77-21c3f0b6e101' })).toBe('');
    expect(faultOf({ path: '/v1.0/directoryObjects/getByIds', methods: ['POST'] })).toBe('');
  });
});
