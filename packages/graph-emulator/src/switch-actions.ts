import {
  type EmulatorRequest,
  isFromForeignPage,
  type Reply,
  redirectTo,
  textReply,
} from '@entra-bff/emulator-kit';
import type { Graph } from './graph.ts';
import { defaultGraphSwitches } from './switches.ts';
import { type Done, readSwitches, switchesPage } from './switches-page.ts';

/** The page that makes Graph fail on demand. Every POST redirects, so that reloading the page repeats nothing. */
export function handleSwitches(graph: Graph, request: EmulatorRequest): Reply {
  if (request.method !== 'POST') {
    return switchesPage(graph, request.query.get('done'));
  }
  if (isFromForeignPage(request, graph.origin)) {
    return textReply(403, 'Another site must not change the switches.');
  }
  return redirectTo(`/switches?done=${perform(graph, request.form)}`, 303);
}

function perform({ switches, revocations, now }: Graph, form: URLSearchParams): Done {
  switch (form.get('action')) {
    case 'revoke':
      revocations.revoke(now(), form.get('user') || undefined);
      return 'revoke';
    case 'forget':
      revocations.clear();
      return 'forget';
    case 'reset':
      revocations.clear();
      Object.assign(switches, defaultGraphSwitches());
      return 'reset';
    default:
      Object.assign(switches, readSwitches(form, switches));
      return 'save';
  }
}
