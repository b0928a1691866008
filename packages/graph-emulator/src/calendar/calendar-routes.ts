import { entityReply, listReply } from '../answer.ts';
import { type GraphCall, itemNotFound, me } from '../call.ts';
import { changeItem, createItem, itemsOf, requireItem, storeOf, toId } from '../collection.ts';
import { deltaReply, outlookDeltaOptions, outlookTokens, removedItem } from '../delta.ts';
import { toInstantMs as readInstantMs } from '../odata/compare.ts';
import { entityOptions, listOptions, type QueryOptions } from '../odata/options.ts';
import { GraphError, type GraphObject, type GraphReply } from '../reply.ts';
import type { Route } from '../route.ts';
import { calendarType, eventType, reminderType } from './event-type.ts';
import {
  events,
  eventsBetween,
  inPreferredZone,
  requireChangeable,
  requireEvent,
  startMsOf,
} from './events.ts';

const { reads, writes } = events;
const windowOptions = ['startDateTime', 'endDateTime'];
const set = ({ caller }: GraphCall) => `users('${caller.userId}')/events`;

/** The addresses of the default calendar, which is the only one. */
const calendars = ['/me', '/me/calendar', '/me/calendars/{calendar}'];

/** Calendars, their events and their views. */
export const calendarRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/me/calendars',
    scopes: reads,
    options: listOptions,
    handle: (call) => listReply(call, { set: 'calendars', type: calendarType, items: [calendarOf(call)] }),
  },
  ...['/me/calendar', '/me/calendars/{calendar}'].map(
    (path): Route => ({
      method: 'GET',
      path,
      scopes: reads,
      options: entityOptions,
      handle: (call, id) => entityReply(call, 'calendars', calendarType, requireCalendar(call, id)),
    }),
  ),
  ...calendars.flatMap(routesOfCalendar),
  {
    method: 'GET',
    path: '/me/events/{event}/instances',
    scopes: reads,
    options: [...listOptions, ...windowOptions],
    handle(call, id = '') {
      const master = requireItem(call, events, [], id);
      return eventList(call, inWindow([master], windowOf(call.options)));
    },
  },
  {
    method: 'GET',
    path: "/me/reminderView(startDateTime='{start}',endDateTime='{end}')",
    scopes: reads,
    options: listOptions,
    handle(call, start = '', end = '') {
      const items = inWindow(itemsOf(call, events), parseWindow(start, end))
        .filter((event) => event['isReminderOn'] === true)
        .map((event) => toReminder(inPreferredZone(call, event)));
      return listReply(call, { set: 'Collection(microsoft.graph.reminder)', type: reminderType, items });
    },
  },
];

