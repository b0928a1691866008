import { eventsOf } from './mailbox.ts';
import { GraphError, type GraphObject } from './reply.ts';
import {
  collectionRoutes,
  type GraphCall,
  itemNotFound,
  listReply,
  me,
  parseObject,
  type Route,
  toId,
} from './route.ts';

const readsBasics = ['Calendars.ReadBasic', 'Calendars.Read', 'Calendars.ReadWrite'];
const writes = ['Calendars.ReadWrite'];

const eventRoutes = collectionRoutes({
  path: '/me/events',
  set: 'events',
  reads: readsBasics,
  writes,
  items: (call) => eventsOf(me(call), call.now),
  defaults: { subject: '', location: { displayName: '' }, start: null, end: null },
});

export const calendarRoutes: readonly Route[] = [
  ...eventRoutes,
  {
    method: 'GET',
    path: /^\/me\/calendars$/,
    scopes: readsBasics,
    handle: (call) =>
      listReply(call, 'calendars', [
        { id: toId(`${me(call).id} calendar`), name: 'Calendar', isDefaultCalendar: true, canEdit: true },
      ]),
  },
  {
    method: 'GET',
    path: /^\/me\/calendarView$/,
    scopes: readsBasics,
    handle(call) {
      const events = inWindow(call, call.query.get('startDateTime'), call.query.get('endDateTime'));
      return listReply(call, 'calendarView', events);
    },
  },
  {
    method: 'GET',
    path: /^\/me\/reminderView\(startDateTime='([^']*)',endDateTime='([^']*)'\)$/,
    scopes: readsBasics,
    handle(call, start = '', end = '') {
      const reminders = inWindow(call, start, end).map((event) => ({
        id: event['id'],
        eventId: event['id'],
        eventSubject: event['subject'],
        eventStartTime: event['start'],
        eventEndTime: event['end'],
        reminderFireTime: event['start'],
      }));
      return listReply(call, 'reminder', reminders);
    },
  },
  {
    method: 'POST',
    path: /^\/me\/calendar\/getSchedule$/,
    scopes: readsBasics,
    handle(call) {
      const { schedules } = parseObject(call.body);
      if (!Array.isArray(schedules) || schedules.length === 0)
        throw new GraphError(400, 'ErrorInvalidRequest', 'The schedules are missing.');
      const value = schedules.map((scheduleId: unknown) => ({
        scheduleId,
        availabilityView: '002200000',
        scheduleItems: [],
      }));
      return { status: 200, body: { value } };
    },
  },
  ...['accept', 'tentativelyAccept', 'decline'].map(
    (action): Route => ({
      method: 'POST',
      path: new RegExp(`^/me/events/([^/]+)/${action}$`),
      scopes: writes,
      handle(call, id) {
        if (!eventsOf(me(call), call.now).some((event) => event['id'] === id)) throw itemNotFound();
        return { status: 202 };
      },
    }),
  ),
];

function inWindow(call: GraphCall, start: string | null, end: string | null): GraphObject[] {
  const [fromMs, toMs] = [Date.parse(start ?? ''), Date.parse(end ?? '')];
  if (Number.isNaN(fromMs) || Number.isNaN(toMs)) {
    const message =
      "This request requires a time window specified by the query string parameters 'startDateTime' and 'endDateTime'.";
    throw new GraphError(400, 'ErrorInvalidParameter', message);
  }
  return eventsOf(me(call), call.now).filter(({ start: begins }) => {
    const beginsMs =
      typeof begins === 'object' && begins !== null ? Date.parse(`${Reflect.get(begins, 'dateTime')}Z`) : 0;
    return beginsMs >= fromMs && beginsMs < toMs;
  });
}
