/** The element with this id. */
export const byId = (id) => document.getElementById(id);

/** Creates an element. Strings among the children become text, never HTML. */
export function create(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

/** A row of a description list. */
export const fact = (label, value) => create('div', {}, create('dt', {}, label), create('dd', {}, value));

export const button = (label, onclick, className = '') =>
  create('button', { type: 'button', className, onclick }, label);

/** Shows a loading text. If it replaces the focused button, the container gets the focus. */
export function showLoading(container, text) {
  if (container.contains(document.activeElement)) container.focus({ preventScroll: true });
  container.replaceChildren(create('p', { className: 'loading' }, text));
}

/** The one format of times: `7:05 PM` today, else `Nov 29, 7:05 PM`. The exact time is the tooltip. */
export function time(iso) {
  const date = new Date(iso);
  const now = new Date();
  const isToday = date.toDateString() === now.toDateString();
  const day = isToday ? {} : { day: 'numeric', month: 'short' };
  const year = date.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' };
  const text = date.toLocaleString(undefined, { hour: 'numeric', minute: '2-digit', ...day, ...year });
  const title = date.toLocaleString(undefined, { dateStyle: 'full', timeStyle: 'long' });
  return create('time', { dateTime: iso, title }, text);
}

/** Announces a text to screen readers. */
export function announce(text) {
  byId('status').textContent = text;
}

/** First and last initial: `AA` for `Alice Adams`. */
export function initials(name) {
  const words = name.trim().split(/\s+/);
  const ends = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return ends.map((word) => [...word][0]?.toUpperCase() ?? '').join('');
}