function routesOfCalendar(calendar: string): Route[] {
  const one = `${calendar}/events/{event}`;
  // The key of the calendar comes before that of the event.
  const eventId = (call: GraphCall, keys: readonly string[]): string => {
    requireCalendar(call, keys.length > 1 ? keys[0] : undefined);
    return keys.at(-1) ?? '';
  };
  return [
    {
      method: 'GET',
      path: `${calendar}/events`,
      scopes: reads,
      options: listOptions,
      handle(call, id) {
        requireCalendar(call, id);
        return eventList(call, itemsOf(call, events));
      },
    },
    {
      method: 'POST',
      path: `${calendar}/events`,
      scopes: writes,
      handle(call, id) {
        requireCalendar(call, id);
        return eventReply(call, createItem(call, events, []), 201);
      },
    },
    {
      method: 'GET',
      path: one,
      scopes: reads,
      options: entityOptions,
      handle: (call, ...keys) => eventReply(call, requireEvent(call, eventId(call, keys))),
    },
    {
      method: 'PATCH',
      path: one,
      scopes: writes,
      handle(call, ...keys) {
        const id = eventId(call, keys);
        requireChangeable(call, id);
        return eventReply(call, changeItem(call, events, [], id));
      },
    },
    {
      method: 'DELETE',
      path: one,
      scopes: writes,
      handle(call, ...keys) {
        const id = eventId(call, keys);
        requireChangeable(call, id);
        storeOf(call, events, []).remove(id);
        return { status: 204 };
      },
    },
    {
      method: 'GET',
      path: `${calendar}/calendarView`,
      scopes: reads,
      options: [...listOptions, ...windowOptions],
      handle(call, id) {
        requireCalendar(call, id);
        return eventList(call, inWindow(itemsOf(call, events), windowOf(call.options)));
      },
    },
    {
      method: 'GET',
      path: `${calendar}/calendarView/delta`,
      scopes: reads,
      options: [...outlookDeltaOptions, ...windowOptions],
      handle(call, id) {
        requireCalendar(call, id);
        return deltaReply(call, outlookTokens, (options) => ({
          set: set(call),
          type: eventType,
          items: inWindow(itemsOf(call, events), windowOf(options)).map((event) =>
            inPreferredZone(call, event),
          ),
          linkPath: `${calendar.startsWith('/me/calendars') ? '/me/calendar' : calendar}/calendarView/delta`,
          changes: storeOf(call, events, []),
          contained: (before) => before === undefined || inWindow([before], windowOf(options)).length > 0,
          removed: removedItem,
        }));
      },
    },
  ];
}

function calendarOf(call: GraphCall): GraphObject {
  const { id, name, mail } = me(call);
  return {
    id: toId(`${id} calendar`),
    allowedOnlineMeetingProviders: [],
    canEdit: true,
    canShare: true,
    canViewPrivateItems: true,
    changeKey: toId(`${id} calendar key`).slice(4, 28),
    color: 'auto',
    defaultOnlineMeetingProvider: 'unknown',
    hexColor: '',
    isDefaultCalendar: true,
    isRemovable: false,
    isTallyingResponses: true,
    name: 'Calendar',
    owner: { name, address: mail },
  };
}

/** @param id undefined stands for the default calendar */
function requireCalendar(call: GraphCall, id: string | undefined): GraphObject {
  const calendar = calendarOf(call);
  if (id !== undefined && id !== calendar['id']) throw itemNotFound();
  return calendar;
}

function eventList(call: GraphCall, items: readonly GraphObject[]): GraphReply {
  const zoned = items.map((event) => inPreferredZone(call, event));
  return listReply(call, { set: set(call), type: eventType, items: zoned });
}

export function eventReply(call: GraphCall, event: GraphObject, status = 200): GraphReply {
  return entityReply(call, set(call), eventType, inPreferredZone(call, event), status);
}

interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

function inWindow(all: readonly GraphObject[], { fromMs, toMs }: Window): GraphObject[] {
  return eventsBetween(all, fromMs, toMs);
}

function windowOf(options: QueryOptions): Window {
  return parseWindow(options.get('startDateTime') ?? '', options.get('endDateTime') ?? '');
}

function parseWindow(start: string, end: string): Window {
  const [fromMs, toMs] = [readInstantMs(start), readInstantMs(end)];
  if (fromMs !== undefined && toMs !== undefined) return { fromMs, toMs };
  throw new GraphError(
    400,
    'ErrorInvalidParameter',
    "This request requires a time window specified by the query string parameters 'startDateTime' and 'endDateTime'.",
  );
}

function toReminder(event: GraphObject): GraphObject {
  const before = Number(event['reminderMinutesBeforeStart']) * 60_000;
  const startMs = startMsOf(event);
  return {
    changeKey: event['changeKey'],
    eventEndTime: event['end'],
    eventId: event['id'],
    eventLocation: event['location'],
    eventStartTime: event['start'],
    eventSubject: event['subject'],
    eventWebLink: event['webLink'],
    reminderFireTime: {
      dateTime: new Date(startMs - before).toISOString().replace(/\.\d{3}Z$/, '.0000000'),
      timeZone: 'UTC',
    },
  };
}
