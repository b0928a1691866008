/**
 * Every value of `Sec-Fetch-Dest`: the destinations of the Fetch standard, those that HTML and others add, and texts that
 * a reader could take for one that may pass.
 * @see https://fetch.spec.whatwg.org/#concept-request-destination
 */
export const destinations = [
  ...['audio', 'audioworklet', 'document', 'embed', 'empty', 'font', 'frame', 'iframe', 'image', 'json'],
  ...['manifest', 'object', 'paintworklet', 'report', 'script', 'serviceworker', 'sharedworker', 'style'],
  ...['text', 'track', 'video', 'webidentity', 'worker', 'xslt'],
  ...['dictionary', 'fencedframe', 'speculationrules', 'unknown'],
  ...['', 'Image', 'image, script', 'images', 'image/png', 'video;x', '"image"', 'document, iframe'],
] as const;

export const modes = ['no-cors', 'cors', 'same-origin', 'navigate', 'websocket'] as const;

/** A text that is HTML, a script and a style sheet, as the sender of a mail could attach it. */
export const hostileText =
  "<!--*/--><script>globalThis.ran='html'</script><!--\n/*-->*/globalThis.ran='script'//\n/*<--*/";

/** The kinds of content that an API can send. Undefined: it names no type. */
export const contentTypes = [
  ...['image/png', 'image/svg+xml', 'text/html', 'text/javascript', 'text/css', 'application/json'],
  ...['application/pdf', 'application/wasm', 'font/woff2', 'application/octet-stream'],
  ...['multipart/x-mixed-replace; boundary=x', 'audio/mpeg', 'video/mp4', 'application/xhtml+xml', undefined],
] as const;

/** Types that begin like a picture, a sound or a film, and are none that a page may embed. */
export const disguisedTypes = [
  ...['image/svg+xml', 'IMAGE/SVG+XML; charset=utf-8', 'image/svg', 'image/svg-xml', 'image/x+xml'],
  ...[
    'image/png, text/html',
    'text/html, image/png',
    'image/png text/html',
    'image',
    'image/',
    'image/*',
    '',
  ],
  ...['audio/mpegurl', 'audio/x-mpegurl', 'video/vnd.mpegurl', 'video/x+xml', 'audio/mpeg,text/javascript'],
] as const;
