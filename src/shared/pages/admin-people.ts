import type { PeopleView } from '../admin/console.ts';
import { MOST_FOUND, type Person } from '../admin/directory.ts';
import { adminPath, badge, consoleHref, failedPart } from './admin-parts.ts';
import { type Html, html } from './html.ts';

/** Where people are looked for: a plain form, which needs no script. */
export function searchCard(text: string, proof: string): Html {
  return html`<search class="card find">
<form method="get" action="${adminPath}">
<label for="user">Find a person</label>
<div><input id="user" name="user" value="${text}" maxlength="254" required autocomplete="off" autocapitalize="none" spellcheck="false" aria-describedby="how">
<input type="hidden" name="from" value="${proof}">
<button class="button main" type="submit">Find</button></div>
<p class="quiet" id="how">Address, object id, or the beginning of a name. You see whom your own account may see.</p>
</form>
</search>`;
}

/** Whom the text found. */
export function peopleCard({ text, people }: PeopleView, proof: string): Html {
  return html`<section class="card" aria-labelledby="people">
<h2 id="people" tabindex="-1">People</h2>
${people.kind === 'failed' ? failedPart(people, { purpose: 'To search for users, this app needs your permission to read names and addresses in your organization.', here: consoleHref(text) }) : peopleList(people.value, text, proof)}
</section>`;
}

function peopleList(people: readonly Person[], text: string, proof: string): Html {
  if (people.length === 0) {
    return html`<div class="empty"><p><b>Nobody found for “${text}”.</b></p>
<p>Addresses and object ids have to be whole; of a name the beginning is enough.</p></div>`;
  }
  return html`<ul class="rows">
${people.map(
  ({ id, name, username }) => html`<li>${badge(name)}<div class="user">
<p><a class="name" href="${consoleHref(id, proof)}"><bdi>${name}</bdi></a></p>
<p class="quiet">${username}</p>
</div></li>`,
)}
</ul>
${people.length === MOST_FOUND && html`<p class="quiet">The first ${MOST_FOUND}. Write more of the name to see others.</p>`}`;
}
