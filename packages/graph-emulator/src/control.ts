import { findUserByName } from '@entra-bff/directory';
import {
  type ControlEndpoints,
  jsonReply,
  type Reply,
  readMembers,
  readText,
  requireText,
  switchesEndpoint,
  toMembers,
  unknownName,
} from '@entra-bff/emulator-kit';
import { challengeForms } from './claims-challenge.ts';
import type { Graph } from './graph.ts';
import type { RecordedRequest } from './recorded-requests.ts';
import { breakingPoints, defaultGraphSwitches, retryAfterForms } from './switches.ts';

const choices = {
  retryAfterForm: Object.keys(retryAfterForms),
  breaksOff: Object.keys(breakingPoints),
  challengeForm: Object.keys(challengeForms),
};

/** What the body of `POST /_emulator/actions` can be. */
export type GraphAction =
  /** Without a user: the tokens of all users. */
  { readonly action: 'revoke-tokens'; readonly user?: string } | { readonly action: 'clear-revocations' };

const actions: readonly string[] = ['revoke-tokens', 'clear-revocations'] satisfies GraphAction['action'][];

/** The control API of the emulator, for tests and other programs on this computer. */
export function controlEndpoints(graph: Graph, requests: RecordedRequest[]): ControlEndpoints {
  return {
    switches: switchesEndpoint({ current: graph.switches, defaults: defaultGraphSwitches, choices }),
    actions: { POST: (body) => handleAction(graph, body) },
    requests: { GET: () => jsonReply(200, { requests: requests.map(describeRequest) }) },
    reset: {
      POST() {
        Object.assign(graph.switches, defaultGraphSwitches());
        graph.revocations.clear();
        graph.saved.clear();
        graph.drives.clear();
        requests.length = 0;
        return { status: 204 };
      },
    },
  };
}

/** @throws {ControlError} */
function handleAction({ revocations, directory, now }: Graph, body: unknown): Reply {
  const action = requireText(toMembers(body), 'action');
  if (!actions.includes(action)) throw unknownName('action', action, actions, 'actions');
  if (action === 'clear-revocations') {
    readMembers(body, ['action']);
    revocations.clear();
    return { status: 204 };
  }
  const name = readText(readMembers(body, ['action', 'user']), 'user');
  const user = name === undefined ? undefined : findUserByName(directory, name);
  if (name !== undefined && user === undefined) {
    const usernames = directory.users.map(({ username }) => username);
    throw unknownName('user', name, usernames, 'users');
  }
  const objectIds = user && [user.id, ...user.guestIn.map(({ objectId }) => objectId)];
  for (const id of objectIds ?? [undefined]) revocations.revoke(now(), id);
  return { status: 204 };
}

/** A body that is not UTF-8 is shown in base64. */
function describeRequest({ method, target, headers, body, subject }: RecordedRequest): object {
  const text = body.toString('utf8');
  return {
    method,
    target,
    headers: Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value])),
    subject,
    ...(Buffer.from(text).equals(body) ? { body: text } : { bodyBase64: body.toString('base64') }),
  };
}
