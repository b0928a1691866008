import { readGraph } from './bff.js';
import { showCallError } from './call-error.js';
import { byId, create, fact, initials, showLoading } from './dom.js';

const fields = [
  ['displayName', 'Name'],
  ['jobTitle', 'Job title'],
  ['mail', 'Mail'],
  ['mobilePhone', 'Mobile phone'],
  ['officeLocation', 'Office'],
  ['preferredLanguage', 'Language'],
];

/** Shows the user's profile from Graph. */
export async function showProfile() {
  const container = byId('profile');
  showLoading(container, 'Loading your profile …');
  try {
    const select = fields.map(([name]) => name).join(',');
    const me = await (await readGraph(`/me?$select=${select}`)).json();
    const present = fields.filter(([name]) => me[name]);
    container.replaceChildren(
      create('dl', { className: 'facts' }, ...present.map(([name, label]) => fact(label, me[name]))),
    );
  } catch (error) {
    showCallError(container, error, showProfile);
  }
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
