import { type Html, html } from './html.ts';

export interface SwitchedOn {
  /** What differs from an emulator without any failure, in the words of the page. */
  readonly items: readonly string[];
  /** The value of `action` that turns all of it off. */
  readonly resetAction: string;
  /** The app that uses the emulator, for the way back. */
  readonly appUrl: string | undefined;
}

/** The top of a switches page: what is on, a button that turns everything off, and the way back to the app. */
export function switchedOn({ items, resetAction, appUrl }: SwitchedOn): Html {
  return html`<section class="notice" aria-labelledby="on">
<h2 id="on">On now</h2>
${items.length === 0 ? html`<p>Nothing. Everything works.</p>` : html`<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`}
<form method="post" action="/switches" class="buttons">
<button name="action" value="${resetAction}">Reset all</button>
${appUrl !== undefined && html`<a class="button" href="${appUrl}">Back to the app</a>`}
</form>
</section>`;
}
