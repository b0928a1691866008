import { demoDirectory, demoUsers } from '@entra-bff/directory';
import type { EntraEmulator } from '@entra-bff/entra-emulator';
import { startTestEmulator } from '@entra-bff/entra-emulator/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GraphEmulator, startGraphEmulator } from '../src/emulator.ts';
import { callerOf, readAll } from './caller.ts';

let entra: EntraEmulator;
let graph: GraphEmulator;
let alice: ReturnType<typeof callerOf>;

beforeEach(async () => {
  entra = await startTestEmulator({ directory: demoDirectory });
  graph = await startGraphEmulator({ directory: demoDirectory, entra });
  alice = callerOf({ entra, graph }, demoUsers.alice, 'User.Read Calendars.ReadWrite');
});
afterEach(() => Promise.all([entra.close(), graph.close()]));

const at = (dateTime: string, timeZone = 'UTC') => ({ dateTime, timeZone });
const workshop = { subject: 'Workshop', start: at('2030-06-03T09:00:00'), end: at('2030-06-03T10:30:00') };
const june = 'startDateTime=2030-06-01T00:00:00Z&endDateTime=2030-07-01T00:00:00Z';
const inJune = async (path = '/me/calendarView', headers = {}) =>
  (await alice(`GET ${path}?${june}&$select=subject,start,type`, undefined, headers)).body.value ?? [];

describe('an event that a caller creates', () => {
  it.each(['/me/events', '/me/calendar/events'])('in %s is in every view of the calendar', async (path) => {
    const { status, body } = await alice(`POST ${path}`, workshop);
    expect(status).toBe(201);
    const calendarId = (await alice('GET /me/calendar')).body.id;
    for (const view of [
      '/me/calendarView',
      '/me/calendar/calendarview',
      `/me/calendars/${calendarId}/calendarView`,
    ])
      expect(await inJune(view)).toMatchObject([{ id: body.id, subject: 'Workshop' }]);
    for (const list of ['/me/events', `/me/calendars/${calendarId}/events`])
      expect((await readAll(alice, list)).items.map(({ id }) => id)).toContain(body.id);
    const reminders =
      "/me/reminderView(StartDateTime='2030-06-01T00:00:00Z',EndDateTime='2030-07-01T00:00:00Z')";
    expect((await alice(`GET ${reminders}`)).body.value).toMatchObject([
      { eventId: body.id, reminderFireTime: { dateTime: '2030-06-03T08:45:00.0000000' } },
    ]);
  });

  it('is moved and deleted in the views too', async () => {
    const { body } = await alice('POST /me/events', workshop);
    await alice(`PATCH /me/events/${body.id}`, {
      start: at('2031-06-03T09:00:00'),
      end: at('2031-06-03T10:00:00'),
    });
    expect(await inJune()).toEqual([]);
    await alice(`PATCH /me/events/${body.id}`, {
      start: at('2030-06-30T23:30:00'),
      end: at('2030-07-01T00:30:00'),
    });
    expect(await inJune()).toHaveLength(1);
    await alice(`DELETE /me/events/${body.id}`);
    expect(await inJune()).toEqual([]);
  });

  it('is filtered and ordered by its times', async () => {
    await alice('POST /me/events', workshop);
    const query = "$filter=start/dateTime ge '2030-06-03T00:00'&$orderby=start/dateTime&$select=subject";
    expect((await alice(`GET /me/events?${query}`)).body.value).toMatchObject([{ subject: 'Workshop' }]);
  });

  it.each([
    ['without a start', { subject: 'x' }],
    ['that ends before it starts', { ...workshop, end: at('2030-06-03T08:00:00') }],
    ['in an unknown time zone', { ...workshop, start: at('2030-06-03T09:00:00', 'Moon Standard Time') }],
    ['at a time that is none', { ...workshop, start: at('noon') }],
  ])('is refused %s', async (_what, event) => {
    expect((await alice('POST /me/events', event)).status).toBe(400);
  });
});

describe('time zones', () => {
  it.each(['Europe/Berlin', 'W. Europe Standard Time'])('can be %s', async (zone) => {
    await alice('POST /me/events', {
      ...workshop,
      start: at('2030-06-03T09:00:00', zone),
      end: at('2030-06-03T10:00:00', zone),
    });
    expect(await inJune()).toMatchObject([{ start: at('2030-06-03T07:00:00.0000000') }]);
    const preferred = await inJune('/me/calendarView', {
      Prefer: 'outlook.timezone="Pacific Standard Time"',
    });
    expect(preferred).toMatchObject([{ start: at('2030-06-03T00:00:00.0000000', 'Pacific Standard Time') }]);
  });
});

