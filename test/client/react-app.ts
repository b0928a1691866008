import { type BffProblem, createClient } from 'entra-bff/client';
import { BffProvider, useSession } from 'entra-bff/client/react';
import { createElement, StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';

const client = createClient();

function Person() {
  const { status, session, interaction, secondsLeft, client: bff } = useSession();
  const [result, setResult] = useState('');
  const read = () =>
    bff.graph('/me/messages').then(
      () => setResult('read'),
      (error: BffProblem) => setResult(error.name),
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
  );
}

const container = document.querySelector('#root');
if (container === null) throw new Error('the page has no place for the app');
createRoot(container).render(
  createElement(StrictMode, {}, createElement(BffProvider, { client }, createElement(Person))),
);
