import {
  constants,
  createHmac,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign as signBytes,
} from 'node:crypto';
import { createServer, type Server } from 'node:http';
import fc from 'fast-check';
import { CompactEncrypt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSigningKeys } from '../../../src/shared/entra/signing-keys.ts';
import { BffError } from '../../../src/shared/errors.ts';
import {
  IdTokenRefused,
  type IdTokenRules,
  noNonce,
  verifyIdToken,
} from '../../../src/shared/identity/verify-id-token.ts';

type Json = Readonly<Record<string, unknown>>;

const now = new Date('2026-08-01T12:00:00Z');
const nowSeconds = now.getTime() / 1000;
const clientId = 'd3300000-0a5c-4e7b-8d21-6f9e3b1c7a20';
const tenantId = '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01';
const otherTenantId = 'c4e2f8a6-91b7-4d3a-8e65-0f7d2b3c4e02';
const nonce = 'n'.repeat(43);
const issuerOf = (tenant: string) => `https://login.example/${tenant}/v2.0`;

const newKey = (modulusLength = 2048) => generateKeyPairSync('rsa', { modulusLength });
const ours = newKey();
const foreign = newKey();
const ourKid = 'our-key';

const truth: Json = {
  aud: clientId,
  iss: issuerOf(tenantId),
  iat: nowSeconds - 10,
  nbf: nowSeconds - 10,
  exp: nowSeconds + 3600,
  nonce,
  name: 'Alice Adams',
  oid: 'a11ce000-52d1-4b6e-9f3a-7c0e4d8b2a01',
  preferred_username: 'alice@contoso.example',
  roles: ['Admin'],
  sub: 'pairwise-subject',
  tid: tenantId,
  ver: '2.0',
};
const plainHeader: Json = { typ: 'JWT', alg: 'RS256', kid: ourKid };

const base64url = (text: string) => Buffer.from(text, 'utf8').toString('base64url');

/** Signs texts that no library would produce. */
function signText(
  header: string,
  payload: string,
  key: KeyObject = ours.privateKey,
  hash = 'sha256',
): string {
  const signed = `${base64url(header)}.${base64url(payload)}`;
  return `${signed}.${signBytes(hash, Buffer.from(signed), key).toString('base64url')}`;
}

function mint(claims: Json = {}, header: Json = {}, key: KeyObject = ours.privateKey): string {
  return signText(
    JSON.stringify({ ...plainHeader, ...header }),
    JSON.stringify({ ...truth, ...claims }),
    key,
  );
}

const publishedKey = (key: KeyObject, kid: string | undefined, more: Json = {}): Json => ({
  ...key.export({ format: 'jwk' }),
  use: 'sig',
  ...(kid === undefined ? {} : { kid }),
  ...more,
});

const ourPublishedKey = publishedKey(ours.publicKey, ourKid, { issuer: issuerOf(tenantId) });

function rulesWith(
  keys: readonly Json[] = [ourPublishedKey],
  more: Partial<IdTokenRules> = {},
): IdTokenRules {
  const body = Buffer.from(JSON.stringify({ keys }));
  return {
    clientId,
    allowedTenants: new Set([tenantId]),
    allowsGuests: true,
    issuerOf,
    signingKeys: createSigningKeys(
      'https://login.example/keys',
      async () => ({ status: 200, headers: {}, body }),
      () => now,
    ),
    now: () => now,
    ...more,
  };
}

const rules = rulesWith();

/** Returns the code of the refusal. Any other outcome fails the test. */
async function refusalOf(
  token: string,
  { expected = nonce, by = rules }: { expected?: string | typeof noNonce; by?: IdTokenRules } = {},
): Promise<string> {
  try {
    await verifyIdToken(token, expected, by);
  } catch (error) {
    if (error instanceof IdTokenRefused) return error.code;
    throw error;
  }
  throw new Error('the token was accepted');
}

const accepted = (token: string, by: IdTokenRules = rules) => verifyIdToken(token, nonce, by);

