import { describe, expect, it } from 'vitest';
import { ask, fileOf, issuesOf, policyOf } from '../../support/policies.ts';

const $select = { fields: ['id', 'displayName', 'mail'], default: ['id', 'displayName'] };
const file = (select: object, query: object = {}) =>
  fileOf({ path: '/v1.0/users', query: { $select: select, $top: { max: 5 }, $filter: true, ...query } });
const policy = policyOf(file($select));
const queryOf = (query: string) => {
  const call = ask(policy, `GET /v1.0/users${query}`);
  return 'query' in call ? call.query : call;
};

describe('the default of $select', () => {
  it('is added to a call that selects nothing', { tags: ['PX-5'] }, () => {
    expect(queryOf('')).toBe('$select=id,displayName');
    expect(queryOf('?$top=5')).toBe('$top=5&$select=id,displayName');
  });

  it('is not added to a call that selects fields, however it spells the option', () => {
    for (const query of ['$select=mail', '%24select=mail', '$top=1&$select=id%2Cmail']) {
      expect(queryOf(`?${query}`)).toMatch(/^\$top=1&\$select=id%2Cmail$|^(?:\$|%24)select=mail$/);
    }
  });

  it('is added if only the text of another option mentions $select', { tags: ['PX-5'] }, () => {
    const filter = '$filter=displayName%20eq%20%27$select=mail%27';
    expect(queryOf(`?${filter}`)).toBe(`${filter}&$select=id,displayName`);
  });

  it('leaves a call without it as it is', () => {
    const plain = policyOf(file({ fields: ['id'] }));
    expect(ask(plain, 'GET /v1.0/users?$top=5')).toMatchObject({ query: '$top=5' });
  });
});

describe('refuses', () => {
  it('a field of the call that only the default would not have named', { tags: ['PX-5'] }, () => {
    for (const query of ['$select=jobTitle', '$select=', '$select=*', 'select=jobTitle', '$top=5&$top=4']) {
      expect(queryOf(`?${query}`), query).toBeInstanceOf(Error);
    }
  });

  it.each([
    [{ ...$select, default: ['id', 'jobTitle'] }, {}, /"default" has a field that "fields" does not have/],
    [{ ...$select, required: true }, {}, /has "default" and "required"; remove one of them/],
    [{ ...$select, default: [] }, {}, /is empty; name a field/],
    [
      $select,
      { $expand: { navigations: { manager: { $select } } } },
      /which only the \$select of the call itself may have; write "required": true/,
    ],
  ])('a file in which the default contradicts the rule: %j', (select, query, issue) => {
    expect(issuesOf(file(select, query)).join('\n')).toMatch(issue);
  });

  it('a default for any other option', () => {
    const $orderby = { fields: ['displayName'], default: ['displayName'] };
    expect(issuesOf(file($select, { $orderby })).join('\n')).toMatch(/"default" is not known here/);
  });
});
