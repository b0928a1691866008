import { type ControlEndpoints, ControlError } from './control.ts';
import { toMembers, unknownName } from './control-body.ts';
import { jsonReply } from './http.ts';

/** What the control API knows about the switches of an emulator. */
export interface ControlledSwitches<Switches extends object> {
  /** The switches in effect. */
  readonly current: Switches;
  /** Returns the switches of an emulator without any failure. */
  readonly defaults: () => Switches;
  /** The values of the switches that have a fixed list of them. */
  readonly choices: Readonly<Record<string, readonly string[]>>;
}

/** The endpoint of the switches. A PUT replaces all of them: those that it does not name are off. */
export function switchesEndpoint<Switches extends object>(
  switches: ControlledSwitches<Switches>,
): ControlEndpoints[string] {
  const show = () => jsonReply(200, toJson(switches.current));
  return {
    GET: show,
    PUT(body) {
      Object.assign(switches.current, parseSwitches(switches, body));
      return show();
    },
  };
}

/** JSON has no `Infinity`, which stands for all calls. */
const all = 1_000_000;

function toJson(switches: object): object {
  return Object.fromEntries(
    Object.entries(switches).map(([name, value]) => [name, value === Number.POSITIVE_INFINITY ? all : value]),
  );
}

/** @throws {ControlError} */
function parseSwitches<Switches extends object>(
  { defaults, choices }: ControlledSwitches<Switches>,
  body: unknown,
): Switches {
  const off = defaults();
  const known = new Map<string, unknown>(Object.entries(off));
  for (const [name, value] of Object.entries(toMembers(body))) {
    if (!known.has(name)) throw unknownName('switch', name, [...known.keys()], 'switches');
    const fault = faultOf(value, known.get(name), choices[name]);
    if (fault !== undefined) throw new ControlError(`"${name}" must be ${fault}.`, { switches: [name] });
    Object.assign(off, { [name]: value });
  }
  return off;
}

function faultOf(
  value: unknown,
  byDefault: unknown,
  choice: readonly string[] | undefined,
): string | undefined {
  if (choice !== undefined)
    return choice.some((one) => one === value) ? undefined : `one of ${choice.join(', ')}`;
  if (typeof byDefault === 'boolean') return typeof value === 'boolean' ? undefined : 'true or false';
  if (typeof byDefault === 'number')
    return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 999_999_999
      ? undefined
      : 'a whole number from 0 to 999999999';
  return typeof value === 'string' && value.length <= 200 ? undefined : 'a text of at most 200 characters';
}
