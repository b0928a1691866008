import { beforeEach, describe, expect, it } from 'vitest';
import { createKeyRing } from '../../../src/shared/crypto/key-ring.ts';
import { secureRandomBytes } from '../../../src/shared/crypto/seal.ts';
import { createTextSealer } from '../../../src/shared/crypto/sealed-text.ts';
import { BffError, interactionReasons } from '../../../src/shared/errors.ts';
import { nextDenial } from '../../../src/shared/interaction/consent-backoff.ts';
import { createInteraction, type Interaction } from '../../../src/shared/interaction/interaction.ts';
import type { ConsentDenial } from '../../../src/shared/session/facts.ts';
import type { Session } from '../../../src/shared/session/session.ts';
import { sessionContent } from '../../support/session-content.ts';

const start = new Date('2026-08-01T12:00:00Z');
const inSeconds = (seconds: number) => new Date(start.getTime() + seconds * 1000);
const need = { reason: 'consent_required', feature: 'mail', scopes: ['Mail.Read'] } as const;

let now: Date;
let interaction: Interaction;

beforeEach(() => {
  now = start;
  interaction = create();
});

function create(keyByte = 1): Interaction {
  const keyRing = createKeyRing([{ id: 1, bytes: Buffer.alloc(32, keyByte) }]);
  return createInteraction({
    sealer: createTextSealer({
      keyRing,
      purpose: 'interaction-ticket',
      now: () => now,
      random: secureRandomBytes,
    }),
    now: () => now,
    adminConsentUrl: (scopes) => `https://login.example/adminconsent?scope=${scopes.join('+')}`,
  });
}

function sessionWith(
  options: {
    sessionChainId?: string;
    consentDenials?: Record<string, ConsentDenial>;
    grantedScopes?: readonly string[];
  } = {},
): Session {
  return {
    ...sessionContent({ facts: options }),
    locator: {
      userHash: Buffer.alloc(32),
      rowId: Buffer.alloc(32),
      secret: Buffer.alloc(32),
      expiresAt: start,
    },
    lastUsedAt: start,
    generation: 0,
    idleExpiresAt: inSeconds(3600),
    etag: 'first',
  };
}

const ticketOf = ({ extensions }: BffError) =>
  new URLSearchParams(String(extensions['login_url']).split('?')[1]).get('ticket') ?? '';
const thrown = (action: () => void): BffError => {
  try {
    action();
  } catch (error) {
    if (error instanceof BffError) return error;
  }
  throw new Error('nothing was thrown');
};

