import { isObject, parseParameters } from '../body.ts';
import type { GraphCall } from '../call.ts';
import { itemsOf, requireItem, storeOf } from '../collection.ts';
import { idOf } from '../directory/user-routes.ts';
import { usersIn } from '../directory/users.ts';
import { GraphError, type GraphObject, type GraphReply } from '../reply.ts';
import type { Route } from '../route.ts';
import { endMsOf, events, eventsBetween, startMsOf } from './events.ts';
import { toInstantMs, type ZonedTime } from './zones.ts';

const responses = {
  accept: 'accepted',
  tentativelyAccept: 'tentativelyAccepted',
  decline: 'declined',
} as const;

/** Responses to invitations, and who is free when. */
export const meetingRoutes: readonly Route[] = [
  ...Object.entries(responses).map(
    ([action, response]): Route => ({
      method: 'POST',
      path: `/me/events/{event}/${action}`,
      scopes: events.writes,
      handle(call, id = '') {
        const event = requireItem(call, events, [], id);
        if (event['isOrganizer'] === true)
          throw new GraphError(
            400,
            'ErrorInvalidRequest',
            "Your request can't be completed. You can't respond to this meeting because you're the meeting organizer.",
          );
        const responseStatus = { response, time: call.now.toISOString() };
        storeOf(call, events, []).save({ ...event, responseStatus });
        return { status: 202 };
      },
    }),
  ),
  {
    method: 'POST',
    path: '/me/calendar/getSchedule',
    scopes: events.reads,
    handle: getSchedule,
  },
];

function getSchedule(call: GraphCall): GraphReply {
  const given = parseParameters(call.body, ['schedules', 'startTime', 'endTime', 'availabilityViewInterval']);
  const { schedules, availabilityViewInterval = 30 } = given;
  if (!Array.isArray(schedules) || schedules.length === 0)
    throw new GraphError(400, 'ErrorInvalidRequest', 'The schedules are missing.');
  const window = { fromMs: requireInstantMs(given.startTime), toMs: requireInstantMs(given.endTime) };
  const intervalMs = Number(availabilityViewInterval) * 60_000;
  const value = schedules.map((schedule: unknown) => scheduleOf(call, String(schedule), window, intervalMs));
  return {
    status: 200,
    body: {
      '@odata.context': `${call.origin}/${call.version}/$metadata#Collection(microsoft.graph.scheduleInformation)`,
      value,
    },
  };
}

function scheduleOf(
  call: GraphCall,
  scheduleId: string,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  intervalMs: number,
): GraphObject {
  const user = usersIn(call.directory, call.caller.tenantId).find(({ mail, username }) =>
    [mail, username].some((name) => name.toLowerCase() === scheduleId.toLowerCase()),
  );
  if (user === undefined) {
    const error = {
      message: `Unable to resolve e-mail address ${scheduleId}.`,
      responseCode: 'ErrorMailRecipientNotFound',
    };
    return { scheduleId, availabilityView: '', error, scheduleItems: [] };
  }
  const userId = idOf(call, user);
  const all = itemsOf({ ...call, caller: { ...call.caller, userId } }, events);
  const busy = eventsBetween(all, fromMs, toMs);
  const length = Math.ceil((toMs - fromMs) / intervalMs);
  const view = Array.from({ length }, (_, at) => {
    const [start, end] = [fromMs + at * intervalMs, fromMs + (at + 1) * intervalMs];
    return busy.some((event) => startMsOf(event) < end && endMsOf(event) > start) ? '2' : '0';
  });
  return {
    scheduleId,
    availabilityView: view.join(''),
    scheduleItems: busy.map(({ start, end, showAs, subject, location }) => ({
      isPrivate: false,
      status: showAs,
      subject,
      location: Reflect.get(Object(location), 'displayName'),
      start,
      end,
    })),
  };
}

function requireInstantMs(value: unknown): number {
  if (isObject(value) && typeof value['dateTime'] === 'string') {
    const time: ZonedTime = { dateTime: value['dateTime'], timeZone: String(value['timeZone'] ?? 'UTC') };
    return toInstantMs(time);
  }
  throw new GraphError(400, 'ErrorInvalidRequest', "'startTime' and 'endTime' are required.");
}
