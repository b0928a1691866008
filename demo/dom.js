/** The element of the page with that id. */
export const byId = (id) => document.getElementById(id);

/** A new element; text in it stays text. */
export function create(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

/** A row of a description list. */
export const fact = (label, value) => create('div', {}, create('dt', {}, label), create('dd', {}, value));

export const button = (label, onclick, className = '') =>
  create('button', { type: 'button', className, onclick }, label);

/** Says that something is on its way. A pressed button that this replaces leaves its focus to the container. */
export function showLoading(container, text) {
  if (container.contains(document.activeElement)) container.focus({ preventScroll: true });
  container.replaceChildren(create('p', { className: 'loading' }, text));
}

/** Says it to who cannot see it. */
export function announce(text) {
  byId('status').textContent = text;
}

/** First and last initial: `Alice Adams` gives `AA`. */
export function initials(name) {
  const words = name.trim().split(/\s+/);
  const ends = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return ends.map((word) => [...word][0]?.toUpperCase() ?? '').join('');
}
