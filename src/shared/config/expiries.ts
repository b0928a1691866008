import { X509Certificate } from 'node:crypto';
import { describeExpiry, type Expiry, toDay } from '../health/expiry.ts';
import type { SettingValues } from './settings.ts';
import { signatureExpiresAt } from './table-validators.ts';

/** The settings whose value shows when it expires. A client secret does not show that. */
export function findExpiries(
  values: Pick<Partial<SettingValues>, 'ENTRA_CERTIFICATE' | 'SESSION_TABLE_CONNECTION_STRING'>,
): readonly Expiry[] {
  const { ENTRA_CERTIFICATE: pem, SESSION_TABLE_CONNECTION_STRING: connectionString } = values;
  const signatureExpiry = connectionString === undefined ? undefined : signatureExpiresAt(connectionString);
  return [
    ...(pem === undefined ? [] : [toExpiry(new X509Certificate(pem))]),
    ...(signatureExpiry === undefined
      ? []
      : [
          {
            setting: 'SESSION_TABLE_CONNECTION_STRING',
            expiresAt: signatureExpiry,
            replacement: 'a connection string with a newer shared access signature',
          },
        ]),
  ];
}

function toExpiry({ validFrom, validTo }: X509Certificate): Expiry {
  return {
    setting: 'ENTRA_CERTIFICATE',
    startsAt: new Date(validFrom),
    expiresAt: new Date(validTo),
    replacement:
      'a newer certificate that is uploaded to the app registration, and ENTRA_CERTIFICATE_KEY to its key',
  };
}

/** For certificates that were made a moment ago, on a machine whose clock is ahead. */
const CLOCK_SKEW_MS = 5 * 60_000;

export function expiryIssues(expiries: readonly Expiry[], now: Date): readonly string[] {
  return expiries.flatMap(({ setting, startsAt, expiresAt, replacement }) => {
    if (expiresAt <= now) return [`${setting} expired on ${toDay(expiresAt)}; set it to ${replacement}.`];
    return startsAt !== undefined && startsAt.getTime() > now.getTime() + CLOCK_SKEW_MS
      ? [
          `${setting} is not valid before ${startsAt.toISOString()}; set it to a certificate that is valid now.`,
        ]
      : [];
  });
}

export function expiryWarnings(expiries: readonly Expiry[], now: Date): readonly string[] {
  return expiries.flatMap((expiry) => {
    const described = describeExpiry(expiry, now);
    return described === undefined
      ? []
      : [`${expiry.setting} ${described}; set it to ${expiry.replacement}.`];
  });
}
