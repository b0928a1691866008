import { client } from './bff.js';
import { showCallError } from './call-error.js';
import { announce, button, byId, create, showLoading, time } from './dom.js';

const sessionsPath = '/api/auth/sessions';
const container = byId('sessions');

/** Shows the user's sessions. */
export async function showSessions() {
  showLoading(container, 'Loading your sessions …');
  try {
    const { sessions, complete } = await (await client.fetch(sessionsPath)).json();
    show(sessions, complete);
  } catch (error) {
    showCallError(container, error, showSessions);
  }
}

function show(sessions, complete) {
  const hasOthers = sessions.some(({ current }) => !current);
  container.replaceChildren(
    create('ul', { className: 'sessions' }, ...sessions.map(toItem)),
    ...(complete ? [] : [create('p', { className: 'quiet small' }, 'Not all sessions are shown.')]),
    hasOthers
      ? create('p', { className: 'actions' }, button('End all others', endOthers))
      : create('p', { className: 'quiet small' }, 'You are not signed in anywhere else.'),
  );
}

function toItem({ id, current, device, last_used_at }) {
  const name = device ?? 'Unknown browser';
  const lastUse = time(last_used_at);
  return create(
    'li',
    {},
    create(
      'div',
      {},
      create('b', {}, name),
      ...(current ? [' ', create('span', { className: 'here' }, 'this browser')] : []),
      create('p', { className: 'quiet small' }, 'Last used ', lastUse),
    ),
    ...(current ? [] : [toButton(id, name, `Last used ${lastUse.textContent}`)]),
  );
}

/** Screen readers need to know which session the button ends. */
function toButton(id, name, lastUse) {
  const end = button('End', () => endOne(id, name));
  end.append(create('span', { className: 'visually-hidden' }, ` ${name}. ${lastUse}`));
  return end;
}

const endOne = (id, name) => end(`${sessionsPath}/${id}`, `The session in ${name} has ended.`);

const endOthers = () => end(sessionsPath, 'All other sessions have ended.');

async function end(url, done) {
  showLoading(container, 'Ending the session …');
  try {
    await client.fetch(url, { method: 'DELETE' });
  } catch (error) {
    // The session has ended meanwhile.
    if (error.code !== 'not_found') {
      showCallError(container, error, showSessions);
      return;
    }
  }
  announce(done);
  await showSessions();
}