describe('an interaction', () => {
  it('is a problem with a reason, the permissions and a link that contains only the ticket', () => {
    const problem = interaction.required(sessionWith(), { ...need, correlationId: 'the-correlation' });
    expect(problem).toMatchObject({
      code: 'interaction_required',
      extensions: {
        reason: 'consent_required',
        feature: 'mail',
        scopes: ['Mail.Read'],
        correlation_id: 'the-correlation',
      },
    });
    expect(problem.extensions['login_url']).toMatch(/^\/api\/auth\/login\?ticket=[\w-]+$/);
  });

  it('has a ticket with scopes and claims, which can be used repeatedly for ten minutes', {
    tags: ['LR-5'],
  }, () => {
    const session = sessionWith();
    const claims = '{"access_token":{"nbf":{"essential":true,"value":"1"}}}';
    const ticket = ticketOf(interaction.required(session, { ...need, claims }));
    for (let use = 0; use < 3; use++) {
      expect(interaction.openTicket(ticket, session)).toEqual({
        feature: 'mail',
        scopes: ['Mail.Read'],
        claims,
      });
    }
    now = inSeconds(599);
    expect(interaction.openTicket(ticket, session)).toBeDefined();
    now = inSeconds(600);
    expect(interaction.openTicket(ticket, session)).toBeUndefined();
  });

  it('has a detail for the user, because pages show it: no member, no URL and no word about calls', () => {
    const reasons = interactionReasons.map((reason) =>
      interaction.required(sessionWith(), { ...need, reason }),
    );
    const askAgainAt = inSeconds(60).toISOString();
    const session = sessionWith({ consentDenials: { mail: { by: 'user', count: 1, askAgainAt } } });
    const declined = thrown(() => interaction.requireNoActiveDenial(session, 'mail', ['Mail.Read']));
    for (const { detail, code, extensions } of [...reasons, declined]) {
      expect(detail, `${code} ${extensions.reason}`).toMatch(/^[A-Z][^_]+\.$/);
      expect(detail).not.toMatch(/\bcall\b|\burl\b|behind a button/i);
    }
  });

  it('that only an administrator can complete has a link for the administrator', () => {
    expect(interaction.required(sessionWith(), { ...need, reason: 'admin_consent_required' })).toMatchObject({
      code: 'admin_consent_required',
      status: 403,
      extensions: {
        feature: 'mail',
        login_url: '/api/auth/login?feature=mail',
        admin_consent_url: 'https://login.example/adminconsent?scope=Mail.Read',
      },
    });
  });

  describe('refuses', () => {
    it('a ticket that is forged, changed, of another session or used without a session', {
      tags: ['LR-5'],
    }, () => {
      const session = sessionWith({ sessionChainId: 'mine' });
      const ticket = ticketOf(interaction.required(session, need));
      expect(interaction.openTicket(ticket, sessionWith({ sessionChainId: 'other' }))).toBeUndefined();
      expect(interaction.openTicket(ticket, undefined)).toBeUndefined();
      expect(create(2).openTicket(ticket, session)).toBeUndefined();
      for (let at = 0; at < ticket.length; at++) {
        const changed = `${ticket.slice(0, at)}${ticket[at] === 'A' ? 'B' : 'A'}${ticket.slice(at + 1)}`;
        expect(interaction.openTicket(changed, session)).toBeUndefined();
      }
      for (const text of ['', 'x', '{}', `${ticket}A`, 'A'.repeat(10_000)]) {
        expect(interaction.openTicket(text, session)).toBeUndefined();
      }
    });
  });
});

describe('a permission that was declined', () => {
  const denied = (by: ConsentDenial['by'], seconds = 60) => ({
    mail: { by, count: 1, askAgainAt: inSeconds(seconds).toISOString() },
  });

  it('is not requested again automatically before the back-off ends', () => {
    const session = sessionWith({ consentDenials: denied('user') });
    const problem = thrown(() => interaction.requireNoActiveDenial(session, 'mail', ['Mail.Read']));
    expect(problem).toMatchObject({
      code: 'consent_declined',
      extensions: { ask_again_at: inSeconds(60).toISOString(), login_url: '/api/auth/login?feature=mail' },
    });
    now = inSeconds(60);
    expect(() => interaction.requireNoActiveDenial(session, 'mail', ['Mail.Read'])).not.toThrow();
  });

  it('by an administrator is reported with the link for the administrator', () => {
    const session = sessionWith({ consentDenials: denied('administrator') });
    expect(thrown(() => interaction.requireNoActiveDenial(session, 'mail', ['Mail.Read']))).toMatchObject({
      code: 'admin_consent_required',
      extensions: { admin_consent_url: expect.stringContaining('Mail.Read') },
    });
  });

  it('affects neither granted permissions nor other features', () => {
    const session = sessionWith({
      consentDenials: denied('user'),
      grantedScopes: ['User.Read', 'Mail.Read'],
    });
    expect(() => interaction.requireNoActiveDenial(session, 'mail', ['Mail.Read'])).not.toThrow();
    const other = sessionWith({ consentDenials: denied('user') });
    expect(() => interaction.requireNoActiveDenial(other, 'calendar', ['Calendars.Read'])).not.toThrow();
    expect(() => interaction.requireNoActiveDenial(other, 'constructor', ['X'])).not.toThrow();
  });

  it('is requested after four times the pause each time, at most a day', () => {
    const pauses: number[] = [];
    let known: ConsentDenial | undefined;
    for (let time = 0; time < 5; time++) {
      known = nextDenial(known, 'user', start);
      pauses.push((Date.parse(known.askAgainAt) - start.getTime()) / 3_600_000);
    }
    expect(pauses).toEqual([1, 4, 16, 24, 24]);
    expect(nextDenial(known, 'administrator', start)).toEqual({
      by: 'administrator',
      count: 1,
      askAgainAt: inSeconds(300).toISOString(),
    });
  });
});
