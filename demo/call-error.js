import { GraphError, interact } from './bff.js';
import { announce, button, create } from './dom.js';

/** Shows the error and what the user can do about it. */
export function showCallError(container, error, tryAgain, heading = 'h3') {
  // The page reloads, so an error of the previous user's calls is not shown. A body that was still arriving fails with
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
      { className: 'call-error' },
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
      title: 'Permission declined',
      text: 'Nothing was shared. You can continue without it, or ask again.',
      action: button('Ask again', () => interact(error)),
    };
  }
  if (error.code === 'admin_consent_required') {
    return {
      title: 'An administrator must approve',
      text: 'In your organization, only an administrator can grant this permission. Send your administrator the link.',
      action: button('Try again', () => interact(error)),
      link: create('a', { href: error.adminConsentUrl ?? '' }, 'Link for your administrator'),
    };
  }
  if (error.status === 429) {
    return {
      title: 'Too many requests',
      text: 'Wait a moment, then try again.',
      action: countDown(again, error.retryAfterSeconds ?? 0),
    };
  }
  if (error.status === undefined) {
    return { title: 'No answer', text: 'The service could not be reached.', action: again };
  }
  return {
    title: 'The call failed',
    text: error instanceof GraphError ? 'Microsoft Graph refused the call.' : error.message,
    action: again,
  };
}

/** The data that each feature of the policy reads. */
const subjects = { profile: 'your profile', mail: 'your messages' };

function explainInteraction(problem) {
  const proceed = (label) => button(label, () => interact(problem), 'main');
  switch (problem.reason) {
    case 'consent_required':
      return {
        title: 'Your permission is needed',
        text: `Microsoft asks whether this app may read ${subjects[problem.feature] ?? 'this'}, then returns you to this page.`,
        action: proceed('Continue to consent'),
      };
    default:
      // The service's text names the reason, and who can help.
      return problem.resolvedBy === 'administrator'
        ? {
            title: 'You need help from your organization',
            text: problem.message,
            action: button('Try again', () => interact(problem)),
          }
        : { title: 'Confirm your identity', text: problem.message, action: proceed('Continue to Microsoft') };
  }
}

/** Disables the button until the `Retry-After` of the response has passed. */
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
