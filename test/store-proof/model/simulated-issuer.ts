import { Buffer } from 'node:buffer';
import type { HttpRequest, HttpResponse } from '../../../src/shared/network/http-request.ts';
import { signIdToken } from './id-tokens.ts';
import { accessTokenLifetimeSeconds, authority, clientId, type ModelUser, tenantId, users } from './users.ts';

/**
 * What happens to a redeemed refresh token: Entra ID keeps it valid, `single-use` refuses it from then on, and
 * `strict` also treats a second use as theft and revokes every token of the same sign-in (RFC 9700, 4.14.2).
 */
export type IssuerKind = 'entra-like' | 'single-use' | 'strict';

/** One sign-in and all tokens that descend from it. */
export interface Family {
  readonly id: string;
  readonly owner: ModelUser['name'];
  readonly sessionId: string;
  /** The last issued refresh token. */
  newest: number;
  readonly used: number[];
  revoked: boolean;
  accessTokens: number;
}

/** One token response. */
export interface Issue {
  readonly family: string;
  readonly worker: string;
  readonly scopes: string;
  /** The name of the requesting message. */
  readonly message: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** The redeemed refresh token. Absent at a sign-in. */
  readonly redeemed?: string;
  /** It had been redeemed before. */
  readonly again: boolean;
  readonly atMs: number;
}

export interface IssuerState {
  readonly codes: Record<
    string,
    { readonly owner: ModelUser['name']; readonly nonce: string; readonly sessionId?: string }
  >;
  readonly families: Family[];
}

export interface SimulatedIssuer {
  /**
   * Signs the user in and returns a code for the callback.
   * @param sessionId of the issuer's existing session in that browser, if any
   */
  authorize(user: ModelUser, nonce: string, sessionId?: string): string;
  /** The token endpoint. It acts at the moment the request is applied. */
  answer(request: HttpRequest, worker: string, message: string): HttpResponse;
  readonly state: IssuerState;
  /** In order. Not part of the state, because it only records how the state was reached. */
  readonly issues: readonly Issue[];
  /** Refusals of refresh tokens, in order. */
  readonly refused: readonly { readonly refreshToken: string; readonly message: string }[];
}

export function createSimulatedIssuer(
  kind: IssuerKind,
  nowMs: () => number,
  before: IssuerState = { codes: {}, families: [] },
): SimulatedIssuer {
  const state = structuredClone(before);
  const issues: Issue[] = [];
  const refused: { refreshToken: string; message: string }[] = [];

  const tokens = (
    family: Family,
    scope: string,
    from: { worker: string; message: string; nonce?: string; redeemed?: string; again: boolean },
  ) => {
    const user = users.find(({ name }) => name === family.owner);
    if (user === undefined) throw new Error(`there is no user ${family.owner}`);
    const number = ++family.newest;
    const accessToken = `access-${family.id}-${++family.accessTokens}`;
    const refreshToken = `refresh-${family.id}-${number}`;
    const { worker, message, redeemed, again } = from;
    issues.push({
      family: family.id,
      worker,
      scopes: scope,
      message,
      accessToken,
      refreshToken,
      ...(redeemed === undefined ? {} : { redeemed }),
      again,
      atMs: nowMs(),
    });
    const nowSeconds = Math.floor(nowMs() / 1000);
    const idToken = signIdToken({
      iss: authority.issuerOf(tenantId),
      aud: clientId,
      iat: nowSeconds,
      nbf: nowSeconds,
      exp: nowSeconds + accessTokenLifetimeSeconds,
      sub: `sub-${user.name}`,
      tid: tenantId,
      oid: user.objectId,
      sid: family.sessionId,
      ver: '2.0',
      name: user.name,
      preferred_username: `${user.name}@contoso.example`,
      ...(from.nonce === undefined ? {} : { nonce: from.nonce }),
    });
    return answerOf(200, {
      token_type: 'Bearer',
      scope,
      expires_in: accessTokenLifetimeSeconds,
      ext_expires_in: accessTokenLifetimeSeconds,
      access_token: accessToken,
      refresh_token: refreshToken,
      id_token: idToken,
      client_info: Buffer.from(JSON.stringify({ uid: user.objectId, utid: tenantId })).toString('base64url'),
    });
  };

  const refuse = (refreshToken: string, message: string) => {
    refused.push({ refreshToken, message });
    return answerOf(400, { error: 'invalid_grant', error_codes: [70000] });
  };

  return {
    state,
    issues,
    refused,
    authorize(user, nonce, sessionId) {
      const code = `code-${user.name}-${nonce}`;
      const known = { owner: user.name, nonce };
      state.codes[code] = sessionId === undefined ? known : { ...known, sessionId };
      return code;
    },
    answer({ body }, worker, message) {
      const form = new URLSearchParams(Buffer.from(body ?? []).toString('utf8'));
      const scope = form.get('scope') ?? '';
      if (form.get('grant_type') === 'authorization_code') {
        const code = form.get('code') ?? '';
        const known = state.codes[code];
        if (known === undefined) return answerOf(400, { error: 'invalid_grant', error_codes: [54005] });
        delete state.codes[code];
        const { owner, nonce, sessionId } = known;
        const number = state.families.filter((family) => family.owner === owner).length + 1;
        const family: Family = {
          id: `${owner}-${number}`,
          owner,
          sessionId: sessionId ?? `sid-${owner}-${number}`,
          newest: 0,
          used: [],
          revoked: false,
          accessTokens: 0,
        };
        state.families.push(family);
        return tokens(family, scope, { worker, message, nonce, again: false });
      }
      const redeemed = form.get('refresh_token') ?? '';
      const family = state.families.find(({ id }) => redeemed.startsWith(`refresh-${id}-`));
      if (family === undefined || family.revoked) return refuse(redeemed, message);
      const number = Number(redeemed.split('-').at(-1));
      const again = family.used.includes(number);
      if (again && kind === 'strict') family.revoked = true;
      if (again && kind !== 'entra-like') return refuse(redeemed, message);
      if (!again) family.used.push(number);
      return tokens(family, scope, { worker, message, redeemed, again });
    },
  };
}

function answerOf(status: number, body: Readonly<Record<string, unknown>>): HttpResponse {
  return { status, headers: {}, body: Buffer.from(JSON.stringify(body)) };
}
