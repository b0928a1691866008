import { type BffProblem, createClient } from 'entra-bff/client';
import { BffProvider, useSession } from 'entra-bff/client/react';
import { createElement, StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';

declare global {
  /** Outcomes of work that outlives its component. */
  var saves: unknown[];
  var userIsReady: () => void;
}

const client = createClient();
globalThis.saves = [];
/** Options of an app that handles a change of user without loading the page again. */
const keepPage = {
  onUserChanged: () => new Promise<void>((done) => Object.assign(globalThis, { userIsReady: done })),
};
const options = location.search === '?keeps-page' ? keepPage : {};

function User() {
  const { status, session, interaction, secondsLeft, client: bff } = useSession();
  const [result, setResult] = useState('');
  const read = () =>
    bff.graph('/me/messages').then(
      () => setResult('read'),
      (error: BffProblem) => setResult(error.name),
    );
  /** Work that continues after the component is gone, such as a debounced draft. */
  const saveLater = () =>
    addEventListener('save-now', () =>
      bff.graph('/me/messages', { method: 'POST', body: 'the draft of the previous user' }).then(
        () => globalThis.saves.push('saved'),
        (error: { kind?: string }) => globalThis.saves.push(error.kind),
      ),
    );
  const name = session?.signed_in ? session.name : 'nobody';
  const waiting = interaction === undefined ? 'waits for nothing' : `waits for ${interaction.feature}`;
  const ends = secondsLeft === undefined ? '' : `ends in ${secondsLeft} s`;
  return createElement(
    'main',
    {},
    createElement('p', { id: 'state' }, [status, name, waiting, ends, result].join(', ')),
    createElement('label', {}, 'Draft', createElement('input')),
    createElement('button', { type: 'button', onClick: read }, 'Read'),
    createElement('button', { type: 'button', onClick: () => bff.cancel() }, 'Cancel'),
    createElement('button', { type: 'button', onClick: saveLater }, 'Save later'),
  );
}

const container = document.querySelector('#root');
if (container === null) throw new Error('the page has no place for the app');
createRoot(container).render(
  createElement(StrictMode, {}, createElement(BffProvider, { client, ...options }, createElement(User))),
);
