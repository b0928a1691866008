import { client, signIn } from './bff.js';
import { announce, byId, create, fact } from './dom.js';
import { showMessages } from './messages.js';
import { showPortrait, showProfile } from './profile.js';
import { showSessions } from './sessions.js';
import { showTrouble } from './trouble.js';

/** Tells the reloaded page why it was reloaded. */
const changedNote = 'demo:user-changed';
let isLeaving = false;

byId('sign-in').onclick = signIn;
byId('sign-out').onclick = signOut;
addEventListener('session-ended', showEnded);
client.onSessionChange(({ type, userChanged }) => {
  if (userChanged) {
    startAnew();
    return;
  }
  // Another tab has signed in or out. Who signs out here is on the way to Microsoft already.
  if (type === 'signed_out' && !byId('home').hidden && !isLeaving) showEnded();
  if (type === 'signed_in' && !byId('welcome').hidden) void start();
});
// A page that comes back from the browser's memory may show what a signed-out person must not see.
addEventListener('pageshow', ({ persisted }) => persisted && location.reload());

async function start() {
  show('loading');
  let session;
  try {
    session = await client.session();
  } catch (error) {
    show('failure');
    showTrouble(byId('failure'), error, start, 'h1');
    return;
  }
  if (session.signed_in) showHome(session);
  else show('welcome');
}

/** Shows one of the page's views. */
function show(view) {
  for (const id of ['loading', 'welcome', 'failure', 'home']) byId(id).hidden = id !== view;
  byId('account').hidden = view !== 'home';
  if (view !== 'home') byId('changed').hidden = true;
}

function showHome(session) {
  byId('account-name').textContent = session.name;
  byId('account-address').textContent = session.username;
  byId('greeting').textContent = `Hello, ${session.name}`;
  byId('admin-text').textContent = session.can.admin
    ? 'You may open it: the directory gives you the administrator role of this app.'
    : 'Only people with the administrator role of this app may open it, and you do not have it. The page tells you what to do.';
  showHolds(session);
  show('home');
  if (sessionStorage.getItem(changedNote) !== null) {
    sessionStorage.removeItem(changedNote);
    byId('changed').hidden = false;
    announce(byId('changed').textContent);
  }
  void showPortrait(session.name);
  void showProfile();
  showMessages(session.features.mail);
  void showSessions();
}

function showHolds(session) {
  const cookies = document.cookie === '' ? 'none' : document.cookie.replaceAll(/=[^;]*/g, '');
  byId('holds').replaceChildren(
    fact('document.cookie', create('code', {}, cookies === 'none' ? 'empty' : cookies)),
    fact(
      'localStorage',
      create('code', {}, localStorage.length === 0 ? 'empty' : `${localStorage.length} entries`),
    ),
    fact('Session ends', toTime(session.expires_at)),
    fact('Sooner, if nothing is done', toTime(session.idle_expires_at)),
  );
}

const toTime = (text) =>
  create(
    'time',
    { dateTime: text },
    new Date(text).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' }),
  );

/** Every element that shows the user's data. */
const personal = [
  ...['account-name', 'account-address', 'portrait', 'greeting', 'admin-text', 'failure'],
  ...['profile', 'letters', 'messages-state', 'holds', 'sessions'],
];

function clear() {
  for (const element of [...personal.map(byId), ...document.querySelectorAll('.case-result')]) {
    element.replaceChildren();
  }
}

/**
 * Another user has signed in in another tab. Nothing of the previous user may stay, and that includes the
 * fragment, because it names what was open. The reload also ends requests that this script has under way.
 */
function startAnew() {
  clear();
  show('loading');
  sessionStorage.setItem(changedNote, '');
  history.replaceState(null, '', location.pathname);
  location.reload();
}

/** What was read leaves the page together with the session. */
function showEnded() {
  clear();
  byId('ended').hidden = false;
  show('welcome');
  announce(byId('ended').textContent);
  byId('welcome-title').focus();
}

async function signOut() {
  isLeaving = true;
  try {
    await client.signOut();
  } catch (error) {
    isLeaving = false;
    if (error.kind === 'user_changed') return;
    show('failure');
    showTrouble(byId('failure'), error, signOut, 'h1');
    byId('failure').focus();
  }
}

/** The development host tells where the emulators' switches are; any other host has no such file. */
async function showDevelopment() {
  try {
    const urls = await (await client.fetch('/dev.json')).json();
    byId('development').replaceChildren(
      create('p', {}, 'On this machine two emulators play Microsoft. Make them fail: '),
      create('a', { href: urls.entra_switches_url }, 'switches of Entra'),
      create('a', { href: urls.graph_switches_url }, 'switches of Graph'),
    );
    byId('development').hidden = false;
  } catch {
    // not in development
  }
}

await Promise.all([start(), showDevelopment()]);
