/** A claim with its explanation for administrators. */
export interface LabeledClaim {
  readonly claim: string;
  readonly label: string;
  readonly usedFor: string;
  readonly value: string;
}

interface ClaimDescription {
  readonly label: string;
  /** What this service uses the claim for. */
  readonly usedFor: string;
  /** `seconds` is Unix time. Default: text. */
  readonly format?: 'seconds';
}

/** In the order in which they are shown. */
const descriptions: Readonly<Record<string, ClaimDescription>> = {
  name: { label: 'Name', usedFor: 'Shown on pages. Not used for access decisions.' },
  preferred_username: {
    label: 'Username',
    usedFor: 'Shown on pages. Not used for access decisions, because it can be reassigned to another user.',
  },
  roles: { label: 'App roles', usedFor: 'Control what the user may do. They must match exactly.' },
  groups: { label: 'Groups', usedFor: 'Compared with guards that name groups, by group ID.' },
  acrs: {
    label: 'Authentication contexts',
    usedFor: 'Strength of the sign-in, for guards that require one.',
  },
  acct: { label: 'Guest', usedFor: '1 for a guest of this tenant, 0 for a member.' },
  idp: {
    label: 'Identity provider',
    usedFor: 'Present if the user signed in at another organization, as guests do.',
  },
  tid: {
    label: 'Tenant',
    usedFor: 'Identifies the user, together with the object ID. Must be an allowed tenant.',
  },
  oid: { label: 'Object ID', usedFor: 'Identifies the user, together with the tenant.' },
  sub: { label: 'Subject', usedFor: 'Identifies the user in this app only. Must be present.' },
  iss: { label: 'Issuer', usedFor: 'Issued the token. Must be the sign-in service of the tenant.' },
  aud: { label: 'Audience', usedFor: 'Recipient of the token. Must be this app and no other.' },
  iat: {
    label: 'Issued',
    usedFor: 'When Entra ID issued the token, or up to five minutes earlier.',
    format: 'seconds',
  },
  nbf: { label: 'Valid from', usedFor: 'The token is not accepted earlier.', format: 'seconds' },
  exp: {
    label: 'Valid until',
    usedFor: 'The token is not accepted later. The session has its own limits.',
    format: 'seconds',
  },
  auth_time: {
    label: 'Authenticated',
    usedFor: 'When the user last proved their identity. Administrative changes require a recent time.',
    format: 'seconds',
  },
  sid: {
    label: 'Entra ID session',
    usedFor: 'Ends the sessions in this app when the user signs out of another app.',
  },
  login_hint: {
    label: 'Login hint',
    usedFor: 'Sent to Entra ID so that the user does not have to pick an account.',
  },
  nonce: { label: 'Nonce', usedFor: 'Binds the token to this sign-in.' },
  ver: { label: 'Token version', usedFor: 'Not used.' },
};

/** The verified claims: those described here in their order, then all others by name. */
export function labelClaims(claims: Readonly<Record<string, unknown>>): readonly LabeledClaim[] {
  const order = Object.keys(descriptions);
  const rank = (claim: string) => (order.includes(claim) ? order.indexOf(claim) : order.length);
  return Object.entries(claims)
    .sort(([left], [right]) => rank(left) - rank(right) || left.localeCompare(right))
    .map(([claim, value]) => {
      const unknownClaim: ClaimDescription = { label: claim, usedFor: 'Not used.' };
      const { label, usedFor, format } = descriptions[claim] ?? unknownClaim;
      return { claim, label, usedFor, value: toText(value, format) };
    });
}

/** The latest time that a Date writes with a year of four digits. */
const LATEST_SECONDS = 253_402_300_799;

function toText(value: unknown, format: ClaimDescription['format']): string {
  if (format === 'seconds' && typeof value === 'number' && Math.abs(value) <= LATEST_SECONDS) {
    return `${new Date(value * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  }
  if (Array.isArray(value)) return value.map(String).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
