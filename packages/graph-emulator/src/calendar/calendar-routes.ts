import { entityReply, listReply } from '../answer.ts';
import { entityOptions, listOptions } from '../odata/options.ts';
import type { Route } from '../route.ts';
import { calendarOf, requireCalendar } from './calendars.ts';
import { eventRoutes } from './event-routes.ts';
import { calendarType } from './event-type.ts';
import { events } from './events.ts';
import { viewRoutes } from './view-routes.ts';

const { reads } = events;

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
  ...eventRoutes,
  ...viewRoutes,
];
