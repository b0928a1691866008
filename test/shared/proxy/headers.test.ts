import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BffError } from '../../../src/shared/errors.ts';
import { toBrowserHeaders, toForwardedHeaders, toRequestHeaders } from '../../../src/shared/proxy/headers.ts';

const from = (headers: Record<string, string>) => (name: string) => headers[name];

describe('toRequestHeaders', () => {
  it('forwards the headers of the allow-list, and requests no compression', {
    tags: ['PX-7', 'DO-4'],
  }, () => {
    const sent = {
      accept: 'application/json',
      'accept-language': 'de',
      'client-request-id': '6C6FB5EA-4bc1-4960-8a81-0c31ea150867',
      consistencylevel: 'eventual',
      'content-type': 'application/json',
      'if-match': 'W/"1"',
      'if-none-match': 'W/"2"',
      'if-range': '"3"',
      prefer: 'outlook.body-content-type="text"',
      range: 'bytes=0-9',
      sdkversion: 'graph-js/3.0.7',
    };
    const named = { 'x-peoplequery-querysources': 'Mailbox' };
    expect(toRequestHeaders(from({ ...sent, ...named }), 'call-1')).toEqual({
      ...sent,
      'accept-encoding': 'identity',
    });
    expect(toRequestHeaders(from({ ...sent, ...named }), 'call-1', Object.keys(named))).toEqual({
      ...sent,
      ...named,
      'accept-encoding': 'identity',
    });
  });

  it('adds a request id if the caller sent none', { tags: ['PX-18'] }, () => {
    for (const sent of [{}, { 'client-request-id': '' }]) {
      expect(toRequestHeaders(from(sent), 'call-1')['client-request-id']).toBe('call-1');
    }
  });

  it.each([
    'c1',
    '6c6fb5ea',
    '{6c6fb5ea-4bc1-4960-8a81-0c31ea150867}',
    '6c6fb5ea-4bc1-4960-8a81-0c31ea150867, x',
  ])('replaces the request id %j, which does not identify an answer', { tags: ['PX-17'] }, (id) => {
    expect(toRequestHeaders(from({ 'client-request-id': id }), 'call-1')).toMatchObject({
      'client-request-id': 'call-1',
    });
  });

  it('forwards no other header of any name', { tags: ['PX-7', 'CS-4'] }, () => {
    const allowed = Object.keys(toRequestHeaders(() => 'x', 'call-1'));
    expect(allowed.sort()).toEqual([
      'accept',
      'accept-encoding',
      'accept-language',
      'client-request-id',
      'consistencylevel',
      'content-type',
      'if-match',
      'if-none-match',
      'if-range',
      'prefer',
      'range',
      'sdkversion',
    ]);
  });

  it('ignores the caller’s Authorization, Accept-Encoding and Connection headers', {
    tags: ['PX-7', 'PX-8'],
  }, () => {
    const connection = 'authorization, accept-encoding, accept, close';
    const hostile = { authorization: 'Bearer theirs', 'accept-encoding': 'gzip', connection, accept: '*/*' };
    expect(toRequestHeaders(from(hostile), 'call-1')).toEqual({
      accept: '*/*',
      'accept-encoding': 'identity',
      'client-request-id': 'call-1',
    });
  });
});

describe('refuses', () => {
  it.each(['a\r\nHost: evil.test', 'a\n', '\r', 'a\u0000', 'a\u001b[0m', 'é', '\u2028', 'a\u007f'])(
    'the value %j in every forwarded header',
    { tags: ['PX-8'] },
    (value) => {
      for (const name of ['accept', 'content-type', 'prefer', 'client-request-id', 'if-match']) {
        expect(() => toRequestHeaders(from({ [name]: value }), 'call-1')).toThrow(BffError);
      }
    },
  );

  it('a value over 2048 bytes', () => {
    expect(() => toRequestHeaders(from({ prefer: 'a'.repeat(2049) }), 'call-1')).toThrow(BffError);
  });

  it('every value that could end its header', { tags: ['PX-8'] }, () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (value) => {
        const headers = toForwardedHeaders(from({ prefer: value }));
        return headers === undefined || /^[\t\x20-\x7e]*$/.test(headers['prefer'] ?? '');
      }),
    );
  });
});

describe('toBrowserHeaders', () => {
  it('returns the headers of the allow-list and none of 40 others', { tags: ['PX-12'] }, () => {
    const returned = {
      'accept-ranges': 'bytes',
      'client-request-id': 'c1',
      'content-language': 'de',
      'content-range': 'bytes 0-9/20',
      'content-type': 'application/json',
      deprecation: '@1735689600',
      etag: 'W/"1"',
      'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
      'odata-version': '4.0',
      'preference-applied': 'odata.maxpagesize=5',
      'request-id': 'r1',
      'retry-after': '7',
      sunset: 'Fri, 01 Jan 2027 00:00:00 GMT',
    };
    expect(
      toBrowserHeaders({ ...returned, ...Object.fromEntries(neverReturned.map((name) => [name, 'x'])) }),
    ).toEqual(returned);
    expect(neverReturned.length).toBeGreaterThanOrEqual(40);
  });

  it.each(['\u00e9', 'a\u0080', 'a\u0000', 'a'.repeat(2049)])(
    'drops the invalid value %j',
    { tags: ['PX-12'] },
    (value) => {
      expect(toBrowserHeaders({ etag: value, 'request-id': 'r1' })).toEqual({ 'request-id': 'r1' });
    },
  );

  it('returns the file name of a Content-Disposition, and nothing else of it', { tags: ['PX-13'] }, () => {
    expect(toBrowserHeaders({ 'content-disposition': 'inline; filename="../a b.html"; x=1' })).toEqual({
      'content-disposition': "attachment; filename*=UTF-8''a%20b.html",
    });
  });

  it('does not return a repeated header as an array', { tags: ['PX-12'] }, () => {
    expect(toBrowserHeaders({ 'set-cookie': ['session=evil'] })).toEqual({});
  });
});

const neverReturned = [
  'access-control-allow-credentials',
  'access-control-allow-headers',
  'access-control-allow-methods',
  'access-control-allow-origin',
  'access-control-expose-headers',
  'access-control-max-age',
  'age',
  'alt-svc',
  'authorization',
  'cache-control',
  'clear-site-data',
  'connection',
  'content-disposition',
  'content-encoding',
  'content-length',
  'content-location',
  'content-security-policy',
  'content-security-policy-report-only',
  'cookie',
  'cross-origin-embedder-policy',
  'cross-origin-opener-policy',
  'cross-origin-resource-policy',
  'date',
  'expires',
  'keep-alive',
  'link',
  'location',
  'nel',
  'origin-agent-cluster',
  'permissions-policy',
  'pragma',
  'proxy-authenticate',
  'refresh',
  'report-to',
  'server',
  'service-worker-allowed',
  'sourcemap',
  'strict-transport-security',
  'timing-allow-origin',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'vary',
  'via',
  'warning',
  'www-authenticate',
  'x-content-type-options',
  'x-frame-options',
  'x-ms-ags-diagnostic',
  'x-powered-by',
];
