import { client } from './bff.js';
import { announce, button, byId, create, showLoading } from './dom.js';
import { showTrouble } from './trouble.js';

const address = '/api/auth/sessions';
const container = byId('sessions');

/** The card of the browsers that the person is signed in with. */
export async function showSessions() {
  showLoading(container, 'Looking where you are signed in …');
  try {
    const { sessions, complete } = await (await client.fetch(address)).json();
    show(sessions, complete);
  } catch (error) {
    showTrouble(container, error, showSessions);
  }
}

function show(sessions, complete) {
  const hasOthers = sessions.some(({ current }) => !current);
  container.replaceChildren(
    create('ul', { className: 'sessions' }, ...sessions.map(toItem)),
    ...(complete ? [] : [create('p', { className: 'quiet small' }, 'There are more sessions.')]),
    hasOthers
      ? create('p', { className: 'actions' }, button('End all others', endOthers))
      : create('p', { className: 'quiet small' }, 'Nowhere else.'),
  );
}

function toItem({ id, current, device, last_used_at }) {
  const name = device ?? 'Unknown browser';
  const lastUse = `Last used ${toTime(last_used_at)}`;
  return create(
    'li',
    {},
    create(
      'div',
      {},
      create('b', {}, name),
      ...(current ? [' ', create('span', { className: 'here' }, 'this browser')] : []),
      create('time', { className: 'quiet small', dateTime: last_used_at }, lastUse),
    ),
    ...(current ? [] : [toButton(id, name, lastUse)]),
  );
}

/** Many of them say the same: who hears it needs to know which one. */
function toButton(id, name, lastUse) {
  const end = button('End', () => endOne(id, name));
  end.append(create('span', { className: 'visually-hidden' }, ` ${name}. ${lastUse}`));
  return end;
}

const endOne = (id, name) => end(`${address}/${id}`, `${name} is signed out.`);

const endOthers = () => end(address, 'You are signed in here alone.');

async function end(url, done) {
  showLoading(container, 'Signing out there …');
  try {
    await client.fetch(url, { method: 'DELETE' });
  } catch (error) {
    // It has ended by itself meanwhile.
    if (error.code !== 'not_found') {
      showTrouble(container, error, showSessions);
      return;
    }
  }
  announce(done);
  await showSessions();
}

function toTime(text) {
  const date = new Date(text);
  return date.toDateString() === new Date().toDateString()
    ? date.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' })
    : date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}