describe('a series', () => {
  const create = (pattern: object, range: object) =>
    alice('POST /me/events', { ...workshop, recurrence: { pattern, range } });
  const days = async () =>
    (await inJune()).map(({ start }) => String(Reflect.get(Object(start), 'dateTime')).slice(8, 10));

  it.each([
    ['daily', { type: 'daily', interval: 7 }, { type: 'noEnd' }, ['03', '10', '17', '24']],
    [
      'weekly',
      { type: 'weekly', interval: 1, daysOfWeek: ['monday', 'thursday'] },
      { type: 'numbered', numberOfOccurrences: 3 },
      ['03', '06', '10'],
    ],
    [
      'weekly, every second week',
      { type: 'weekly', interval: 2, daysOfWeek: ['monday'] },
      { type: 'endDate', endDate: '2030-06-17' },
      ['03', '17'],
    ],
    ['monthly', { type: 'absoluteMonthly', interval: 1, dayOfMonth: 3 }, { type: 'noEnd' }, ['03']],
  ])('has its occurrences in views: %s', async (_what, pattern, range, expected) => {
    const { body } = await create(pattern, { startDate: '2030-06-03', ...range });
    expect(await days()).toEqual(expected);
    expect((await alice(`GET /me/events/${body.id}`)).body['type']).toBe('seriesMaster');
    const [occurrence] = await inJune();
    expect((await alice(`GET /me/events/${occurrence?.id}`)).body['seriesMasterId']).toBe(body.id);
    expect((await alice(`GET /me/events/${body.id}/instances?${june}`)).body.value).toHaveLength(
      expected.length,
    );
    expect((await alice(`PATCH /me/events/${occurrence?.id}`, { subject: 'x' })).status).toBe(501);
  });

  it('of a type that is not emulated is refused', async () => {
    const { status, body } = await create({ type: 'relativeMonthly', interval: 1 }, { type: 'noEnd' });
    expect([status, body.error?.message]).toEqual([501, expect.stringContaining('relativeMonthly')]);
  });
});

describe('an invitation', () => {
  it.each([
    ['accept', 'accepted'],
    ['tentativelyAccept', 'tentativelyAccepted'],
    ['decline', 'declined'],
  ])('can be answered: %s', async (action, response) => {
    const [event] = (await alice('GET /me/events')).body.value ?? [];
    expect((await alice(`POST /me/events/${event?.id}/${action}`, { sendResponse: true })).status).toBe(202);
    expect((await alice(`GET /me/events/${event?.id}`)).body).toMatchObject({ responseStatus: { response } });
  });

  it('to the caller’s own event cannot be answered', async () => {
    const { body } = await alice('POST /me/events', workshop);
    expect((await alice(`POST /me/events/${body.id}/accept`)).status).toBe(400);
  });
});

describe('a schedule', () => {
  it('tells when users are busy', async () => {
    await alice('POST /me/events', workshop);
    const { body } = await alice('POST /me/calendar/getSchedule', {
      Schedules: [demoUsers.alice.mail, demoUsers.ben.mail, 'unknown@contoso.example'],
      startTime: at('2030-06-03T08:00:00'),
      endTime: at('2030-06-03T12:00:00'),
      availabilityViewInterval: 60,
    });
    expect(body.value?.map(({ availabilityView }) => availabilityView)).toEqual(['0220', '0000', '']);
    expect(body.value?.[0]).toMatchObject({ scheduleItems: [{ subject: 'Workshop', status: 'busy' }] });
    expect(body.value?.[2]).toHaveProperty('error');
  });
});

describe('changes of a calendar view', () => {
  it('are those of its window', async () => {
    const first = await readAll(alice, `/me/calendarView/delta?${june}`);
    expect(first.items).toEqual([]);
    const link = first.last.body['@odata.deltaLink'];
    const { body } = await alice('POST /me/events', workshop);
    const changes = await alice(`GET ${link}`);
    expect(changes.body.value).toMatchObject([{ id: body.id, subject: 'Workshop' }]);
    await alice(`DELETE /me/events/${body.id}`);
    const later = await alice(`GET ${changes.body['@odata.deltaLink']}`);
    expect(later.body.value).toEqual([{ '@removed': { reason: 'deleted' }, id: body.id }]);
  });

  it('of a series are its occurrences', async () => {
    const { body: first } = await alice(`GET /me/calendarView/delta?${june}`);
    const recurrence = { pattern: { type: 'daily', interval: 10 }, range: { type: 'noEnd' } };
    const { body } = await alice('POST /me/events', { ...workshop, recurrence });
    const changes = await alice(`GET ${first['@odata.deltaLink']}`);
    expect(changes.body.value?.map(({ seriesMasterId }) => seriesMasterId)).toEqual([
      body.id,
      body.id,
      body.id,
    ]);
  });

  it('need a window', async () => {
    expect((await alice('GET /me/calendarView/delta')).status).toBe(400);
    expect((await alice('GET /me/calendarView?startDateTime=yesterday&endDateTime=2030-01-01')).status).toBe(
      400,
    );
  });
});
