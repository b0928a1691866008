import { listReply } from '../answer.ts';
import { itemsOf, requireItem, storeOf } from '../collection.ts';
import { deltaReply, outlookDeltaOptions, outlookTokens, removedItem } from '../delta.ts';
import { toInstantMs as readInstantMs } from '../odata/compare.ts';
import { listOptions, type QueryOptions } from '../odata/options.ts';
import { GraphError, type GraphObject } from '../reply.ts';
import type { Route } from '../route.ts';
import { calendars, eventList, eventSet, requireCalendar } from './calendars.ts';
import { eventType, reminderType } from './event-type.ts';
import { events, eventsBetween, inPreferredZone, startMsOf } from './events.ts';

const { reads } = events;
const windowOptions = ['startDateTime', 'endDateTime'];

/** Events and occurrences of series in a window of time. */
export const viewRoutes: readonly Route[] = [
  ...calendars.flatMap((calendar): Route[] => [
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
          set: eventSet(call),
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
  ]),
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
