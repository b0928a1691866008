import { entityReply, listReply } from '../answer.ts';
import { type GraphCall, itemNotFound, me } from '../call.ts';
import { toId } from '../collection.ts';
import type { GraphObject, GraphReply } from '../reply.ts';
import { eventType } from './event-type.ts';
import { inPreferredZone } from './events.ts';

/** The addresses of the default calendar, which is the only one. */
export const calendars = ['/me', '/me/calendar', '/me/calendars/{calendar}'];

export const eventSet = ({ caller }: GraphCall): string => `users('${caller.userId}')/events`;

export function calendarOf(call: GraphCall): GraphObject {
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
export function requireCalendar(call: GraphCall, id: string | undefined): GraphObject {
  const calendar = calendarOf(call);
  if (id !== undefined && id !== calendar['id']) throw itemNotFound();
  return calendar;
}

export function eventList(call: GraphCall, items: readonly GraphObject[]): GraphReply {
  const zoned = items.map((event) => inPreferredZone(call, event));
  return listReply(call, { set: eventSet(call), type: eventType, items: zoned });
}

export function eventReply(call: GraphCall, event: GraphObject, status = 200): GraphReply {
  return entityReply(call, eventSet(call), eventType, inPreferredZone(call, event), status);
}
