/** A claim as the administrator reads it. */
export interface LabelledClaim {
  readonly claim: string;
  readonly label: string;
  readonly usedFor: string;
  readonly value: string;
}

type Reading = 'text' | 'time' | 'list';

const known: Readonly<Record<string, { label: string; usedFor: string; reading: Reading }>> = {
  name: { label: 'Name', usedFor: 'Shown on pages. Decides nothing.', reading: 'text' },
  preferred_username: {
    label: 'Address',
    usedFor: 'Shown on pages. Decides nothing: addresses change owners.',
    reading: 'text',
  },
  roles: { label: 'App roles', usedFor: 'Decide who may do what. Matched exactly.', reading: 'list' },
  groups: {
    label: 'Groups',
    usedFor: 'Decide where a guard names groups. By their ids.',
    reading: 'list',
  },
  acrs: {
    label: 'Authentication contexts',
    usedFor: 'How strong the sign-in was, where a guard asks.',
    reading: 'list',
  },
  acct: { label: 'Guest', usedFor: '1 for a person whom this tenant has invited.', reading: 'text' },
  idp: {
    label: 'Signed in by',
    usedFor: 'Somebody else than the issuer: the person is a guest.',
    reading: 'text',
  },
  tid: { label: 'Tenant', usedFor: 'Half of the identity. Must be an allowed tenant.', reading: 'text' },
  oid: {
    label: 'Object id',
    usedFor: 'The other half of the identity: this person in this tenant.',
    reading: 'text',
  },
  sub: { label: 'Subject', usedFor: 'This person for this app alone. Checked to be there.', reading: 'text' },
  iss: { label: 'Issuer', usedFor: 'Who signed. Must be the tenant’s own sign-in service.', reading: 'text' },
  aud: {
    label: 'Audience',
    usedFor: 'Whom the token is for. Must be this app and nobody else.',
    reading: 'text',
  },
  iat: { label: 'Issued', usedFor: 'When Entra wrote this, or five minutes before.', reading: 'time' },
  nbf: { label: 'Valid from', usedFor: 'Not accepted before.', reading: 'time' },
  exp: {
    label: 'Valid until',
    usedFor: 'Not accepted after. The session has limits of its own.',
    reading: 'time',
  },
  auth_time: {
    label: 'Signed in at',
    usedFor: 'When the person last proved who they are. Changes need it to be recent.',
    reading: 'time',
  },
  sid: { label: 'Entra session', usedFor: 'Which of Entra’s sessions this belongs to.', reading: 'text' },
  login_hint: {
    label: 'Login hint',
    usedFor: 'Sent back to Entra, so that nobody has to pick an account.',
    reading: 'text',
  },
  nonce: { label: 'Nonce', usedFor: 'Ties the token to this one sign-in.', reading: 'text' },
  ver: { label: 'Token version', usedFor: 'Not used.', reading: 'text' },
};

/** The verified claims in a fixed order: what decides first, what Entra adds beside it last. */
export function labelClaims(claims: Readonly<Record<string, unknown>>): readonly LabelledClaim[] {
  const order = Object.keys(known);
  const rank = (claim: string) => (order.includes(claim) ? order.indexOf(claim) : order.length);
  return Object.entries(claims)
    .sort(([left], [right]) => rank(left) - rank(right) || left.localeCompare(right))
    .map(([claim, value]) => {
      const entry = known[claim];
      return {
        claim,
        label: entry?.label ?? claim,
        usedFor: entry?.usedFor ?? 'Not used.',
        value: readValue(value, entry?.reading ?? 'text'),
      };
    });
}

const LATEST_SECONDS = 253_402_300_799; // beyond it a Date has no ISO text of four-digit years

function readValue(value: unknown, reading: Reading): string {
  if (reading === 'time' && typeof value === 'number' && Math.abs(value) <= LATEST_SECONDS) {
    return `${new Date(value * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  }
  if (Array.isArray(value)) return value.map(String).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
