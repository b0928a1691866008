import type { User } from '@entra-bff/directory';
import { isObject } from '../body.ts';
import { type GraphCall, itemNotFound, me, preference } from '../call.ts';
import { type Collection, itemsOf, toId } from '../collection.ts';
import { GraphError, type GraphObject } from '../reply.ts';
import { eventType } from './event-type.ts';
import { occurrencesOf } from './recurrence.ts';
import { toInstantMs, toZonedTime, type ZonedTime } from './zones.ts';

const hourMs = 60 * 60 * 1000;
const tenYearsMs = 10 * 365 * 24 * hourMs;

/** The events of the user. They are stored in UTC. */
export const events: Collection = {
  path: '/me/events',
  set: 'events',
  type: eventType,
  reads: ['Calendars.ReadBasic', 'Calendars.Read', 'Calendars.ReadWrite'],
  writes: ['Calendars.ReadWrite'],
  given: (call) => givenEventsOf(me(call), call.now),
  create(call, body) {
    const { name, mail } = me(call);
    const organizer = { emailAddress: { name, address: mail } };
    const type = isObject(body['recurrence']) ? 'seriesMaster' : 'singleInstance';
    const event = { ...newEvent(organizer, call.now, true), ...body, ...timesOf(body), type };
    // A pattern that is not emulated is refused now.
    instancesOf(event, startMsOf(event));
    return event;
  },
  change(call, event, body) {
    const times = timesOf({ start: event['start'], end: event['end'], ...body });
    return { ...event, ...body, ...times, lastModifiedDateTime: call.now.toISOString() };
  },
};

/** Returns the events of the next days that every user has. */
function givenEventsOf(user: User, now: Date): GraphObject[] {
  const subjects = ['Planning', 'One to one', 'Design review', 'Dentist', 'All hands'];
  const todayMs = Math.floor(now.getTime() / (24 * hourMs)) * 24 * hourMs;
  const organizer = { emailAddress: { name: 'Nora Nilsen', address: 'nora.nilsen@contoso.example' } };
  return subjects.map((subject, at) => {
    const startMs = todayMs + (at * 24 + 9 + at) * hourMs;
    return {
      ...newEvent(organizer, new Date(todayMs), false),
      id: toId(`${user.id} event ${at}`),
      subject,
      start: toZonedTime(startMs, 'UTC'),
      end: toZonedTime(startMs + hourMs, 'UTC'),
      originalStartTimeZone: 'UTC',
      originalEndTimeZone: 'UTC',
      location: { displayName: user.officeLocation },
      locations: [{ displayName: user.officeLocation }],
      attendees: [
        {
          type: 'required',
          status: { response: 'none', time: '0001-01-01T00:00:00Z' },
          emailAddress: { name: user.name, address: user.mail },
        },
      ],
    };
  });
}

function newEvent(organizer: GraphObject, now: Date, isOrganizer: boolean): GraphObject {
  const at = now.toISOString();
  const changeKey = Buffer.from(at).toString('base64');
  return {
    '@odata.etag': `W/"${changeKey}"`,
    allowNewTimeProposals: true,
    attendees: [],
    body: { contentType: 'text', content: '' },
    bodyPreview: '',
    categories: [],
    changeKey,
    createdDateTime: at,
    hasAttachments: false,
    hideAttendees: false,
    iCalUId: toId(`uid ${at}`),
    importance: 'normal',
    isAllDay: false,
    isCancelled: false,
    isDraft: false,
    isOnlineMeeting: false,
    isOrganizer,
    isReminderOn: true,
    lastModifiedDateTime: at,
    location: { displayName: '' },
    locations: [],
    onlineMeeting: null,
    onlineMeetingProvider: 'unknown',
    onlineMeetingUrl: null,
    organizer,
    originalStart: null,
    recurrence: null,
    reminderMinutesBeforeStart: 15,
    responseRequested: true,
    responseStatus: { response: isOrganizer ? 'organizer' : 'none', time: '0001-01-01T00:00:00Z' },
    sensitivity: 'normal',
    seriesMasterId: null,
    showAs: 'busy',
    subject: '',
    transactionId: null,
    type: 'singleInstance',
    webLink: 'https://outlook.office365.com/owa/',
  };
}

