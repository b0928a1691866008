/**
 * Script of a popup's last page: sends the outcome to the app and closes the window. A window that shows a link for the
 * administrator stays open until the user closes it.
 */
const data = document.currentScript?.dataset['message'] ?? '{}';
const message: { readonly admin_consent_url?: string } = JSON.parse(data);

document.getElementById('close')?.addEventListener('click', () => window.close());
// Entra ID's opener policy severs `window.opener`, so the channel is the only way for most popups.
try {
  new BroadcastChannel('entra-bff').postMessage(message);
} catch {}
try {
  window.opener?.postMessage(message, location.origin);
} catch {}
if (message.admin_consent_url === undefined) window.close();
