import { readGraph } from './bff.js';
import { byId, create, fact, initials, showLoading } from './dom.js';
import { showTrouble } from './trouble.js';

const fields = [
  ['displayName', 'Name'],
  ['jobTitle', 'Job title'],
  ['mail', 'Mail'],
  ['mobilePhone', 'Mobile phone'],
  ['officeLocation', 'Office'],
  ['preferredLanguage', 'Language'],
];

/** The card of what Graph knows about the person. */
export async function showProfile() {
  const container = byId('profile');
  showLoading(container, 'Reading your profile …');
  try {
    const select = fields.map(([name]) => name).join(',');
    const me = await (await readGraph(`/me?$select=${select}`)).json();
    const known = fields.filter(([name]) => me[name]);
    container.replaceChildren(
      create('dl', { className: 'facts' }, ...known.map(([name, label]) => fact(label, me[name]))),
    );
  } catch (error) {
    showTrouble(container, error, showProfile);
  }
}

/** The photo, or initials where there is none. */
export async function showPortrait(name) {
  const portrait = byId('portrait');
  portrait.textContent = initials(name);
  const photo = await readGraph('/me/photo/$value')
    .then((response) => response.blob())
    .catch(() => undefined); // no photo, or no answer: the initials do
  if (photo === undefined) return;
  const image = create('img', { alt: '', src: URL.createObjectURL(photo) });
  image.onload = () => {
    URL.revokeObjectURL(image.src);
    portrait.replaceChildren(image);
  };
  image.onerror = () => URL.revokeObjectURL(image.src);
}
