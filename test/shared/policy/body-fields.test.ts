import { describe, expect, it } from 'vitest';
import { BffError } from '../../../src/shared/errors.ts';
import { readBatch } from '../../../src/shared/graph/batch-request.ts';
import { requireBodyFields } from '../../../src/shared/policy/body-fields.ts';
import { ask, fileOf, issuesOf, policyOf } from '../../support/policies.ts';

const bodyFields = ['displayName', 'description'];
const rule = { methods: ['PATCH'], path: '/v1.0/groups/{id}', scopes: ['Group.ReadWrite.All'], bodyFields };
const json = 'application/json';
const bytes = (body: unknown) => Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));

/** Returns the code and the rule that refused, or undefined. */
function refusalOf(run: () => void): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof BffError) return [error.code, ...(error.rules ?? [])].join(' ');
    throw error;
  }
}
const refusalOfBody = (body: unknown, type = json) =>
  refusalOf(() => requireBodyFields(bodyFields, bytes(body), type));

const policy = policyOf(fileOf(rule));
const refusalOfPart = (body: string, type = json) =>
  refusalOf(() => {
    const request = `{"id":"1","method":"PATCH","url":"/groups/A1=","headers":{"content-type":${JSON.stringify(type)}},"body":${body}}`;
    const [item] = readBatch(bytes(`{"requests":[${request}]}`), '/v1.0', policy.match);
    if (item?.kind === 'answered' && item.problem !== undefined) throw item.problem;
  });

describe('a rule that names the fields of a body', () => {
  it('has the fields after parsing', () => {
    expect(ask(policy, 'PATCH /v1.0/groups/A1=', { contentType: json })).toMatchObject({
      rule: { bodyFields },
    });
  });

  it.each(['{}', '{"displayName":"a"}', '{"description":{"members@odata.bind":[]},"displayName":null}'])(
    'accepts %s, alone and in a batch',
    { tags: ['PX-4'] },
    (body) => {
      expect(refusalOfBody(body)).toBeUndefined();
      expect(refusalOfBody(body, 'application/json; charset=UTF-8')).toBeUndefined();
      expect(refusalOfPart(body)).toBeUndefined();
      expect(refusalOfPart(body, 'application/json; charset=UTF-8')).toBeUndefined();
    },
  );

  it('accepts an empty body', () => {
    expect(refusalOfBody('')).toBeUndefined();
    expect(refusalOf(() => requireBodyFields(bodyFields, undefined, undefined))).toBeUndefined();
  });

  it('names its fields in the refusal, and nothing of the body', () => {
    expect(() => requireBodyFields(bodyFields, bytes({ canary: 1 }), json)).toThrow(
      expect.objectContaining({
        detail:
          'The body must be a JSON object without duplicate names that has only these fields: displayName, description.',
      }),
    );
  });
});

/** Within the memory and time that a worker has for one of many bodies of 10 MiB. */
describe('a body of the largest size', () => {
  const size = 10 * 1024 * 1024;
  const msOf = (run: () => void) => {
    // The garbage collector may run during one of them.
    const times = Array.from({ length: 3 }, () => {
      const startMs = performance.now();
      run();
      return performance.now() - startMs;
    });
    return Math.min(...times);
  };

  it('with one long string in a named field is accepted', { tags: ['DO-4'] }, () => {
    expect(refusalOfBody(`{"description":"${'a'.repeat(size - 20)}"}`)).toBeUndefined();
  });

  it('with millions of arrays takes little more time than one with millions of numbers', {
    tags: ['DO-4'],
  }, () => {
    const half = size / 2;
    const lists = `{"description":[${'[],'.repeat(half / 3)}[]]}`;
    const plain = `{"description":[${'1,'.repeat(half / 2)}1]}`;
    let refusal: string | undefined = 'not asked';
    const listsMs = msOf(() => {
      refusal = refusalOfBody(lists);
    });
    expect(refusal).toBeUndefined();
    expect(listsMs).toBeLessThan(5 * msOf(() => void refusalOfBody(plain)));
  });

  it('with millions of nested arrays is refused at once', { tags: ['DO-4'] }, () => {
    const levels = size / 2 - 20;
    const deep = `{"description":${'['.repeat(levels)}${']'.repeat(levels)}}`;
    const plain = `{"description":[${'1,'.repeat(size / 2)}1]}`;
    const plainMs = msOf(() => void refusalOfBody(plain));
    let refusal: string | undefined;
    const deepMs = msOf(() => {
      refusal = refusalOfBody(deep);
    });
    expect(refusal).toBe('path_not_allowed body');
    expect(deepMs).toBeLessThan(5 * plainMs);
  });
});

describe('refuses', () => {
  it.each([
    '{"members@odata.bind":["https://graph.microsoft.com/v1.0/users/1"]}',
    '{"displayName":"a","owners@odata.bind":[]}',
    String.raw`{"members\u0040odata.bind":[]}`,
    '{"DisplayName":"a"}',
    '{"displayName ":"a"}',
    '{"displayName":"a","displayName":"b"}',
    '{"displayName":[{"a":1,"a":2}]}',
    '{"__proto__":{}}',
    '{"toString":1}',
  ])('%s, alone and in a batch', { tags: ['PX-4', 'SU-3'] }, (body) => {
    expect(refusalOfBody(body)).toBe('path_not_allowed body');
    expect(refusalOfPart(body)).toMatch(/^(?:path_not_allowed body|request_invalid)$/);
  });

  it.each([
    '[]',
    '[{"displayName":"a"}]',
    'null',
    '"displayName"',
    '1',
    '{"displayName":"a"} {"members@odata.bind":[]}',
    '{"displayName":"a"',
    '\u0000',
    '['.repeat(100_000),
  ])('a body that is not a JSON object: %.40s', { tags: ['PX-4'] }, (body) => {
    expect(refusalOfBody(body)).toBe('path_not_allowed body');
  });

  it('bytes that are not UTF-8, and types with another encoding, alone and in a batch', {
    tags: ['PX-4'],
  }, () => {
    const other = Buffer.from('{"displayName":"a"}', 'utf16le');
    expect(refusalOf(() => requireBodyFields(bodyFields, other, json))).toBe('path_not_allowed body');
    expect(refusalOf(() => requireBodyFields(bodyFields, Buffer.from([0x7b, 0xff, 0x7d]), json))).toBe(
      'path_not_allowed body',
    );
    for (const type of [
      'application/json; charset=utf-16',
      'application/json;charset=IBM037',
      'application/json; charset=utf-7',
      'application/json; charset="utf-7"; charset=utf-8',
      'application/json; a=b',
    ]) {
      expect(refusalOfBody('{}', type), type).toBe('content_type_not_allowed content-type');
      expect(refusalOfPart('{}', type), type).toMatch(
        /^(?:content_type_not_allowed content-type|request_invalid)$/,
      );
    }
  });

  it.each<[string, object, string]>([
    ['at a rule without a body', { ...rule, methods: ['GET'] }, 'bodyFields is for methods with a body'],
    ['beside other types', { ...rule, contentTypes: ['*/*'] }, 'bodyFields limits JSON only'],
    ['that repeats a field', { ...rule, bodyFields: ['a', 'a'] }, 'bodyFields has a twice'],
    ['without a field', { ...rule, bodyFields: [] }, 'bodyFields: is empty'],
    ['with an invalid field name', { ...rule, bodyFields: ['a b'] }, 'is not a field name'],
  ])('a policy with bodyFields %s', (_what, wrong, fault) => {
    expect(issuesOf(fileOf(wrong)).join()).toContain(fault);
  });
});
