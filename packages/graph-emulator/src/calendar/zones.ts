import { GraphError } from '../reply.ts';

/** Windows' names of time zones that Outlook uses, with those of IANA. */
const windowsZones: Readonly<Record<string, string>> = {
  UTC: 'UTC',
  'GMT Standard Time': 'Europe/London',
  'Greenwich Standard Time': 'Atlantic/Reykjavik',
  'W. Europe Standard Time': 'Europe/Berlin',
  'Central Europe Standard Time': 'Europe/Budapest',
  'Central European Standard Time': 'Europe/Warsaw',
  'Romance Standard Time': 'Europe/Paris',
  'GTB Standard Time': 'Europe/Bucharest',
  'E. Europe Standard Time': 'Europe/Chisinau',
  'FLE Standard Time': 'Europe/Kiev',
  'Turkey Standard Time': 'Europe/Istanbul',
  'Russian Standard Time': 'Europe/Moscow',
  'Israel Standard Time': 'Asia/Jerusalem',
  'South Africa Standard Time': 'Africa/Johannesburg',
  'Arabian Standard Time': 'Asia/Dubai',
  'India Standard Time': 'Asia/Kolkata',
  'SE Asia Standard Time': 'Asia/Bangkok',
  'Singapore Standard Time': 'Asia/Singapore',
  'China Standard Time': 'Asia/Shanghai',
  'Tokyo Standard Time': 'Asia/Tokyo',
  'Korea Standard Time': 'Asia/Seoul',
  'AUS Eastern Standard Time': 'Australia/Sydney',
  'New Zealand Standard Time': 'Pacific/Auckland',
  'E. South America Standard Time': 'America/Sao_Paulo',
  'Argentina Standard Time': 'America/Buenos_Aires',
  'Atlantic Standard Time': 'America/Halifax',
  'Eastern Standard Time': 'America/New_York',
  'Central Standard Time': 'America/Chicago',
  'Mountain Standard Time': 'America/Denver',
  'US Mountain Standard Time': 'America/Phoenix',
  'Pacific Standard Time': 'America/Los_Angeles',
  'Alaskan Standard Time': 'America/Anchorage',
  'Hawaiian Standard Time': 'Pacific/Honolulu',
};

/** A date with its time zone, as Outlook has it. */
export interface ZonedTime {
  readonly dateTime: string;
  readonly timeZone: string;
}

/** Returns the instant of a local time. @throws {GraphError} if the zone or the time is unknown */
export function toInstantMs({ dateTime, timeZone }: ZonedTime): number {
  if (/(?:Z|[+-]\d\d:\d\d)$/.test(dateTime)) return parse(dateTime, dateTime);
  const asUtcMs = parse(`${dateTime.replace(/(\.\d{3})\d+$/, '$1')}Z`, dateTime);
  const offsetMs = offsetAt(asUtcMs, timeZone);
  // Near a change of the clocks, the offset of the guessed instant is another one.
  return asUtcMs - offsetAt(asUtcMs - offsetMs, timeZone);
}

/** Returns the local time of an instant. @throws {GraphError} if the zone is unknown */
export function toZonedTime(instantMs: number, timeZone: string): ZonedTime {
  const local = new Date(instantMs + offsetAt(instantMs, timeZone)).toISOString();
  return { dateTime: local.replace(/\.\d{3}Z$/, '.0000000'), timeZone };
}

function parse(text: string, given: string): number {
  const ms = Date.parse(text);
  if (!Number.isNaN(ms)) return ms;
  throw new GraphError(400, 'ErrorPropertyValidationFailure', `'${given}' is not a date and time.`);
}

function offsetAt(instantMs: number, timeZone: string): number {
  const formatter = formatterOf(timeZone);
  const fields = Object.fromEntries(
    formatter.formatToParts(instantMs).map(({ type, value }) => [type, value]),
  );
  const text = `${fields['year']}-${fields['month']}-${fields['day']}T${fields['hour']}:${fields['minute']}:${fields['second']}Z`;
  return Date.parse(text) - Math.floor(instantMs / 1000) * 1000;
}

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = Object.hasOwn(windowsZones, timeZone) ? windowsZones[timeZone] : timeZone;
  try {
    return new Intl.DateTimeFormat('en-CA', {
      timeZone: known ?? timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
  } catch {
    throw new GraphError(
      400,
      'TimeZoneNotSupportedException',
      `A valid TimeZone value must be specified. The following TimeZone value is not supported: '${timeZone}'.`,
    );
  }
}
