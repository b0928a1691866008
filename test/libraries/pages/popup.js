import '@pnp/graph/contacts';
import '@pnp/graph/users';
import { createClient } from 'entra-bff/client';
import { createGraph as createKy } from '../../../examples/graph-libraries/ky.js';
import { createGraphClient } from '../../../examples/graph-libraries/microsoft-graph-client.ts';
import { createGraph as createPnp } from '../../../examples/graph-libraries/pnp.js';

const bff = createClient();

/** Calls whose permissions are missing, one for each library. */
const calls = {
  calendars: () => createGraphClient(bff).api('/me/calendars').get(),
  contacts: () => createPnp(bff).me.contacts.top(1)(),
  groups: () => createKy(bff).get('groups?$top=1').json(),
};

await bff.session();
for (const [name, call] of Object.entries(calls)) {
  const button = document.createElement('button');
  const outcome = document.createElement('output');
  button.textContent = `Read ${name}`;
  button.onclick = async () => {
    const result = await call().catch((error) => error);
    outcome.value = result instanceof Error ? `${name}: ${result.message}` : `${name} are here`;
  };
  document.body.append(button, outcome);
}
