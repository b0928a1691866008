import { readGraph } from './bff.js';
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
export async function showPortrait(name) {
  const portrait = byId('portrait');
  portrait.textContent = initials(name);
  const photo = await readGraph('/me/photo/$value')
    .then((response) => response.blob())
    .catch(() => undefined); // no photo or no response: the initials stay
  if (photo === undefined) return;
  const image = create('img', { alt: '', src: URL.createObjectURL(photo) });
  image.onload = () => {
    URL.revokeObjectURL(image.src);
    portrait.replaceChildren(image);
  };
  image.onerror = () => URL.revokeObjectURL(image.src);
}
