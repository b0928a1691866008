/**
 * Script of the administration page. An action button names its request in `data-method` and `data-path`. The script
 * asks for confirmation, sends the request and loads the view again. Text from a response is inserted as text, never
 * as HTML.
 */

/** The members of a problem document that this page shows. */
interface Problem {
  readonly code?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly reason?: string;
  readonly instance?: string;
  readonly login_url?: string;
  readonly admin_consent_url?: string;
}

/** An action button that is replaced by its confirmation. */
interface Confirmation {
  readonly button: HTMLElement;
  readonly group: HTMLElement;
}

const main = find('main');
/** Texts by problem code or reason, the page's URL and the session tag, all from data attributes. */
const texts = find('.announcer').dataset;
/** The session tag makes the server refuse the request if another user has signed in since the page was loaded. */
const requestHeaders = { 'X-CSRF': '1', 'X-Session-Tag': texts['tag'] ?? '' };
let confirmation: Confirmation | undefined;
/** The visible result of the last change. It takes up its own space, so that it covers nothing. */
let message: HTMLElement | undefined;

main.addEventListener('click', ({ target }) => {
  const button = target instanceof Element ? target.closest('button') : null;
  if (button === null || isBusy()) return;
  if (button.dataset['method'] !== undefined) askToConfirm(button);
  else if (button.classList.contains('confirm')) void runConfirmed();
  else if (button.classList.contains('cancel')) cancelConfirmation(true);
  else if (button.classList.contains('close')) closeMessage(true);
});
main.addEventListener('keydown', ({ key }) => {
  if (key !== 'Escape' || isBusy()) return;
  if (confirmation === undefined) closeMessage(true);
  else cancelConfirmation(true);
});
main.classList.add('scripted');

function isBusy(): boolean {
  return main.querySelector('[aria-busy]') !== null;
}

function askToConfirm(button: HTMLElement): void {
  cancelConfirmation(false);
  closeMessage(false);
  const question = button.dataset['question'] ?? '';
  const cancel = create('button', 'button small cancel', 'Cancel');
  const group = create(
    'div',
    'confirmation',
    create('span', '', question),
    create('button', 'button small main risk confirm', button.dataset['confirm'] ?? ''),
    cancel,
  );
  group.role = 'group';
  group.ariaLabel = question;
  button.replaceWith(group);
  confirmation = { button, group };
  cancel.focus();
}

function cancelConfirmation(focusesButton: boolean): void {
  if (confirmation === undefined) return;
  const { button, group } = confirmation;
  group.replaceWith(button);
  if (focusesButton) button.focus();
  confirmation = undefined;
}

async function runConfirmed(): Promise<void> {
  if (confirmation === undefined) return;
  const { button, group } = confirmation;
  const { method = '', path = '', done = '' } = button.dataset;
  const section = group.closest('section') ?? main;
  const place = placeOf(group, section);
  section.ariaBusy = 'true';
  find('span', group).textContent = 'Working …';
  announce('status', 'Working …');
  try {
    const response = await fetch(path, { method, headers: requestHeaders });
    if (response.ok) {
      const { ended } = response.status === 200 ? toRecord(await response.json()) : {};
      // Tells other tabs to check their session, because it may be the one that ended.
      new BroadcastChannel('entra-bff').postMessage({ type: 'entra-bff:session' });
      await reloadView().catch(() => location.reload());
      showResult(done.replace('#', ended === 1 ? '1 session' : `${String(ended)} sessions`), place);
      return;
    }
    const problem = toRecord(await response.json());
    cancelConfirmation(true);
    const isUncertain = response.status >= 500 && problem['sign_ins_revoked'] !== true;
    // The item no longer exists, for example because another administrator was faster.
    if (response.status === 404) await reloadView();
    showProblem(toProblem(problem), isUncertain, place);
  } catch {
    cancelConfirmation(true);
    showProblem({ title: 'No response' }, true, place);
  } finally {
    section.ariaBusy = null;
  }
}

/** Where a change was made: the section's heading, and the list item's position, or -1 if it was not a single item. */
interface Place {
  readonly headingId: string;
  readonly position: number;
}

function placeOf(group: HTMLElement, section: HTMLElement): Place {
  const item = group.closest('li');
  const items = [...section.querySelectorAll('.rows > li')];
  return { headingId: find('h2', section).id, position: item === null ? -1 : items.indexOf(item) };
}

