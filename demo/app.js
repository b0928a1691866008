import { client, signIn } from './bff.js';
import { showCallError } from './call-error.js';
import { announce, byId, create, fact, time } from './dom.js';
import { showMessages } from './messages.js';
import { showPortrait, showProfile } from './profile.js';
import { showSessions } from './sessions.js';

/** Set before a reload that follows the sign-in of another user. */
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
  // Another tab has signed in or out. After a sign-out in this tab, the browser is already on its way to Microsoft.
  if (type === 'signed_out' && !byId('home').hidden && !isLeaving) showEnded();
  if (type === 'signed_in' && !byId('welcome').hidden) void start();
});
// A page from the browser's back-forward cache may still show data of a user who has signed out.
addEventListener('pageshow', ({ persisted }) => persisted && location.reload());

async function start() {
  show('loading');
  let session;
  try {
    session = await client.session();
  } catch (error) {
    show('failure');
    showCallError(byId('failure'), error, start, 'h1');
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
    ? 'You have the administrator role of this app, so you can open the admin page.'
    : 'The admin page needs the administrator role of this app, which you do not have. The page explains what to do.';
  showBrowserStorage(session);
  show('home');
  if (sessionStorage.getItem(changedNote) !== null) {
    sessionStorage.removeItem(changedNote);
    byId('changed').hidden = false;
    announce(byId('changed').textContent);
  }
  showPortrait(session.name);
  void showProfile();
  showMessages(session.features.mail);
  void showSessions();
}

function showBrowserStorage(session) {
  const cookies = document.cookie === '' ? 'none' : document.cookie.replaceAll(/=[^;]*/g, '');
  byId('browser-storage').replaceChildren(
    fact('document.cookie', create('code', {}, cookies === 'none' ? 'empty' : cookies)),
    fact(
      'localStorage',
      create('code', {}, localStorage.length === 0 ? 'empty' : `${localStorage.length} entries`),
    ),
    fact('Session expires', time(session.expires_at)),
    fact('Expires earlier if unused', time(session.idle_expires_at)),
  );
}

/** Every element that shows the user's data. */
const personal = [
  ...['account-name', 'account-address', 'portrait', 'greeting', 'admin-text', 'failure'],
  ...['profile', 'message-list', 'messages-state', 'browser-storage', 'sessions'],
];

function clear() {
  for (const element of [...personal.map(byId), ...document.querySelectorAll('.case-result')]) {
    element.replaceChildren();
  }
}

/**
 * Another user has signed in in another tab. Nothing of the previous user may stay on the page, including the
 * fragment, which names what was open. The reload also ends requests in progress.
 */
function startAnew() {
  clear();
  show('loading');
  sessionStorage.setItem(changedNote, '');
  history.replaceState(null, '', location.pathname);
  location.reload();
}

/** Removes the user's data together with the session. */
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
    showCallError(byId('failure'), error, signOut, 'h1');
    byId('failure').focus();
  }
}

/** Links to the emulators' switches. Only the development host has this file. */
async function showDevelopment() {
  try {
    const urls = await (await client.fetch('/dev.json')).json();
    byId('development').replaceChildren(
      create('p', {}, 'Entra ID and Graph are emulated on this machine. Make them fail: '),
      create('a', { href: urls.entra_switches_url }, 'Entra ID switches'),
      create('a', { href: urls.graph_switches_url }, 'Graph switches'),
    );
    byId('development').hidden = false;
  } catch {
    // not in development
  }
}

await Promise.all([start(), showDevelopment()]);
