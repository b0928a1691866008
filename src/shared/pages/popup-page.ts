import { secureRandomBytes } from '../crypto/seal.ts';
import { administratorLink, createDocument, type PageDocument } from './document.ts';
import { type Html, html } from './html.ts';
import { backLabel, type Presentation } from './presentation.ts';

/** The outcome of an interaction in a popup, as the app receives it. */
export interface PopupMessage {
  /** The id that the app gave this popup. Tabs that did not open the popup ignore the message. */
  readonly id: string;
  readonly outcome: string;
  readonly feature?: string;
}

export interface PopupContent {
  readonly title: string;
  readonly detail: Html;
  /** Path of the link back to the app, for a window that cannot close itself. */
  readonly backHref: string;
  /** A link for the user's administrator, shown so that it can be copied. */
  readonly administratorHref?: string;
  /** For support. */
  readonly reference?: string;
}

/**
 * The last page of a popup. Its script (assets/popup.client.ts) sends the message to the app and closes the window. The
 * message grants nothing: the server decides again at the next call.
 */
export function popupPage(
  presentation: Presentation,
  message: PopupMessage,
  { title, detail, backHref, administratorHref, reference }: PopupContent,
): PageDocument {
  const { text } = presentation;
  const data = {
    type: 'entra-bff:interaction',
    ...message,
    ...(administratorHref === undefined ? {} : { admin_consent_url: administratorHref }),
  };
  const nonce = secureRandomBytes(16).toString('base64');
  return createDocument(presentation, {
    title,
    scriptNonce: nonce,
    keepsOpener: true,
    content: html`<section class="card">
<h1>${title}</h1>
${detail}
${administratorHref && administratorLink(administratorHref, text('label.administrator_link'))}
<div class="actions">
<button class="button main" id="close" type="button">${text('action.close_window')}</button>
<a class="button" href="${backHref}">${backLabel(presentation)}</a>
</div>
</section>
${reference && html`<p class="quiet">${text('label.reference')} <code>${reference}</code></p>`}
<script nonce="${nonce}" data-message="${JSON.stringify(data)}">${{ html: __PAGE_ASSETS__.popupScript }}</script>`,
  });
}
