import { X509Certificate } from 'node:crypto';
import { type Expiry, endsWithinDays } from '../health/expiry.ts';
import type { SettingValues } from './settings.ts';
import { signatureEndsAt } from './table-validators.ts';

/** The settings with an end that can be read from their value. The end of a client secret cannot. */
export function findExpiries(
  values: Pick<Partial<SettingValues>, 'ENTRA_CERTIFICATE' | 'SESSION_TABLE_CONNECTION_STRING'>,
): readonly Expiry[] {
  const { ENTRA_CERTIFICATE: pem, SESSION_TABLE_CONNECTION_STRING: connectionString } = values;
  const signatureEnd = connectionString === undefined ? undefined : signatureEndsAt(connectionString);
  return [
    ...(pem === undefined ? [] : [toExpiry(new X509Certificate(pem))]),
    ...(signatureEnd === undefined
      ? []
      : [
          {
            setting: 'SESSION_TABLE_CONNECTION_STRING',
            endsAt: signatureEnd,
            cure: 'a connection string with a newer shared access signature',
          },
        ]),
  ];
}

function toExpiry({ validFrom, validTo }: X509Certificate): Expiry {
  return {
    setting: 'ENTRA_CERTIFICATE',
    startsAt: new Date(validFrom),
    endsAt: new Date(validTo),
    cure: 'a newer certificate that is uploaded to the app registration, and ENTRA_CERTIFICATE_KEY to its key',
  };
}

/** For certificates that were made a moment ago, on a machine whose clock is ahead. */
const CLOCK_SKEW_MS = 5 * 60_000;

export function expiryIssues(expiries: readonly Expiry[], now: Date): readonly string[] {
  return expiries.flatMap(({ setting, startsAt, endsAt, cure }) => {
    if (endsAt <= now) return [`${setting} ended on ${day(endsAt)}; set it to ${cure}.`];
    return startsAt !== undefined && startsAt.getTime() > now.getTime() + CLOCK_SKEW_MS
      ? [
          `${setting} is not valid before ${startsAt.toISOString()}; set it to a certificate that is valid now.`,
        ]
      : [];
  });
}

export function expiryWarnings(expiries: readonly Expiry[], now: Date): readonly string[] {
  return expiries.flatMap((expiry) => {
    const days = endsWithinDays(expiry, now);
    if (days === undefined) return [];
    const { setting, endsAt, cure } = expiry;
    return [
      `${setting} ends on ${day(endsAt)}, within ${days === 1 ? 'a day' : `${days} days`}; set it to ${cure}.`,
    ];
  });
}

const day = (date: Date) => date.toISOString().slice(0, 10);
