/** An app with a form that must not be lost: it calls in the handler of a click, and leaves interactions to the client. */
import { createClient } from '/api/auth/client.js';

const wishes = new URLSearchParams(location.search);
const client = createClient({
  interaction: wishes.get('interaction') ?? undefined,
  ifBlocked: wishes.get('ifBlocked') ?? undefined,
});
const byId = (id) => document.getElementById(id);

/** How the calls of this page have ended, also before a redirect. */
const ends = JSON.parse(sessionStorage.getItem('ends') ?? '[]');
show();

function show() {
  sessionStorage.setItem('ends', JSON.stringify(ends));
  byId('ends').textContent = ends.join(', ');
}

function note(end) {
  ends.push(end);
  show();
}

let problem;
function noteError(error) {
  problem = error.problem ?? error;
  note(error.kind ?? `${error.name} ${error.code}`);
}

const noteStatus = ({ status }) => note(String(status));
const read = () => client.graph('/me/messages?$top=1').then(noteStatus, noteError);
const save = () =>
  client
    .graph('/me/messages', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ subject: byId('subject').value }),
      repeat: true,
    })
    .then(noteStatus, noteError);

byId('read').onclick = read;
byId('save').onclick = save;
byId('interact').onclick = () => client.interact(problem).then(note, noteError);
byId('proceed').onclick = () => client.interaction?.proceed?.();
client.onInteractionChange(() => {
  byId('proceed').hidden = client.interaction?.proceed === undefined;
});
client.onSessionChange(({ type, session }) => {
  byId('user').textContent = `${type} ${session.name ?? ''}`;
});

await client.session();
if (client.resumed) {
  note(`back for ${client.resumed.reason}`);
  await read();
}
document.querySelector('h1').hidden = false;
