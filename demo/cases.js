import { client, interact } from './bff.js';
import { announce, button, byId, create } from './dom.js';

/**
 * Shows a list of cases that the emulators of Entra ID and Graph can simulate, such as a missing consent. Only the
 * development host has the list.
 */
async function showCases() {
  const urls = await readJson('/dev.json').catch(() => undefined);
  if (urls?.cases_url === undefined) return;
  const list = create('div', { className: 'case-list' });
  const url = urls.cases_url;
  const panel = create(
    'details',
    {},
    create('summary', {}, 'What your users will see, case by case'),
    create(
      'p',
      { className: 'quiet' },
      'Switch on a case, then make the call. Only one case is on at a time. The emulators have more switches: ',
      create('a', { href: urls.entra_switches_url }, 'Entra ID'),
      ', ',
      create('a', { href: urls.graph_switches_url }, 'Graph'),
      '.',
    ),
    list,
  );
  const state = await readJson(url);
  panel.ontoggle = () => {
    if (panel.open && list.childElementCount === 0) show(list, url, state);
  };
  // After a redirect to Microsoft, the list is open again.
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

function toItem({ id, title, description, path }, isOn, choose) {
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
    create('p', { className: 'quiet' }, description),
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

/** Makes the call as any app would, and shows the result. */
async function makeCall(result, path) {
  result.textContent = 'Calling …';
  try {
    const response = await client.graph(path);
    const text = response.ok
      ? 'The call succeeded.'
      : `Graph refused the call with status ${response.status}.`;
    result.replaceChildren(create('p', {}, text));
  } catch (error) {
    showRefusal(result, path, error);
  }
}

/** Shows the reason, with buttons if the user or an administrator can help. */
function showRefusal(result, path, error) {
  const why = [error.code, error.reason].filter(Boolean).join(', ');
  const actions = [];
  if (error.loginUrl !== undefined) {
    actions.push(
      button('Continue in a popup', () => continueInPopup(result, path, error)),
      button('Continue by redirect', () => interact(error)),
    );
  }
  if (error.adminConsentUrl !== undefined) {
    actions.push(create('a', { href: error.adminConsentUrl }, 'Link for your administrator'));
  }
  result.replaceChildren(
    create(
      'p',
      {},
      create('code', {}, why === '' ? 'no_answer' : why),
      ` ${error.detail ?? error.message ?? ''}`,
    ),
    create('p', { className: 'actions' }, ...actions),
  );
}

/** Opens the popup, and makes the call again whatever its outcome. */
async function continueInPopup(result, path, problem) {
  result.replaceChildren(
    create('p', {}, 'Waiting for the popup …'),
    create(
      'p',
      { className: 'actions' },
      button('Stop waiting', () => client.cancel()),
    ),
  );
  const outcome = await client.interact(problem, { display: 'popup' }).catch(({ kind }) => kind);
  await makeCall(result, path);
  result.prepend(create('p', {}, 'The popup ended with ', create('code', {}, outcome), '.'));
}

await showCases();
