/** A small app: it makes one call, leaves interactions to the client, and calls again after a redirect. */
import { createClient } from '/api/auth/client.js';

const wishes = new URLSearchParams(location.search);
const client = createClient({
  interaction: wishes.get('interaction'),
  sessionRequired: wishes.get('session'),
  ifBlocked: wishes.get('ifBlocked') ?? undefined,
});
window.client = client;

/** Covers all loads of the page, because a redirect takes more than one. */
const notes = JSON.parse(sessionStorage.getItem('app') ?? '{"loads":0,"ends":[]}');
notes.loads++;
keep();

function keep() {
  sessionStorage.setItem('app', JSON.stringify(notes));
  document.getElementById('ends').textContent = notes.ends.join(', ');
}

function note(end) {
  notes.ends.push(end);
  keep();
}

function noteError(error) {
  window.failure = error;
  window.problem = error.problem ?? error;
  note(error.kind ?? `${error.name} ${error.code}`);
}

window.reasons = [];
client.onInteractionChange(() => {
  if (client.interaction) window.reasons.push(client.interaction.reason);
});

const read = () => client.graph(wishes.get('path')).then(({ status }) => note(String(status)), noteError);
const runs = {
  read,
  interact: () => client.interact(window.problem).then(note, noteError),
  silent: () => client.signIn({ silent: true }).then(note, noteError),
  cancel: () => client.cancel(),
};
for (const [id, run] of Object.entries(runs)) document.getElementById(id).onclick = run;

if (client.resumed) {
  note(`back for ${client.resumed.reason}`);
  await read();
} else {
  await client.session().catch(noteError);
}
document.body.className = 'ready';
