// #region client
// The service serves its client. Vite would look for a literal path among its own files.
const { createClient } = await import(
  /* @vite-ignore */ new URL('/api/auth/client.js', location.origin).href
);
// #endregion

const bff = createClient({ interaction: 'redirect' });
// Load the page again if another user signs in, for example in another tab.
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
  line.textContent = 'You are not signed in.';
  button.textContent = 'Sign in';
  button.onclick = () => bff.signIn();
}
button.hidden = false;
