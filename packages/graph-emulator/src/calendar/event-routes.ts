import type { GraphCall } from '../call.ts';
import { changeItem, createItem, itemsOf, storeOf } from '../collection.ts';
import { entityOptions, listOptions } from '../odata/options.ts';
import type { Route } from '../route.ts';
import { calendars, eventList, eventReply, requireCalendar } from './calendars.ts';
import { events, requireChangeable, requireEvent } from './events.ts';

const { reads, writes } = events;

/** Events of the calendar, at each of its addresses. */
export const eventRoutes: readonly Route[] = calendars.flatMap((calendar): Route[] => {
  const one = `${calendar}/events/{event}`;
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
  ];
});

/** The key of the calendar comes before that of the event. @throws {GraphError} if the calendar does not exist */
function eventId(call: GraphCall, keys: readonly string[]): string {
  requireCalendar(call, keys.length > 1 ? keys[0] : undefined);
  return keys.at(-1) ?? '';
}
