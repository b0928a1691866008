import { client } from './bff.js';

const key = 'place-before-sign-in';

/** Leaves the page to sign in, and remembers the fragment: it does not travel to the server and back. */
export function signIn() {
  remember();
  client.signIn();
}

/** Leaves the page for what only the person can give. */
export function interact(problem) {
  remember();
  client.interact(problem);
}

/** Back where the person was when they left. */
export function restorePlace() {
  const fragment = sessionStorage.getItem(key);
  sessionStorage.removeItem(key);
  if (fragment !== null && location.hash === '') history.replaceState(null, '', fragment);
}

function remember() {
  if (location.hash !== '') sessionStorage.setItem(key, location.hash);
}
