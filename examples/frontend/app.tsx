import { createClient } from 'entra-bff/client';
import { BffProvider, useSession } from 'entra-bff/client/react';

const client = createClient();

export function App() {
  return (
    <BffProvider client={client}>
      <Greeting />
    </BffProvider>
  );
}

function Greeting() {
  const { status, session, client } = useSession();
  if (status === 'loading') return <p>One moment …</p>;
  if (session?.signed_in) {
    return (
      <p>
        <img src={client.src('/api/graph/v1.0/me/photo/$value')} alt="" /> Hello, {session.name}
      </p>
    );
  }
  return (
    <button type="button" onClick={() => void client.signIn()}>
      Sign in
    </button>
  );
}
