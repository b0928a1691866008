import type { SearchView } from '../admin/console.ts';
import { type DirectoryUser, MAX_RESULTS } from '../admin/directory.ts';
import { badge } from './admin-elements.ts';
import { adminPath, consoleHref } from './admin-links.ts';
import { directoryPermission, failedSection } from './admin-section.ts';
import { type Html, html } from './html.ts';

/** The search form. It needs no script. */
export function searchCard(text: string, proof: string): Html {
  return html`<div class="card find">
<form role="search" method="get" action="${adminPath}">
<label for="user">Find a user</label>
<div><input type="search" id="user" name="user" value="${text}" maxlength="254" required autocomplete="off" autocapitalize="none" spellcheck="false" aria-describedby="how">
<input type="hidden" name="from" value="${proof}">
<button class="button main" type="submit">Search</button></div>
<p class="quiet" id="how">Enter an email address, an object ID or the beginning of a name. You find only users that your account may see.</p>
</form>
</div>`;
}

export function resultsCard({ text, users }: SearchView, proof: string): Html {
  return html`<section class="card" aria-labelledby="users">
<h2 id="users" tabindex="-1">Users</h2>
${users.kind === 'failed' ? failedSection(users, { permission: directoryPermission, here: consoleHref(text) }) : userList(users.value, text, proof)}
</section>`;
}

function userList(users: readonly DirectoryUser[], text: string, proof: string): Html {
  if (users.length === 0) {
    return html`<div class="empty"><p><b>No users found for “${text}”.</b></p>
<p>Email addresses and object IDs must be complete. For a name, the beginning is enough.</p></div>`;
  }
  return html`<ul class="rows">
${users.map(
  ({ id, name, username }) => html`<li>${badge(name)}<div class="user">
<p><a class="name" href="${consoleHref(id, proof)}"><bdi>${name}</bdi></a></p>
<p class="quiet">${username}</p>
</div></li>`,
)}
</ul>
${users.length === MAX_RESULTS && html`<p class="quiet">Only the first ${MAX_RESULTS} users are shown. Enter more of the name to narrow the search.</p>`}`;
}