async function reloadView(): Promise<void> {
  const response = await fetch(location.href, { headers: { ...requestHeaders, accept: 'text/html' } });
  // This page's session has ended. A reload would start a sign-in, and Entra ID would sign the user in without a prompt.
  if (response.status === 401) return location.replace('/api/auth/logout');
  const next = new DOMParser().parseFromString(await response.text(), 'text/html').getElementById('view');
  // An error page has no view.
  if (next === null) return location.reload();
  const view = find('#view');
  const isOpen = view.querySelector('details[open]') !== null;
  view.replaceWith(next);
  confirmation = undefined;
  if (isOpen) next.querySelector('details')?.setAttribute('open', '');
}

/** Shows the result in place of the item that it is about, and moves the focus to the item that follows. */
function showResult(text: string, place: Place): void {
  showMessage('done', [create('p', '', text)], place);
  announce('status', text);
  const { position, headingId } = place;
  const heading = document.getElementById(headingId);
  const buttons = heading?.closest('section')?.querySelectorAll<HTMLElement>('.rows > li > .button');
  (buttons?.[position] ?? heading)?.focus();
}

/** @param isUncertain the change may have been made, although the service did not report that it was */
function showProblem(problem: Problem, isUncertain: boolean, place: Place): void {
  const { code = '', title = '', detail = '', reason = '', instance } = problem;
  const sentences = [`${title}.`, texts[reason] ?? texts[code] ?? detail];
  if (isUncertain) sentences.push(texts['uncertain'] ?? '');
  const [heading = '', ...others] = sentences;
  const lines = [create('b', '', heading), ...others.map((sentence) => create('p', '', sentence))];
  for (const { href, label, kind } of linksFor(problem)) {
    const link = Object.assign(create('a', `button small ${kind}`, label), { href });
    lines.push(create('p', '', link));
  }
  if (instance !== undefined) {
    const reference = instance.replace('urn:uuid:', '');
    lines.push(create('p', 'quiet', 'Reference ', create('code', '', reference)));
  }
  showMessage('problem', lines, place).querySelector('a')?.focus();
  announce('alert', sentences.join(' '));
}

/** Shows a message at the place where the change was made. */
function showMessage(kind: 'done' | 'problem', lines: readonly HTMLElement[], place: Place): HTMLElement {
  closeMessage(false);
  const section = document.getElementById(place.headingId)?.closest('section') ?? find('#view');
  const items = [...section.querySelectorAll('.rows > li')];
  const item = items[place.position];
  const lastList = [...section.querySelectorAll('.rows')].at(-1);
  const close = Object.assign(create('button', 'close', '×'), { type: 'button' });
  close.ariaLabel = 'Close this message';
  const isInList = place.position >= 0 && lastList !== undefined;
  message = create(isInList ? 'li' : 'div', `message ${kind}`, create('div', '', ...lines), close);
  if (item !== undefined) item.before(message);
  else if (isInList) lastList.append(message);
  else section.append(message);
  message.scrollIntoView({ block: 'nearest' });
  return message;
}

function closeMessage(movesFocus: boolean): void {
  if (message === undefined) return;
  const section = message.closest('section');
  const button = message.nextElementSibling?.querySelector<HTMLElement>('.button');
  message.remove();
  message = undefined;
  announce('status', '');
  if (movesFocus) (button ?? section?.querySelector('h2'))?.focus();
}

function linksFor({ code, login_url, admin_consent_url }: Problem) {
  const links: { readonly href: string; readonly label: string; readonly kind: string }[] = [];
  if (login_url !== undefined) {
    const url = new URL(login_url, location.href);
    url.searchParams.set('return_to', texts['here'] ?? location.pathname);
    if (url.href.startsWith(`${location.origin}/api/auth/login?`))
      links.push({ href: url.href, label: 'Continue', kind: 'main' });
  }
  // Never a `javascript:` URL.
  if (admin_consent_url !== undefined && /^https?:/.test(admin_consent_url))
    links.push({ href: admin_consent_url, label: 'Link for your administrator', kind: '' });
  if (code === 'session_changed')
    links.push({ href: location.href, label: 'Load this page again', kind: 'main' });
  return links;
}

/** Announces a text to screen readers. They ignore the text of a new region, so both regions are always in the page. */
function announce(role: 'status' | 'alert', text: string): void {
  for (const region of document.querySelectorAll('.announcer > *')) {
    region.textContent = region.role === role ? text : '';
  }
}

function create<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className: string,
  ...content: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  if (className !== '') element.className = className;
  element.append(...content);
  return element;
}

function find(selector: string, within: ParentNode = document): HTMLElement {
  const element = within.querySelector<HTMLElement>(selector);
  if (element === null) throw new Error(`Missing element: ${selector}`);
  return element;
}

function toRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function toProblem(members: Readonly<Record<string, unknown>>): Problem {
  const textMembers = Object.entries(members).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(textMembers);
}
