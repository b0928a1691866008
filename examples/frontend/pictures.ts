import type { Client } from 'entra-bff/client';

/** Shows the user's photo, and nothing if there is none. */
export function showPhoto(client: Client, image: Pick<HTMLImageElement, 'hidden' | 'onerror' | 'src'>) {
  // #region picture
  image.onerror = () => {
    image.hidden = true;
  };
  image.src = client.src('/api/graph/v1.0/me/photo/$value');
  // #endregion
}

/** Lets the user save an attachment of a mail. */
export function linkAttachment(
  client: Client,
  link: Pick<HTMLAnchorElement, 'href' | 'onclick'>,
  messageId: string,
  attachmentId: string,
) {
  // #region download
  const attachments = `/api/graph/v1.0/me/messages/${encodeURIComponent(messageId)}/attachments`;
  const path = `${attachments}/${encodeURIComponent(attachmentId)}/$value`;
  link.href = path;
  // The tag of the session belongs to the moment of the click.
  link.onclick = () => {
    link.href = client.src(path);
  };
  // #endregion
}
