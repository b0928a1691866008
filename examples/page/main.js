// #region page
import { createClient } from '/api/auth/client.js';

// Without a click, the browser blocks the window that asks for a permission. This page has no form, so it can be left.
const client = createClient({ ifBlocked: 'redirect' });
// Load the page again if another user signs in, for example in another tab.
client.onSessionChange(({ userChanged }) => userChanged && location.reload());

const session = await client.session();
if (session.signed_in) await showMail();
else showButton('Sign in', signIn);

async function signIn() {
  if ((await client.signIn()) === 'signed_in') await showMail();
}

async function showMail() {
  const response = await client.graph('/me/messages?$select=subject&$top=10');
  const { value } = await response.json();
  showList(value.map(({ subject }) => subject));
}
// #endregion

function showButton(text, onclick) {
  document.querySelector('main').replaceChildren(create('button', text, { onclick }));
}

function showList(texts) {
  document.querySelector('main').replaceChildren(...texts.map((text) => create('li', text)));
}

function create(tag, text, properties = {}) {
  return Object.assign(document.createElement(tag), { textContent: text, ...properties });
}
