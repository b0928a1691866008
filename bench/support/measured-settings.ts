import { developmentSettings } from '../../dev/development-settings.ts';

/** The settings of `npm start`. One user makes all calls, so the limit is counted but never reached. */
export function measuredSettings(
  addresses: Parameters<typeof developmentSettings>[0],
): Record<string, string> {
  return { ...developmentSettings(addresses, {}), RATE_LIMIT_CALLS_PER_SECOND: '10000' };
}
