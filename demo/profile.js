import { client, readGraph } from './bff.js';
import { showCallError } from './call-error.js';
import { byId, create, fact, initials } from './dom.js';

const fields = [
  ['displayName', 'Name'],
  ['jobTitle', 'Job title'],
  ['mail', 'Mail'],
  ['mobilePhone', 'Mobile phone'],
  ['officeLocation', 'Office'],
  ['preferredLanguage', 'Language'],
];

/** Shows the user's profile from Graph. Until it is there, the labels take up its space, so that nothing moves. */
export async function showProfile() {
  const container = byId('profile');
  // The pressed button is gone, so the card gets the focus.
  if (container.contains(document.activeElement)) container.focus({ preventScroll: true });
  showFields(container, () => '…');
  container.ariaBusy = 'true';
  try {
    const select = fields.map(([name]) => name).join(',');
    const me = await (await readGraph(`/me?$select=${select}`)).json();
    showFields(container, (name) => me[name] || 'not set');
  } catch (error) {
    showCallError(container, error, showProfile);
  } finally {
    container.ariaBusy = null;
  }
}

function showFields(container, read) {
  container.replaceChildren(
    create('dl', { className: 'facts' }, ...fields.map(([name, label]) => fact(label, read(name)))),
  );
}

/** Shows the user's photo, or initials if there is none. */
export function showPortrait(name) {
  const portrait = byId('portrait');
  portrait.textContent = initials(name);
  const image = create('img', { alt: '' });
  image.onload = () => portrait.replaceChildren(image);
  image.src = client.src('/api/graph/v1.0/me/photo/$value');
}