describe('verifyIdToken', () => {
  it('returns the claims of a valid token', async () => {
    expect(await accepted(mint())).toMatchObject({
      principal: { tenantId, objectId: truth['oid'], name: 'Alice Adams', username: 'alice@contoso.example' },
      roles: ['Admin'],
      issuedAt: new Date(now.getTime() - 10_000),
      all: truth,
    });
  });

  it('accepts a token without `typ`, with its audience in an array, or without `kid` if there is one key', {
    tags: ['ID-4'],
  }, async () => {
    await expect(accepted(mint({}, { typ: undefined }))).resolves.toBeDefined();
    await expect(accepted(mint({ aud: [clientId] }))).resolves.toBeDefined();
    await expect(accepted(mint({}, { kid: undefined }))).resolves.toBeDefined();
  });

  it('finds the key among several', async () => {
    const keys = [publishedKey(foreign.publicKey, 'another-key'), ourPublishedKey];
    await expect(accepted(mint(), rulesWith(keys))).resolves.toBeDefined();
  });

  it('checks everything but the nonce of a renewed token', { tags: ['ID-6'] }, async () => {
    await expect(verifyIdToken(mint({ nonce: undefined }), noNonce, rules)).resolves.toBeDefined();
    expect(await refusalOf(mint({ aud: 'other' }), { expected: noNonce })).not.toBe('');
  });

  it("accepts the template issuer of Entra ID's common key set for each allowed tenant", {
    tags: ['ID-3'],
  }, async () => {
    const keys = [publishedKey(ours.publicKey, ourKid, { issuer: issuerOf('{tenantid}') })];
    const by = rulesWith(keys, { allowedTenants: new Set([tenantId, otherTenantId]) });
    await expect(accepted(mint(), by)).resolves.toBeDefined();
    const guest = mint({ tid: otherTenantId, iss: issuerOf(otherTenantId) });
    await expect(accepted(guest, by)).resolves.toMatchObject({ principal: { tenantId: otherTenantId } });
  });

  it('reads the identity from tid and oid only', { tags: ['ID-7'] }, async () => {
    const { principal } = await accepted(
      mint({ email: 'admin@contoso.example', upn: 'admin@contoso.example', preferred_username: 'a@b@c' }),
    );
    expect(principal).toMatchObject({ tenantId, objectId: truth['oid'] });
  });

  describe('refuses a signature', { tags: ['ID-1'] }, () => {
    const unsigned = (header: Json) => {
      const full = { ...plainHeader, ...header };
      return `${base64url(JSON.stringify(full))}.${base64url(JSON.stringify(truth))}.`;
    };

    it.each(['none', 'None', 'NONE', 'nOnE', 'null', '', 'rs256', 'Rs256', 'RS256 ', 'RS1', 'RSA1_5', 'dir'])(
      'by another algorithm, with an empty or a valid signature: %j',
      async (alg) => {
        await refusalOf(unsigned({ alg }));
        await refusalOf(unsigned({ alg, kid: undefined }));
        await refusalOf(mint({}, { alg }));
      },
    );

    it.each([null, 256, ['RS256'], { name: 'RS256' }, true])(
      'by an algorithm that is not a string: %j',
      async (alg) => {
        await refusalOf(mint({}, { alg }));
      },
    );

    it('without an algorithm', async () => {
      await refusalOf(mint({}, { alg: undefined }));
    });

    it.each(['HS256', 'HS384', 'HS512'])('by %s with the public key as the secret', async (alg) => {
      const spki = ours.publicKey;
      const pem = spki.export({ type: 'spki', format: 'pem' }).toString();
      const secrets = [
        pem,
        pem.trim(),
        spki.export({ type: 'spki', format: 'der' }),
        spki.export({ type: 'pkcs1', format: 'pem' }),
        JSON.stringify(ourPublishedKey),
        String(ourPublishedKey['n']),
        Buffer.from(String(ourPublishedKey['n']), 'base64url'),
      ];
      const signed = unsigned({ alg }).slice(0, -1);
      for (const secret of secrets) {
        const mac = createHmac(`sha${alg.slice(2)}`, secret)
          .update(signed)
          .digest('base64url');
        await refusalOf(`${signed}.${mac}`);
      }
    });

    it.each([
      ['RS384', 'sha384'],
      ['RS512', 'sha512'],
    ])('by %s, even with a published key', async (alg, hash) => {
      await refusalOf(
        signText(JSON.stringify({ ...plainHeader, alg }), JSON.stringify(truth), ours.privateKey, hash),
      );
    });

    it('by PS256 and by ES256, even with a published key', async () => {
      const signed = unsigned({ alg: 'PS256' }).slice(0, -1);
      const key = {
        key: ours.privateKey,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      };
      await refusalOf(`${signed}.${signBytes('sha256', Buffer.from(signed), key).toString('base64url')}`);

      const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const by = rulesWith([ourPublishedKey, publishedKey(elliptic.publicKey, 'ec')]);
      const forEs256 = unsigned({ alg: 'ES256', kid: 'ec' }).slice(0, -1);
      const signature = signBytes('sha256', Buffer.from(forEs256), {
        key: elliptic.privateKey,
        dsaEncoding: 'ieee-p1363',
      });
      await refusalOf(`${forEs256}.${signature.toString('base64url')}`, { by });
    });

    it('of an unknown key, with a published key id, another one or none', async () => {
      for (const kid of [ourKid, 'foreign', undefined])
        await refusalOf(mint({}, { kid }, foreign.privateKey));
    });

    it('without a key id if several keys match, and with a key id that is not a string', async () => {
      const by = rulesWith([
        ourPublishedKey,
        publishedKey(foreign.publicKey, 'a'),
        publishedKey(newKey().publicKey, 'b'),
      ]);
      await refusalOf(mint({}, { kid: undefined }), { by });
      for (const kid of [0, null, ['our-key'], { id: ourKid }]) await refusalOf(mint({}, { kid }), { by });
    });

    it('of a key that is too short or published for encryption or another algorithm', async () => {
      for (const more of [{ use: 'enc' }, { alg: 'RS512' }, { key_ops: ['encrypt'] }]) {
        await refusalOf(mint(), { by: rulesWith([publishedKey(ours.publicKey, ourKid, more)]) });
      }
      const weak = newKey(1024);
      await refusalOf(mint({}, {}, weak.privateKey), {
        by: rulesWith([publishedKey(weak.publicKey, ourKid)]),
      });
    });

    it('with a changed bit, cut short, padded or empty', async () => {
      const [header, payload, signature = ''] = mint().split('.');
      const bytes = Buffer.from(signature, 'base64url');
      for (let index = 0; index < bytes.length; index += 5) {
        const changed = Buffer.from(bytes);
        changed.writeUInt8(changed.readUInt8(index) ^ (1 << (index % 8)), index);
        await refusalOf(`${header}.${payload}.${changed.toString('base64url')}`);
      }
      for (const other of [
        '',
        signature.slice(0, -1),
        `${signature}=`,
        `${signature}==`,
        `${signature}AA`,
        'A',
      ]) {
        await refusalOf(`${header}.${payload}.${other}`);
      }
    });

    it('of another header or payload', async () => {
      const [header = '', payload = '', signature = ''] = mint().split('.');
      const [, richer = ''] = mint({ roles: ['Admin', 'Owner'] }).split('.');
      const [otherHeader = ''] = mint({}, { x: 1 }).split('.');
      await refusalOf(`${header}.${richer}.${signature}`);
      await refusalOf(`${otherHeader}.${payload}.${signature}`);
    });

    it('together with a critical extension, or over an unencoded payload', async () => {
      for (const header of [
        { crit: ['exp'], exp: nowSeconds + 60 },
        { crit: ['b64'], b64: true },
        { crit: ['b64'], b64: false },
        { crit: [] },
        { crit: 'b64' },
        { crit: ['http://example/unknown'], 'http://example/unknown': true },
        { b64: false },
      ]) {
        await refusalOf(mint({}, header));
      }
    });

    it('that is an encryption instead', async () => {
      const encrypted = await new CompactEncrypt(Buffer.from(mint()))
        .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: ourKid, cty: 'JWT' })
        .encrypt(ours.publicKey);
      expect(encrypted.split('.')).toHaveLength(5);
      await refusalOf(encrypted);
      await refusalOf(
        `${base64url('{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2147483647}')}.a.b.c.d`,
      );
    });
  });

  describe('refuses keys in the token', { tags: ['ID-2'] }, () => {
    let evil: Server;
    let hits = 0;
    let address = '';

    beforeAll(async () => {
      evil = createServer((_request, response) => {
        hits++;
        response.end(JSON.stringify({ keys: [publishedKey(foreign.publicKey, ourKid)] }));
      });
      await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
      const bound = evil.address();
      address = `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : 0}`;
    });
    afterAll(() => new Promise((resolve) => evil.close(resolve)));

    it('in jku, x5u, jwk or x5c, and never requests their address', async () => {
      const jwk = publishedKey(foreign.publicKey, ourKid);
      const x5c = [foreign.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')];
      for (const brought of [
        { jku: `${address}/keys` },
        { x5u: `${address}/certificate` },
        { jwk },
        { x5c },
        { jku: `${address}/keys`, x5u: `${address}/certificate`, jwk, x5c, kid: undefined },
        { jwk: { ...jwk, jku: `${address}/keys` }, kid: `${address}/keys` },
      ]) {
        await refusalOf(mint({}, brought, foreign.privateKey));
      }
      expect(hits).toBe(0);
    });

    it('and does not request their addresses, nor claim sources, even with a valid signature', async () => {
      const sources = {
        _claim_names: { roles: 'src' },
        _claim_sources: { src: { endpoint: `${address}/claims` } },
      };
      await accepted(mint(sources, { jku: `${address}/keys`, x5u: `${address}/certificate` }));
      expect(hits).toBe(0);
    });
  });

  describe('refuses an issuer', { tags: ['ID-3'] }, () => {
    const issuer = issuerOf(tenantId);

    it.each([
      ['of another tenant', issuerOf(otherTenantId)],
      ['of another host', `https://evil.example/${tenantId}/v2.0`],
      ['with a slash at its end', `${issuer}/`],
      ['of version 1', `https://sts.windows.net/${tenantId}/`],
      ['in upper case', issuer.replace(tenantId, tenantId.toUpperCase())],
      ['over plain http', issuer.replace('https', 'http')],
      ['with a query', `${issuer}?`],
      ['equal to the template', issuerOf('{tenantid}')],
      ['as an empty string', ''],
      ['as an array', [issuer]],
      ['as an object', { iss: issuer }],
      ['as null', null],
      ['as an absent claim', undefined],
    ])('%s', async (_what, iss) => {
      await refusalOf(mint({ iss }));
    });

    it('of another tenant than `tid`, although both are allowed', async () => {
      const by = rulesWith([publishedKey(ours.publicKey, ourKid)], {
        allowedTenants: new Set([tenantId, otherTenantId]),
      });
      expect(await refusalOf(mint({ tid: otherTenantId }), { by })).toBe('issuer');
      expect(await refusalOf(mint({ iss: issuerOf(otherTenantId) }), { by })).toBe('issuer');
    });

    it('of a tenant that is not allowed, and a tenant id in upper case', async () => {
      const foreignTenant = mint({ tid: otherTenantId, iss: issuerOf(otherTenantId) });
      expect(await refusalOf(foreignTenant, { by: rulesWith([publishedKey(ours.publicKey, ourKid)]) })).toBe(
        'tenant_not_allowed',
      );
      const upper = tenantId.toUpperCase();
      expect(await refusalOf(mint({ tid: upper, iss: issuerOf(upper) }))).toBe('tenant_not_allowed');
      expect(await refusalOf(mint({ tid: '{tenantid}', iss: issuerOf('{tenantid}') }))).toBe(
        'tenant_not_allowed',
      );
    });

    it('with a signature by a key of another issuer, with or without its id', async () => {
      const by = rulesWith([publishedKey(ours.publicKey, ourKid, { issuer: issuerOf(otherTenantId) })]);
      expect(await refusalOf(mint(), { by })).toBe('key_issuer');
      expect(await refusalOf(mint({}, { kid: undefined }), { by })).toBe('key_issuer');
    });

    it('with a signature by a key of another issuer that shares its id with a key of another type', async () => {
      const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const by = rulesWith([
        publishedKey(elliptic.publicKey, ourKid, { issuer: issuerOf(tenantId) }),
        publishedKey(ours.publicKey, ourKid, { issuer: issuerOf(otherTenantId) }),
      ]);
      expect(await refusalOf(mint(), { by })).toBe('key_issuer');
    });
  });

  describe('refuses an audience', { tags: ['ID-4'] }, () => {
    it.each([
      ['absent', undefined],
      ['null', null],
      ['of another app', otherTenantId],
      ['with the App ID URI', `api://${clientId}`],
      ['in upper case', clientId.toUpperCase()],
      ['with a space', `${clientId} `],
      ['with this app and another one', [clientId, otherTenantId]],
      ['with another app and this one', [otherTenantId, clientId]],
      ['with this app twice', [clientId, clientId]],
      ['nested', [[clientId]]],
      ['as an empty array', []],
      ['as an object', { 0: clientId }],
      ['as a number', 7],
    ])('%s', async (_what, aud) => {
      await refusalOf(mint({ aud, azp: clientId }));
    });
  });

  describe('times', { tags: ['ID-5'] }, () => {
    const minutes = (count: number) => nowSeconds + count * 60;

    it.each([
      ['exp 4 minutes ago', { exp: minutes(-4) }],
      ['nbf in 4 minutes', { nbf: minutes(4) }],
      ['iat in 4 minutes', { iat: minutes(4) }],
      ['iat 59 minutes ago', { iat: minutes(-59) }],
      ['no nbf', { nbf: undefined }],
      ['fractions of seconds', { iat: nowSeconds - 0.5, nbf: nowSeconds - 0.5, exp: nowSeconds + 0.5 }],
    ])('accepts %s', async (_what, claims) => {
      await expect(accepted(mint(claims))).resolves.toBeDefined();
    });

    it.each([
      ['exp 6 minutes ago', { exp: minutes(-6) }],
      ['nbf in 6 minutes', { nbf: minutes(6) }],
      ['iat in 6 minutes', { iat: minutes(6) }],
      ['iat 61 minutes ago', { iat: minutes(-61) }],
      ['iat a week ago', { iat: minutes(-7 * 24 * 60) }],
      ['exp before the year 1970', { exp: -1 }],
      ['milliseconds for seconds', { exp: now.getTime() + 60_000, iat: now.getTime() }],
    ])('refuses %s', async (_what, claims) => {
      await refusalOf(mint(claims));
    });

    const wrong = [undefined, null, '', '0', String(minutes(10)), true, [minutes(0)], {}, -1, 1e300, -1e300];

    it.each(['exp', 'iat', 'nbf'])('refuses a %s of another type or size', async (claim) => {
      for (const value of wrong) {
        if (claim === 'nbf' && value === undefined) continue;
        await refusalOf(mint({ [claim]: value }));
      }
      // JSON has these and `JSON.stringify` does not write them.
      for (const literal of ['1e400', '-1e400', '1e309']) {
        const payload = JSON.stringify({ ...truth, [claim]: 'here' }).replace('"here"', literal);
        await refusalOf(signText(JSON.stringify(plainHeader), payload));
      }
    });
  });

  describe('refuses a nonce', { tags: ['ID-6'] }, () => {
    it.each([
      ['absent', undefined],
      ['null', null],
      ['empty', ''],
      ['of another transaction', 'm'.repeat(43)],
      ['longer', `${nonce}n`],
      ['shorter', nonce.slice(1)],
      ['in other letters', nonce.toUpperCase()],
      ['in an array', [nonce]],
      ['as an object', { nonce }],
      ['as a number', 1],
    ])('%s', async (_what, value) => {
      expect(await refusalOf(mint({ nonce: value }))).toBe('nonce');
    });

    it('of the same length', async () => {
      expect(await refusalOf(mint({ nonce: '' }), { expected: 'x' })).toBe('nonce');
    });
  });

  describe('refuses an identity', { tags: ['ID-7'] }, () => {
    const values = [
      undefined,
      null,
      '',
      ' ',
      '\t\n',
      0,
      1,
      true,
      {},
      [],
      ['a'],
      { $ne: '' },
      'x'.repeat(257),
    ];

    it.each(['sub', 'oid', 'tid'])(
      'whose %s is absent, empty, blank, too long or not a string',
      async (claim) => {
        for (const value of values) await refusalOf(mint({ [claim]: value, email: 'alice@contoso.example' }));
      },
    );
  });

  describe('refuses anything but an ID token', () => {
    it.each(['at+jwt', 'logout+jwt', 'dpop+jwt', 'JOSE', 'application/jwt', 'jwt', '', 7, null, ['JWT']])(
      'of type %j',
      async (typ) => {
        await refusalOf(mint({}, { typ }));
      },
    );

    it.each(['1.0', '2', '2.0 ', '', 2, null, undefined, ['2.0']])(
      'of version %j or without a version',
      { tags: ['ID-11'] },
      async (ver) => {
        expect(await refusalOf(mint({ ver }))).toBe('version');
        expect(await refusalOf(mint({ ver, nonce: undefined }), { expected: noNonce })).toBe('version');
      },
    );

    it('with a repeated name in header or payload, nested or escaped', async () => {
      const header = JSON.stringify(plainHeader);
      const payload = JSON.stringify(truth);
      const twice = (text: string, more: string) => text.replace(/^\{/, `{${more},`);
      const tokens = [
        signText(twice(header, '"alg":"none"'), payload),
        signText(twice(header, '"alg":"RS256"'), payload),
        signText(twice(header, '"\\u0061lg":"none"'), payload),
        signText(header, twice(payload, `"aud":"${otherTenantId}"`)),
        signText(header, twice(payload, '"oid":"someone-else"')),
        signText(header, twice(payload, '"\\u006fid" : "someone-else"')),
        signText(header, twice(payload, '"extra":{"a":1,"a":2}')),
        signText(header, twice(payload, '"extra":[{"a":1,"b":{"c":1,"c":1}}]')),
      ];
      for (const token of tokens) expect(await refusalOf(token)).toBe('repeated_name');
    });

    it('but accepts texts that look like repeated names', async () => {
      const claims = {
        x: '"oid":"someone-else"',
        y: '\\"oid":',
        z: ['oid', 'oid'],
        '"': 1,
        '\\': { '\\"': ':' },
      };
      await expect(accepted(mint(claims))).resolves.toBeDefined();
    });

    it.each([
      ['nothing', ''],
      ['dots', '..'],
      ['one part', 'a'],
      ['two parts', 'a.b'],
      ['four parts', `${mint()}.a`],
      ['a space before', ` ${mint()}`],
      ['a line feed after', `${mint()}\n`],
      ['a bearer token', `Bearer ${mint()}`],
      ['a JWS in JSON', JSON.stringify({ payload: 'a', signatures: [] })],
      ['more than 64 KiB', mint({ filler: 'x'.repeat(64 * 1024) })],
      ['a payload that is an array', signText(JSON.stringify(plainHeader), '[]')],
      ['a payload that is a string', signText(JSON.stringify(plainHeader), '"sub"')],
      ['a payload that is null', signText(JSON.stringify(plainHeader), 'null')],
      ['a payload that is empty', signText(JSON.stringify(plainHeader), '')],
      ['a payload that breaks off', signText(JSON.stringify(plainHeader), '{"sub":"a"')],
      [
        'a payload with a byte order mark',
        signText(JSON.stringify(plainHeader), `\ufeff${JSON.stringify(truth)}`),
      ],
      [
        'a header with a byte order mark',
        signText(`\ufeff${JSON.stringify(plainHeader)}`, JSON.stringify(truth)),
      ],
      ['a header that is an array', signText('["RS256"]', JSON.stringify(truth))],
      ['a header that is null', signText('null', JSON.stringify(truth))],
    ])('%s', async (_what, token) => {
      await refusalOf(token);
    });

    it('with thousands of nested levels, signed or not', async () => {
      const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
      const payload = JSON.stringify({ ...truth, deep: 'here' }).replace('"here"', deep);
      await refusalOf(signText(JSON.stringify(plainHeader), payload));
      await refusalOf(signText(JSON.stringify(plainHeader), payload, foreign.privateKey));
    });

    it('any other string', async () => {
      const part = fc.oneof(fc.string(), fc.base64String(), fc.json().map(base64url));
      await fc.assert(
        fc.asyncProperty(part, part, part, async (header, payload, signature) => {
          await refusalOf(`${header}.${payload}.${signature}`);
        }),
        { numRuns: 300 },
      );
    });
  });

  it('throws the problem of the keys if they cannot be fetched, because it says nothing about the token', {
    tags: ['ID-9'],
  }, async () => {
    const down = rulesWith([], {
      signingKeys: createSigningKeys(
        'https://login.example/keys',
        () => Promise.reject(new Error(randomUUID())),
        () => now,
      ),
    });
    await expect(accepted(mint(), down)).rejects.toBeInstanceOf(BffError);
    await expect(accepted(mint(), down)).rejects.toMatchObject({ code: 'sign_in_service_unavailable' });
  });
});
