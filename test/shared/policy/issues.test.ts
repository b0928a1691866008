import { describe, expect, it } from 'vitest';
import { fileOf, issuesOf, policyOf } from '../../support/policies.ts';

/** Returns the issues of a file with these rules. */
const issueOf = (...rules: object[]) => issuesOf(fileOf(...rules)).join('\n');
const pointer = 'features.one.rules[0]';

describe('refuses a policy file, with the position and a hint,', () => {
  it.each<[string, unknown]>([
    ['an unknown word', { features: {}, allowAll: true }],
    ['a member for other APIs only', { features: {}, repeatsRefusedWrites: true }],
    ['null', null],
    ['a list', []],
    ['text', 'allow'],
    ['no features', {}],
    ['a feature in capitals', { features: { Mail: { title: 'Mail', rules: [] } } }],
    ['a feature without a title', { features: { mail: { rules: [] } } }],
  ])('with %s', { tags: ['PX-4'] }, (_what, document) => {
    expect(issuesOf(document).length).toBeGreaterThan(0);
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
  ])('with a "__proto__": %s', { tags: ['PX-4', 'SU-3'] }, (text, where) => {
    expect(issuesOf(JSON.parse(text))).toEqual([`${where}: "__proto__" is not allowed; remove it`]);
  });

  it.each<[string, object, string]>([
    [
      'an unknown method',
      { methods: ['TRACE'] },
      `${pointer}.methods[0]: is not a supported method; write one of GET`,
    ],
    ['a method in lower case', { methods: ['get'] }, `${pointer}.methods[0]: is not a supported method`],
    ['no method', { methods: [] }, `${pointer}.methods: is empty; name a method`],
    ['a method twice', { methods: ['GET', 'GET'] }, 'methods has GET twice; remove one'],
    ['a path without its slash', { path: 'v1.0/me' }, `${pointer}.path: must begin with a slash`],
    ['a wildcard', { path: '/v1.0/*' }, 'has a wildcard; write a rule for each path, with {id} for each id'],
    ['an empty segment', { path: '/v1.0//me' }, 'has an empty segment; remove the slash'],
    ['a slash at the end', { path: '/v1.0/me/' }, 'has an empty segment; remove the slash'],
    ['a query in a path', { path: '/v1.0/me?x' }, 'must not have a query; list the options in "query"'],
    ['an encoded path', { path: '/v1.0/%6de' }, 'is encoded; write the characters themselves'],
    [
      'half a parameter',
      { path: '/v1.0/me/x{id}' },
      'is not a path template; write literals, {id} for a whole segment',
    ],
    [
      'a parameter with a colon before it',
      { path: '/v1.0/me/:id' },
      'has a parameter in another notation; write {id}',
    ],
    [
      'a parameter in angle brackets',
      { path: '/v1.0/me/<id>' },
      'has a parameter in another notation; write {id}',
    ],
    [
      'a key in parentheses',
      { path: "/v1.0/users('{id}')" },
      'has a key in parentheses; write it as a segment, /{id}',
    ],
    [
      'a header that is ours',
      { headers: ['Authorization'] },
      `${pointer}.headers[0]: is not a header that a rule`,
    ],
    [
      'a header of the platform',
      { headers: ['x-ms-token-aad-id-token'] },
      'is not a header that a rule can allow',
    ],
    ['a forwarding header', { headers: ['X-Forwarded-Host'] }, 'is not a header that a rule can allow'],
    [
      'a header of another method',
      { headers: ['x-http-method-override'] },
      'is not a header that a rule can allow',
    ],
    [
      'a header that reads as another',
      { headers: ['x_forwarded_for'] },
      'is not a header that a rule can allow',
    ],
    ['a header with its value', { headers: ['a: b'] }, 'is not a header that a rule can allow'],
    ['Prefer among headers', { headers: ['Prefer'] }, 'is not a header that a rule can allow'],
    ['a header twice', { headers: ['A-B', 'a-b'] }, `${pointer}.headers: has a name twice; remove one`],
    [
      'a preference with its value',
      { prefer: ['wait=10'] },
      `${pointer}.prefer[0]: is not a name of a preference`,
    ],
    ['a preference twice', { prefer: ['wait', 'Wait'] }, `${pointer}.prefer: has a name twice; remove one`],
    [
      'plain HTML that writes',
      { methods: ['PUT', 'HEAD'], embed: true },
      'embed is for GET only, and this rule does not have it; remove it',
    ],
    ['a dot segment', { path: '/v1.0/../me' }, 'path has a dot segment; remove it'],
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
      'no version',
      { path: '/me/messages' },
      'does not begin with a version of Microsoft Graph; write /v1.0/… or /beta/…',
    ],
    ['another version', { path: '/v2.0/me' }, 'does not begin with a version of Microsoft Graph'],
    [
      'no permission',
      { scopes: [] },
      `${pointer}.scopes: is empty; name the least permission that the API accepts`,
    ],
    [
      'the resource default',
      { scopes: ['https://graph.microsoft.com/.default'] },
      `${pointer}.scopes[0]: is not a permission; write the name of one delegated permission of Microsoft Graph`,
    ],
    [
      'an address before it',
      { scopes: ['https://graph.microsoft.com/Mail.Read'] },
      'without a URI before it',
    ],
    ['two permissions in one text', { scopes: ['User.Read Mail.Read'] }, 'is not a permission'],
    ['an OpenID scope', { scopes: ['offline_access'] }, 'is not a permission'],
    ['a permission without its second word', { scopes: ['Mail'] }, 'is not a permission'],
    ['a permission twice', { scopes: ['Mail.Read', 'Mail.Read'] }, 'has the permission mail.read twice'],
    [
      'an alternative that is none',
      { alternatives: [['User.Read']] },
      'alternatives has the same list twice, or a list equal to',
    ],
    [
      'an alternative of nothing',
      { alternatives: [[]] },
      `${pointer}.alternatives[0]: is empty; name the least permission`,
    ],
    [
      'an option that carries a token',
      { query: { access_token: true } },
      `${pointer}.query: has an invalid name of an option`,
    ],
    ['an option twice', { query: { $top: true, $TOP: true } }, 'query has top twice'],
    ['an option with and without its $', { query: { $top: { max: 5 }, top: true } }, 'query has top twice'],
    [
      'an option of OData without its $',
      { query: { top: true } },
      'query option top is another spelling of an OData option, which would pass without its bound; write "$top"',
    ],
    [
      'a parameter of files elsewhere',
      { query: { format: { oneOf: ['pdf'] } } },
      'query option format is another spelling of an OData option',
    ],
    [
      'a parameter of the list of sites elsewhere',
      { path: '/v1.0/users', query: { search: { maxLength: 20 } } },
      'query option search is another spelling of an OData option',
    ],
    ['an option of OData in capitals', { query: { $Top: true } }, 'write "$top"'],
    [
      'an option that OData does not have',
      { query: { $limit: true } },
      'query option $limit is not an option of OData',
    ],
    [
      'a bound of no shape',
      { query: { $top: 50 } },
      `${pointer}.query.$top: is not a bound of this option; write true or { "max": 50 }`,
    ],
    [
      'false as a bound',
      { query: { $count: false } },
      `${pointer}.query.$count: is not a bound of this option`,
    ],
    ['the bound of another option', { query: { $select: { max: 5 } } }, `${pointer}.query.$select`],
    ['a bound with an unknown word', { query: { $top: { max: 5, min: 1 } } }, 'min'],
    ['no field', { query: { $select: { fields: [] } } }, 'is empty; name a field, or omit the option'],
    ['every field', { query: { $select: { fields: ['*'] } } }, 'is not a field name'],
    [
      'fields of $filter that a search goes around',
      { path: '/v1.0/users', query: { $filter: { fields: ['mail'] }, $search: { maxLength: 200 } } },
      'query option $search evades the fields of $filter; bound it by "fields" too, or remove it',
    ],
    [
      'fields of $select that a search goes around',
      { path: '/v1.0/contacts', query: { $select: { fields: ['mail'] }, $search: true } },
      'query option $search evades the fields of $select; bound it by "fields" too, or remove it',
    ],
    [
      'fields of $filter that a search of messages goes around',
      {
        path: '/v1.0/me/messages',
        query: { $filter: { fields: ['isRead'] }, $search: { maxLength: 200 } },
      },
      'query option $search evades the fields of $filter; remove one of them',
    ],
    [
      'fields for the search of messages, which has words',
      { path: '/v1.0/me/messages', query: { $search: { fields: ['subject'] } } },
      'query option $search is bounded by fields, but a search here finds words in any field; write { "maxLength": 200 }',
    ],
    [
      'nested fields that a search goes around',
      {
        query: { $expand: { navigations: { members: { $select: { fields: ['id'] }, $search: true } } } },
      },
      '$expand, members: query option $search evades the fields of $select',
    ],
    [
      'a nested option of no shape',
      { query: { $expand: { navigations: { manager: { $top: 'all' } } } } },
      `${pointer}.query.$expand.navigations.manager.$top: is not a bound of this option`,
    ],
    [
      'a nested option that OData does not have',
      { query: { $expand: { navigations: { manager: { select: true } } } } },
      '$expand, manager: query option select is another spelling',
    ],
    ['text for query', { query: '$top' }, `${pointer}.query: must be an object: each option with its bound`],
    [
      'a list of names for query',
      { query: ['$top', '$select'] },
      `${pointer}.query: must be an object: each option with its bound, like { "$top": { "max": 50 } }`,
    ],
    [
      'a type of body that is none',
      { methods: ['POST'], contentTypes: ['json'] },
      `${pointer}.contentTypes[0]: is not a media type`,
    ],
    [
      'a type of body with parameters',
      { methods: ['POST'], contentTypes: ['text/plain; charset=utf-8'] },
      'is not a media type',
    ],
    [
      'types of a body that it cannot have',
      { contentTypes: ['image/jpeg'] },
      'contentTypes is for methods with a body',
    ],
    ['a guard without roles', { guard: { roles: [] } }, `${pointer}.guard.roles: is empty`],
    ['a guard with an unknown rule', { guard: { role: 'Admin' } }, `${pointer}.guard`],
  ])('with %s in a rule', { tags: ['PX-4', 'PX-5'] }, (_what, rule, issue) => {
    expect(issueOf(rule)).toContain(issue);
  });

  it('with a guard on a feature and on its rule, because it would be unclear which applies', () => {
    const rule = { methods: ['GET'], path: '/v1.0/me', scopes: ['User.Read'], guard: { roles: ['A'] } };
    const file = { features: { one: { title: 'One', guard: { roles: ['B'] }, rules: [rule] } } };
    expect(issuesOf(file)).toEqual([
      `${pointer}.guard: the feature has a guard too; remove one of them, or make another feature`,
    ]);
  });

  it.each([
    [{ path: '/v1.0/me/messages/{id}' }, { path: '/v1.0/me/messages/{other}', scopes: ['Mail.Read'] }],
    [{ path: '/v1.0/users/{id}' }, { path: '/v1.0/users/A11CE-1', scopes: ['Mail.Read'] }],
    [{ path: '/v1.0/me' }, { path: '/v1.0/ME' }],
    [{}, {}],
    [{ methods: ['GET', 'POST'] }, { methods: ['POST', 'PATCH'], query: { $select: true } }],
  ])('with two rules that match the same call: %j and %j', { tags: ['PX-4'] }, (first, second) => {
    expect(issueOf(first, second)).toMatch(
      /^features\.one\.rules\[1\] \(.+\): features\.one\.rules\[0\] \(.+\) already allows .+ of this path; remove one of them/,
    );
  });

  it('with two rules that match the same call, in two features', () => {
    const rule = { methods: ['GET'], path: '/v1.0/me', scopes: ['User.Read'] };
    const file = { features: { a: { title: 'A', rules: [rule] }, b: { title: 'B', rules: [rule] } } };
    expect(issuesOf(file)).toHaveLength(1);
  });

  it('with all issues at once', () => {
    expect(issuesOf(fileOf({ methods: [] }, { path: 'x' }, { scopes: [] }))).toHaveLength(3);
  });
});

describe('accepts a policy file', () => {
  it('with defaults for the members that a rule omits', () => {
    expect(policyOf(fileOf({})).rules).toMatchObject([
      {
        query: {},
        alternatives: [],
        contentTypes: [],
        fileLinks: false,
        embed: false,
        pointer,
        feature: 'one',
      },
    ]);
  });

  it('with the same path for other methods', () => {
    expect(issueOf({ methods: ['GET'] }, { methods: ['PATCH'], scopes: ['User.ReadWrite'] })).toBe('');
  });

  it('with a search for words in messages whose $select is bounded', () => {
    const query = { $select: { fields: ['subject'] }, $filter: true, $search: { maxLength: 200 } };
    expect(issueOf({ path: '/v1.0/me/mailFolders/{id}/messages', query })).toBe('');
  });

  it('with a fixed id and with words that end like one', () => {
    expect(issueOf({ path: '/v1.0/groups/0d9a7f34-6a1b-4c52-8a77-21c3f0b6e101' })).toBe('');
    expect(issueOf({ path: '/v1.0/directoryObjects/getByIds', methods: ['POST'] })).toBe('');
    expect(issueOf({ path: '/v1.0/communications/getPresencesByUserId', methods: ['POST'] })).toBe('');
  });
});
