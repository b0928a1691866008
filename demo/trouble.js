import { GraphError, interact } from './bff.js';
import { announce, button, create } from './dom.js';

/** Shows what went wrong and what can be done about it. */
export function showTrouble(container, error, tryAgain, heading = 'h3') {
  // The page reloads and shows nothing for the previous user. A body that was still arriving ends with
  // `AbortError`.
  if (error.kind === 'user_changed' || error.name === 'AbortError') return;
  if (error.code === 'session_required') {
    dispatchEvent(new Event('session-ended'));
    return;
  }
  const { title, text, action, link = '' } = explain(error, tryAgain);
  container.replaceChildren(
    create(
      'div',
      { className: 'trouble' },
      create(heading, {}, title),
      create('p', {}, text),
      create('p', { className: 'actions' }, action, link),
      create('p', { className: 'quiet small' }, 'Code: ', create('code', {}, error.code ?? 'no_answer')),
    ),
  );
  announce(`${title}. ${text}`);
}

function explain(error, tryAgain) {
  const again = button('Try again', tryAgain);
  if (error.code === 'interaction_required') return explainInteraction(error);
  if (error.code === 'consent_declined') {
    return {
      title: 'You declined this permission',
      text: 'Nothing was shared. You can go on without it, or be asked once more.',
      action: button('Ask again', () => interact(error)),
    };
  }
  if (error.code === 'admin_consent_required') {
    return {
      title: 'An administrator has to agree',
      text: 'Your organization lets only administrators give this permission. Send yours the link.',
      action: button('Try once more', () => interact(error)),
      link: create('a', { href: error.adminConsentUrl ?? '' }, 'Link for your administrator'),
    };
  }
  if (error.status === 429) {
    return {
      title: 'Too many requests',
      text: 'The service asks for a short pause.',
      action: countDown(again, error.retryAfterSeconds ?? 0),
    };
  }
  if (error.status === undefined) {
    return { title: 'No answer', text: 'The service could not be reached.', action: again };
  }
  return {
    title: 'That did not work',
    text: error instanceof GraphError ? 'Microsoft Graph refused the call.' : error.message,
    action: again,
  };
}

/** What the features of the policy read. */
const subjects = { profile: 'your profile', mail: 'your messages' };

function explainInteraction(problem) {
  const proceed = (label) => button(label, () => interact(problem), 'main');
  switch (problem.reason) {
    case 'consent_required':
      return {
        title: 'Your permission is needed',
        text: `Microsoft asks you whether this app may read ${subjects[problem.feature] ?? 'this'}, and brings you back here.`,
        action: proceed('Continue to consent'),
      };
    default:
      return {
        title: 'Confirm that it is you',
        text: 'Microsoft wants to see you once more before it goes on, and brings you back here.',
        action: proceed('Continue to Microsoft'),
      };
  }
}

/** The button becomes usable when the service wants to be asked again. */
function countDown(again, seconds) {
  const label = again.textContent;
  const endsAtMs = performance.now() + seconds * 1000;
  const tick = () => {
    const leftSeconds = Math.ceil((endsAtMs - performance.now()) / 1000);
    again.disabled = leftSeconds > 0;
    again.textContent = again.disabled ? `${label} in ${leftSeconds} s` : label;
    if (again.disabled) setTimeout(tick, 250);
  };
  tick();
  return again;
}
