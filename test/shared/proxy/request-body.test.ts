import { HttpRequest, InvocationContext } from '@azure/functions';
import { describe, expect, it } from 'vitest';
import { BffError } from '../../../src/shared/errors.ts';
import { toBffRequest } from '../../../src/shared/http/request.ts';
import { readRequestBody } from '../../../src/shared/proxy/request-body.ts';

const limitBytes = 1000;

/** A request as the worker passes it on: header and bytes are independent. */
function read(bytes: Uint8Array, headers: Record<string, string>, method = 'PUT') {
  const request = new HttpRequest({ method, url: 'http://localhost/', headers, body: { bytes } });
  const context = new InvocationContext({ invocationId: 'i1', functionName: 'graph', options: {} });
  return readRequestBody(
    toBffRequest(request, context, { startedMs: 0, allowsLongCookieHeader: false }),
    limitBytes,
  );
}

async function codeOf(reading: Promise<unknown>): Promise<string> {
  const error: unknown = await reading.then(
    () => 'a body',
    (thrown: unknown) => thrown,
  );
  return error instanceof BffError ? error.code : String(error);
}

describe('readRequestBody', () => {
  it.each([0, 1, limitBytes])('returns %i bytes unchanged', { tags: ['PX-10'] }, async (size) => {
    const bytes = Buffer.alloc(size, 0xff);
    const body = await read(bytes, {
      'content-length': String(size),
      'content-type': 'image/jpeg',
    });
    expect(Buffer.from(body ?? []).equals(bytes)).toBe(true);
  });

  it('returns no bytes for a read without a body', async () => {
    expect(await read(new Uint8Array(), {}, 'GET')).toBeUndefined();
    expect(await read(new Uint8Array(), { 'content-length': '0' }, 'DELETE')).toBeUndefined();
  });

  it.each(['DELETE', 'GET', 'HEAD'])(
    'drops the body of a %s, which is within the limit',
    {
      tags: ['PX-10'],
    },
    async (method) => {
      for (const type of [{ 'content-type': 'application/json' }, {}, { 'content-encoding': 'gzip' }])
        expect(await read(Buffer.from('{}'), { 'content-length': '2', ...type }, method)).toBeUndefined();
      const tooLong = read(Buffer.from('{}'), { 'content-length': String(limitBytes + 1) }, method);
      expect(await codeOf(tooLong)).toBe('body_too_large');
      const unbounded = { 'transfer-encoding': 'chunked', 'content-length': '2' };
      expect(await codeOf(read(Buffer.from('{}'), unbounded, method))).toBe('length_required');
    },
  );

  it.each(['identity', 'Identity'])('takes a body with Content-Encoding: %s', async (coding) => {
    const headers = { 'content-length': '2', 'content-type': 'application/json', 'content-encoding': coding };
    expect(await read(Buffer.from('{}'), headers)).toHaveLength(2);
  });

  describe('refuses', () => {
    it.each(['gzip', 'br', 'deflate', 'x', '', 'identity, gzip', 'gzip, identity', 'identity;q=1', '*'])(
      'a body with Content-Encoding: %j',
      { tags: ['PX-10'] },
      async (coding) => {
        const headers = { 'content-length': '2', 'content-encoding': coding };
        expect(await codeOf(read(Buffer.from('{}'), headers))).toBe('content_encoding_not_allowed');
      },
    );

    it('more bytes than allowed, counted regardless of Content-Length', {
      tags: ['PX-10'],
    }, async () => {
      const tooMany = Buffer.alloc(limitBytes + 1);
      for (const length of ['1', String(limitBytes), String(limitBytes + 1)]) {
        expect(await codeOf(read(tooMany, { 'content-length': length })), length).toBe('body_too_large');
      }
    });

    it.each([
      ['a wrong length', '4', 'request_invalid'],
      ['two lengths, joined by the host', '5,5', 'request_invalid'],
      ['not a number', '5x', 'request_invalid'],
      ['a negative number', '-5', 'request_invalid'],
      ['a number that is too long', '9'.repeat(40), 'request_invalid'],
    ])('%s', { tags: ['PX-9', 'PX-10'] }, async (_what, length, code) => {
      expect(await codeOf(read(Buffer.from('hello'), { 'content-length': length }))).toBe(code);
    });
  });
});
