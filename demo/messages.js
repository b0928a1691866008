import { readGraph } from './bff.js';
import { showCallError } from './call-error.js';
import { announce, button, byId, create, initials, showLoading, time } from './dom.js';

const pageSize = 10;
const fields = 'id,subject,from,receivedDateTime,bodyPreview,isRead';
const list = byId('message-list');
const state = byId('messages-state');

const invitations = {
  granted: 'You have allowed this app to read your messages.',
  declined: 'You declined the permission to read your messages.',
  not_asked: 'Microsoft asks for your permission the first time.',
};

/**
 * Shows the card with its button. If the fragment is `#messages`, the card opens at once.
 * @param permission the state of the feature, from the session
 */
export function showMessages(permission) {
  list.replaceChildren();
  list.hidden = true;
  state.replaceChildren(
    create('p', { className: 'quiet' }, invitations[permission] ?? ''),
    create('p', { className: 'actions' }, button('Show my messages', open, 'main')),
  );
  if (location.hash !== '#messages') return;
  state.focus();
  open();
}

function open() {
  history.replaceState(null, '', '#messages');
  void readMore();
}

async function readMore() {
  const shown = list.childElementCount;
  showLoading(state, 'Loading your messages …');
  try {
    const query = `$select=${fields}&$orderby=receivedDateTime%20desc&$top=${pageSize}&$skip=${shown}`;
    const page = await (await readGraph(`/me/messages?${query}`)).json();
    append(page.value, page['@odata.nextLink'] !== undefined);
  } catch (error) {
    showCallError(state, error, readMore);
  }
}

function append(messages, hasMore) {
  const added = messages.map(toMessage);
  list.append(...added);
  list.hidden = list.childElementCount === 0;
  const count = list.childElementCount;
  state.replaceChildren(
    create('p', { className: 'quiet small' }, count === 0 ? 'Your mailbox is empty.' : `${count} shown`),
    ...(hasMore ? [create('p', { className: 'actions' }, button('More', readMore))] : []),
  );
  announce(count === 0 ? 'Your mailbox is empty.' : `${count} messages shown.`);
  // The pressed button is gone, so the first new message gets the focus.
  if (document.activeElement === state) added[0]?.focus();
}

function toMessage({ subject, from, receivedDateTime, bodyPreview, isRead }) {
  const sender = from?.emailAddress?.name ?? 'Unknown sender';
  return create(
    'li',
    { className: isRead ? 'message' : 'message unread', tabIndex: -1 },
    create('span', { className: `mark tone-${toneOf(sender)}`, ariaHidden: 'true' }, initials(sender)),
    create('b', { className: 'sender' }, sender),
    time(receivedDateTime),
    create(
      'span',
      { className: 'subject' },
      ...(isRead ? [] : [create('span', { className: 'visually-hidden' }, 'Unread: ')]),
      subject || '(no subject)',
    ),
    create('span', { className: 'preview' }, bodyPreview),
  );
}

/** The same color for the same sender. */
const toneOf = (sender) => [...sender].reduce((sum, character) => sum + character.charCodeAt(0), 0) % 5;
