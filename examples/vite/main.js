// The service serves its own client. Vite would look for a written-out address among its files.
const { createClient } = await import(
  /* @vite-ignore */ new URL('/api/auth/client.js', location.origin).href
);

const bff = createClient({ interaction: 'redirect' });
// Another user has signed in, in another tab perhaps: nothing of the one before may stay.
bff.onSessionChange(({ userChanged }) => userChanged && location.reload());
const line = document.querySelector('[role=status]');
const button = document.querySelector('button');

const session = await bff.session();
if (session.signed_in) {
  const me = await (await bff.graph('/me')).json();
  line.textContent = `Signed in as ${session.name}, ${me.jobTitle}.`;
  button.textContent = 'Sign out';
  button.onclick = () => bff.signOut();
} else {
  line.textContent = 'Nobody is signed in.';
  button.textContent = 'Sign in';
  button.onclick = () => bff.signIn();
}
button.hidden = false;
