import { isObject } from '../body.ts';
import { GraphError, type GraphObject } from '../reply.ts';

const dayMs = 24 * 60 * 60 * 1000;
const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const maximum = 1000;

/** A recurrence that was understood. */
interface Series {
  readonly type: string;
  readonly interval: number;
  readonly daysOfWeek: readonly number[];
  readonly dayOfMonth: number;
  readonly month: number;
  /** The number of occurrences, or undefined if they end with a date or never. */
  readonly count: number | undefined;
  readonly untilMs: number;
}

/**
 * Returns the starts of a series, as local times that are written as if in UTC, oldest first.
 * @param firstMs the start of the first occurrence
 * @param beforeMs the series can be endless
 * @see https://learn.microsoft.com/graph/api/resources/recurrencepattern
 * @throws {GraphError} if the pattern is not emulated
 */
export function occurrencesOf(recurrence: GraphObject, firstMs: number, beforeMs: number): number[] {
  const series = parseRecurrence(recurrence, firstMs);
  const endMs = Math.min(beforeMs, series.untilMs);
  const starts: number[] = [];
  for (
    let ms = firstMs;
    ms < endMs && starts.length < Math.min(series.count ?? maximum, maximum);
    ms += dayMs
  )
    if (isOccurrence(series, firstMs, ms)) starts.push(ms);
  return starts;
}

function parseRecurrence(recurrence: GraphObject, firstMs: number): Series {
  const { pattern, range } = recurrence;
  if (!isObject(pattern) || !isObject(range))
    throw new GraphError(400, 'ErrorPropertyValidationFailure', 'A recurrence needs a pattern and a range.');
  const type = String(pattern['type']);
  if (!['daily', 'weekly', 'absoluteMonthly', 'absoluteYearly'].includes(type))
    throw new GraphError(
      501,
      'NotImplemented',
      `The emulator does not emulate a recurrence of the type '${type}'.`,
    );
  const days: unknown[] = Array.isArray(pattern['daysOfWeek']) ? pattern['daysOfWeek'] : [];
  const first = new Date(firstMs);
  const untilMs = Date.parse(`${String(range['endDate'])}T00:00:00Z`) + dayMs;
  return {
    type,
    interval: Number(pattern['interval'] ?? 1),
    daysOfWeek:
      days.length === 0
        ? [first.getUTCDay()]
        : days.map((day) => weekdays.indexOf(String(day).toLowerCase())),
    dayOfMonth: Number(pattern['dayOfMonth'] ?? first.getUTCDate()),
    month: Number(pattern['month'] ?? first.getUTCMonth() + 1),
    count: range['type'] === 'numbered' ? Number(range['numberOfOccurrences']) : undefined,
    untilMs: range['type'] === 'endDate' ? untilMs : Number.POSITIVE_INFINITY,
  };
}

function isOccurrence(series: Series, firstMs: number, ms: number): boolean {
  const [first, day] = [new Date(firstMs), new Date(ms)];
  const days = Math.round((ms - firstMs) / dayMs);
  const months =
    (day.getUTCFullYear() - first.getUTCFullYear()) * 12 + day.getUTCMonth() - first.getUTCMonth();
  switch (series.type) {
    case 'daily':
      return days % series.interval === 0;
    case 'weekly': {
      const weeks = Math.floor((days + first.getUTCDay()) / 7);
      return series.daysOfWeek.includes(day.getUTCDay()) && weeks % series.interval === 0;
    }
    case 'absoluteMonthly':
      return day.getUTCDate() === series.dayOfMonth && months % series.interval === 0;
    default:
      return (
        day.getUTCDate() === series.dayOfMonth &&
        day.getUTCMonth() + 1 === series.month &&
        (months / 12) % series.interval === 0
      );
  }
}
