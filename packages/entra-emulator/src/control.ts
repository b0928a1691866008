import { type ControlEndpoints, jsonReply, switchesEndpoint } from '@entra-bff/emulator-kit';
import type { Authority } from './authority.ts';
import { handleAction } from './control-actions.ts';
import { handleSignIn } from './control-sign-in.ts';
import type { RecordedRequest } from './recorded-requests.ts';
import { resetEverything } from './reset.ts';
import { choices, defaultEntraSwitches } from './switches.ts';

/** The control API of the emulator, for tests and other programs on this computer. */
export function controlEndpoints(authority: Authority, requests: RecordedRequest[]): ControlEndpoints {
  return {
    switches: switchesEndpoint({ current: authority.switches, defaults: defaultEntraSwitches, choices }),
    'sign-in': { POST: (body, request) => handleSignIn(authority, body, request) },
    actions: { POST: (body) => handleAction(authority, body) },
    requests: { GET: () => jsonReply(200, { requests }) },
    reset: {
      POST() {
        resetEverything(authority);
        requests.length = 0;
        return { status: 204 };
      },
    },
  };
}
