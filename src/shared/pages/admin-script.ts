/**
 * The script of the admin page. A button says in `data-method` and `data-path` what it does; it asks before it does it, and
 * afterwards the view is read anew. Everything it shows is text that comes from the server or stands here.
 */
const source = `
const main = document.querySelector('main');
const say = (role, ...content) => {
  for (const region of document.querySelectorAll('.said>*'))
    region.replaceChildren(...(region.role === role ? content : []));
};
const make = (tag, properties, ...content) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...content);
  return element;
};
const texts = document.querySelector('.said').dataset;
const headers = { 'X-CSRF': '1', 'X-Session-Tag': texts.tag };
let asked;

const cancel = (focus) => {
  if (!asked) return;
  asked.group.replaceWith(asked.button);
  if (focus) asked.button.focus();
  asked = undefined;
};
const ask = (button) => {
  cancel();
  say();
  const { question, yes } = button.dataset;
  const no = make('button', { className: 'button small' }, 'No');
  const group = make('div', { className: 'sure', role: 'group', ariaLabel: question }, make('span', {}, question),
    make('button', { className: 'button small main risk' }, yes), no);
  button.replaceWith(group);
  asked = { button, group };
  no.focus();
};

const fail = ({ code, title, detail, reason, instance, login_url, admin_consent_url }, isLost) => {
  const lines = [make('b', {}, title + '.'), make('p', {}, texts[reason] ?? texts[code] ?? detail ?? '')];
  if (isLost) lines.push(make('p', {}, texts.lost));
  const link = (href, text, kind) =>
    lines.push(make('p', {}, make('a', { href, className: 'button small ' + kind }, text)));
  if (login_url) {
    const url = new URL(login_url, location);
    url.searchParams.set('return_to', location.pathname + location.search);
    if (url.href.startsWith(location.origin + '/api/auth/login?')) link(url.href, 'Go on', 'main');
  }
  if (/^https?:/.test(admin_consent_url)) link(admin_consent_url, 'Link for your administrator', '');
  if (code === 'session_changed') link(location.href, 'Load this page again', 'main');
  // Without its "urn:uuid:".
  if (instance) lines.push(make('p', { className: 'quiet' }, 'Reference ', make('code', {}, instance.slice(9))));
  say('alert', ...lines);
  main.querySelector('[role=alert] a')?.focus();
};
const refresh = async (heading, at) => {
  const response = await fetch(location.href, { headers: { ...headers, accept: 'text/html' } });
  // An error page has no view.
  const next = new DOMParser().parseFromString(await response.text(), 'text/html').getElementById('view');
  if (!next) return location.reload();
  const view = document.getElementById('view');
  const isOpen = view.querySelector('details[open]');
  view.replaceWith(next);
  asked = undefined;
  if (isOpen) next.querySelector('details')?.setAttribute('open', '');
  const title = document.getElementById(heading);
  (title?.closest('section').querySelectorAll('.rows>li>[data-method]')[at] ?? title)?.focus();
};
const act = async () => {
  const { button, group } = asked;
  const { method, path, done } = button.dataset;
  const section = group.closest('section');
  const heading = section.querySelector('h2').id;
  const at = [...section.querySelectorAll('.rows>li')].indexOf(group.closest('li'));
  section.ariaBusy = true;
  say('status', 'One moment …');
  try {
    const response = await fetch(path, { method, headers });
    if (!response.ok) {
      const problem = await response.json();
      cancel(true);
      // Somebody else was faster: what is shown is out of date.
      if (response.status === 404) await refresh(heading, at);
      return fail(problem, response.status > 499 && !problem.sign_ins_revoked);
    }
    const { ended } = response.status === 200 ? await response.json() : {};
    // Other tabs look at their session again: it may be the one that ended.
    new BroadcastChannel('entra-bff').postMessage({ type: 'entra-bff:session' });
    await refresh(heading, at).catch(() => location.reload());
    say('status', done.replace('#', ended === 1 ? '1 session' : ended + ' sessions'));
  } catch {
    cancel(true);
    fail({ title: 'No answer came' }, true);
  } finally {
    section.ariaBusy = null;
  }
};

const busy = () => main.querySelector('[aria-busy]');
main.addEventListener('click', ({ target }) => {
  const button = target.closest('button');
  if (busy()) return;
  if (button?.dataset.method) ask(button);
  else if (button?.closest('.sure')) button.classList.contains('risk') ? act() : cancel(true);
});
main.addEventListener('keydown', ({ key }) => {
  if (key === 'Escape' && !busy()) cancel(true);
});
main.classList.add('live');
`;

/** Sent without indentation and comments. */
export const adminScript = source.replace(/^\s+(?:\/\/.*\n\s*)?/gm, '');