/** Returns the times of an event in UTC. @throws {GraphError} if one is missing or the end is before the start */
function timesOf({ start, end }: GraphObject): GraphObject {
  const [from, to] = [requireTime(start, 'start'), requireTime(end, 'end')];
  const [startMs, endMs] = [toInstantMs(from), toInstantMs(to)];
  if (endMs < startMs)
    throw new GraphError(400, 'ErrorPropertyValidationFailure', 'The end of the event is before its start.');
  return {
    start: toZonedTime(startMs, 'UTC'),
    end: toZonedTime(endMs, 'UTC'),
    originalStartTimeZone: from.timeZone,
    originalEndTimeZone: to.timeZone,
  };
}

function requireTime(value: unknown, name: string): ZonedTime {
  if (isObject(value)) {
    const { dateTime, timeZone = 'UTC' } = value;
    if (typeof dateTime === 'string' && typeof timeZone === 'string') return { dateTime, timeZone };
  }
  throw new GraphError(
    400,
    'ErrorPropertyValidationFailure',
    `At least one property failed validation: '${name}'.`,
  );
}

export function startMsOf(event: GraphObject): number {
  return toInstantMs(requireTime(event['start'], 'start'));
}

export function endMsOf(event: GraphObject): number {
  return toInstantMs(requireTime(event['end'], 'end'));
}

/** Returns events, and the occurrences of series, that overlap a window, oldest first. */
export function eventsBetween(all: readonly GraphObject[], fromMs: number, toMs: number): GraphObject[] {
  return all
    .flatMap((event) => (isObject(event['recurrence']) ? instancesOf(event, toMs) : [event]))
    .filter((event) => startMsOf(event) < toMs && endMsOf(event) > fromMs)
    .sort((left, right) => startMsOf(left) - startMsOf(right));
}

/** Returns the occurrences of a series that begin before an instant. They repeat at the local time of the first one. */
function instancesOf(master: GraphObject, beforeMs: number): GraphObject[] {
  const { recurrence, originalStartTimeZone } = master;
  if (!isObject(recurrence)) return [];
  const zone = String(originalStartTimeZone);
  const lengthMs = endMsOf(master) - startMsOf(master);
  const firstLocal = toZonedTime(startMsOf(master), zone).dateTime;
  const localMs = toInstantMs({ dateTime: firstLocal, timeZone: 'UTC' });
  return occurrencesOf(recurrence, localMs, beforeMs + 24 * hourMs).map((ms) => {
    const { dateTime } = toZonedTime(ms, 'UTC');
    const startMs = toInstantMs({ dateTime, timeZone: zone });
    return {
      ...master,
      id: `${String(master['id'])}.${dateTime.slice(0, 10)}`,
      type: 'occurrence',
      recurrence: null,
      seriesMasterId: master['id'],
      start: toZonedTime(startMs, 'UTC'),
      end: toZonedTime(startMs + lengthMs, 'UTC'),
    };
  });
}

/** Returns an event or an occurrence of a series. */
export function requireEvent(call: GraphCall, id: string): GraphObject {
  const all = itemsOf(call, events);
  const farMs = call.now.getTime() + tenYearsMs;
  const found =
    all.find((event) => event['id'] === id) ??
    all.flatMap((event) => instancesOf(event, farMs)).find((event) => event['id'] === id);
  if (found === undefined) throw itemNotFound();
  return found;
}

/** Only whole series can be changed. @throws {GraphError} for an occurrence */
export function requireChangeable(call: GraphCall, id: string): void {
  if (requireEvent(call, id)['type'] === 'occurrence')
    throw new GraphError(501, 'NotImplemented', 'The emulator does not emulate exceptions of a series.');
}

/** Returns an event with its times in the zone that the call prefers. The default is UTC. */
export function inPreferredZone(call: GraphCall, event: GraphObject): GraphObject {
  const zone = preference(call, 'outlook.timezone') ?? 'UTC';
  return {
    ...event,
    start: toZonedTime(startMsOf(event), zone),
    end: toZonedTime(endMsOf(event), zone),
  };
}
