import { client, interact } from './bff.js';
import { announce, button, byId, create } from './dom.js';

/**
 * What a person can meet between a call and its answer, to try out in development: a list of cases that the emulators
 * of Entra and Graph play on command. Any other host has no such list, and shows nothing.
 */
async function showCases() {
  const addresses = await readJson('/dev.json').catch(() => undefined);
  if (addresses?.cases_url === undefined) return;
  const list = create('div', { className: 'case-list' });
  const url = addresses.cases_url;
  const panel = create(
    'details',
    {},
    create('summary', {}, 'What your users will see, case by case'),
    create(
      'p',
      { className: 'quiet' },
      'Switch a case on, then make the call. One case is on at a time; the emulators have more switches: ',
      create('a', { href: addresses.entra_switches_url }, 'Entra'),
      ', ',
      create('a', { href: addresses.graph_switches_url }, 'Graph'),
      '.',
    ),
    list,
  );
  const state = await readJson(url);
  panel.ontoggle = () => {
    if (panel.open && list.childElementCount === 0) show(list, url, state);
  };
  // Coming back from Microsoft, the list is where it was left.
  panel.open = state.current !== null;
  byId('development').before(create('aside', { className: 'cases', ariaLabel: 'Cases to try' }, panel));
}

const readJson = async (url, init) => (await client.fetch(url, init)).json();

function show(list, url, { current, cases }) {
  const choose = async (id) => {
    const chosen = await readJson(url, { method: 'POST', body: new URLSearchParams({ case: id }) });
    for (const item of list.querySelectorAll('.case')) mark(item, item.dataset.case === chosen.current);
    const title = cases.find((one) => one.id === chosen.current)?.title;
    announce(title === undefined ? 'Everything works again.' : `On: ${title}.`);
  };
  list.replaceChildren(
    ...[...new Set(cases.map(({ group }) => group))].flatMap((group) => [
      create('h2', {}, group),
      create(
        'ul',
        {},
        ...cases.filter((one) => one.group === group).map((one) => toItem(one, one.id === current, choose)),
      ),
    ]),
  );
}

function toItem({ id, title, sees, path }, isOn, choose) {
  const result = create('div', { className: 'case-result' });
  result.setAttribute('role', 'status');
  const toggle = button('', () => choose(toggle.ariaChecked === 'true' ? '' : id), 'case-switch');
  toggle.role = 'switch';
  toggle.ariaLabel = title;
  const call = button('Make the call', () => makeCall(result, path));
  call.ariaLabel = `Make the call: ${title}`;
  const item = create(
    'li',
    { className: 'case' },
    create('h3', {}, title),
    create('p', { className: 'quiet' }, sees),
    create('p', { className: 'actions' }, toggle, call, create('code', { className: 'small' }, path)),
    result,
  );
  item.dataset.case = id;
  mark(item, isOn);
  return item;
}

function mark(item, isOn) {
  item.classList.toggle('on', isOn);
  const toggle = item.querySelector('.case-switch');
  toggle.ariaChecked = String(isOn);
  toggle.textContent = isOn ? 'On' : 'Off';
}

/** Calls as any app would, and says in its own words what came of it. */
async function makeCall(result, path) {
  result.textContent = 'Calling …';
  try {
    const response = await client.graph(path);
    const text = response.ok
      ? 'The call got its answer.'
      : `Graph refused the call with status ${response.status}.`;
    result.replaceChildren(create('p', {}, text));
  } catch (error) {
    showRefusal(result, path, error);
  }
}

/** Says why, with the ways on where somebody can give what is missing. */
function showRefusal(result, path, error) {
  const why = [error.code, error.reason].filter(Boolean).join(', ');
  const ways = [];
  if (error.loginUrl !== undefined) {
    ways.push(
      button('Go on in a window', () => goOnInWindow(result, path, error)),
      button('Go on by leaving the page', () => interact(error)),
    );
  }
  if (error.adminConsentUrl !== undefined) {
    ways.push(create('a', { href: error.adminConsentUrl }, 'Link for your administrator'));
  }
  result.replaceChildren(
    create(
      'p',
      {},
      create('code', {}, why === '' ? 'no_answer' : why),
      ` ${error.detail ?? error.message ?? ''}`,
    ),
    create('p', { className: 'actions' }, ...ways),
  );
}

/** Keeps the page, asks in a window, and makes the call again however that ended. */
async function goOnInWindow(result, path, problem) {
  result.replaceChildren(
    create('p', {}, 'Waiting for the window …'),
    create(
      'p',
      { className: 'actions' },
      button('Stop waiting', () => client.cancel()),
    ),
  );
  const ending = await client.interact(problem, { display: 'popup' }).catch(({ kind }) => kind);
  await makeCall(result, path);
  result.prepend(create('p', {}, 'The window ended with ', create('code', {}, ending), '.'));
}

await showCases();
