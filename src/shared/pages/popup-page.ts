import { secureRandomBytes } from '../crypto/seal.ts';
import { administratorLink, createDocument, type PageDocument } from './document.ts';
import { html } from './html.ts';

/** How an interaction in a popup ended, as the app is told it. */
export interface PopupMessage {
  /** The app's own name for this popup: other tabs pass it by. */
  readonly id: string;
  readonly outcome: string;
  readonly feature?: string;
}

export interface PopupText {
  readonly title: string;
  readonly detail: string;
  /** Where this window goes when it cannot close: a path of ours. */
  readonly backHref: string;
  /** A link for somebody else: shown to be copied. */
  readonly forAdministrator?: string;
  /** What whoever is asked for help needs to know. */
  readonly reference?: string;
}

/**
 * The last page of a popup. It tells the app by BroadcastChannel, because Entra's opener policy cuts the opener off, and
 * by postMessage to our own origin where there still is one; then it closes. The message carries nothing that counts:
 * the app asks the server. A window with a link for the administrator stays until the person has read it.
 */
export function popupPage(message: PopupMessage, text: PopupText): PageDocument {
  const { title, detail, backHref, forAdministrator, reference } = text;
  const sent = {
    type: 'entra-bff:interaction',
    ...message,
    ...(forAdministrator === undefined ? {} : { admin_consent_url: forAdministrator }),
  };
  const nonce = secureRandomBytes(16).toString('base64');
  return createDocument({
    title,
    scriptNonce: nonce,
    keepsOpener: true,
    content: html`<section class="card">
<h1>${title}</h1>
<p>${detail}</p>
${forAdministrator && administratorLink(forAdministrator)}
<div class="actions">
<button class="button main" id="close" type="button">Close this window</button>
<a class="button" href="${backHref}">Back to the app</a>
</div>
</section>
${reference && html`<p class="quiet">Reference <code>${reference}</code></p>`}
<script nonce="${nonce}" data-message="${JSON.stringify(sent)}">${{ html: __PAGE_ASSETS__.popupScript }}</script>`,
  });
}
