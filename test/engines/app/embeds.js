/** A page without a Content Security Policy that loads addresses in every way that HTML and the web's interfaces offer. */

/** For ways that may end silently. */
const PATIENCE_MS = 2000;
/** For ways whose end the tests expect. */
const LONG_PATIENCE_MS = 10_000;
const expectedToEnd = /^(?:img|input|audio|video|fetch.*|with-header)$/;
const stage = document.querySelector('#stage');

/** Resolves to the first of these events. Not every element tells how its load has ended. */
function endOf(target, ...events) {
  return new Promise((resolve) => {
    for (const type of events) target.addEventListener(type, () => resolve(type), { once: true });
    target.addEventListener('error', () => resolve('error'), { once: true });
  });
}

function add(tag, properties, ...events) {
  const element = Object.assign(document.createElement(tag), properties);
  const end = endOf(element, ...events);
  stage.append(element);
  return end;
}

function addMarkup(markup) {
  const holder = document.createElement('div');
  holder.innerHTML = markup;
  stage.append(holder);
  return pause();
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 500, 'silent'));
const statusOf = async (response) => `status ${(await response).status}`;
const link = (rel, href, properties = {}) => add('link', { rel, href, ...properties }, 'load');
const blob = (text, type = 'text/javascript') => URL.createObjectURL(new Blob([text], { type }));

function runIn(worker) {
  worker.port?.start();
  return endOf(worker.port ?? worker, 'message');
}

/** By name: loads the address, and resolves to how that ended. */
const ways = {
  img: (url) => add('img', { src: url }, 'load'),
  input: (url) => add('input', { type: 'image', src: url }, 'load'),
  poster: (url) => add('video', { poster: url }),
  background: (url) => addMarkup(`<p style="background-image: url('${url}')">x</p>`),
  'svg-image': (url) =>
    addMarkup(`<svg width="9" height="9"><image href="${url}" width="9" height="9"/></svg>`),
  'svg-use': (url) => addMarkup(`<svg width="9" height="9"><use href="${url}#a"/></svg>`),
  'svg-fe-image': (url) =>
    addMarkup(
      `<svg width="9" height="9"><filter id="f"><feImage href="${url}"/></filter><rect width="9" height="9" filter="url(#f)"/></svg>`,
    ),
  'svg-mask': (url) => addMarkup(`<p style="mask: url('${url}#a'); clip-path: url('${url}#a')">x</p>`),
  'svg-filter': (url) => addMarkup(`<p style="filter: url('${url}#a')">x</p>`),
  audio: (url) => add('audio', { src: url, preload: 'auto' }, 'loadedmetadata'),
  video: (url) => add('video', { src: url, preload: 'auto', muted: true }, 'loadedmetadata'),
  track: (url) => addMarkup(`<video><track default src="${url}"></video>`),
  script: (url) => add('script', { src: url }, 'load'),
  module: (url) => add('script', { src: url, type: 'module' }, 'load'),
  import: (url) => import(url).then(() => 'load'),
  'import-json': (url) => import(url, { with: { type: 'json' } }).then(() => 'load'),
  'import-css': (url) => import(url, { with: { type: 'css' } }).then(() => 'load'),
  worker: (url) => runIn(new Worker(url)),
  'module-worker': (url) => runIn(new Worker(url, { type: 'module' })),
  'shared-worker': (url) => runIn(new SharedWorker(url)),
  'import-scripts': (url) => runIn(new Worker(blob(`importScripts(${JSON.stringify(url)})`))),
  'service-worker': (url) => navigator.serviceWorker.register(url, { scope: url }).then(() => 'load'),
  worklet: (url) => new OfflineAudioContext(1, 1, 8000).audioWorklet.addModule(url).then(() => 'load'),
  'paint-worklet': (url) => CSS.paintWorklet.addModule(url).then(() => 'load'),
  style: (url) => link('stylesheet', url),
  'style-import': (url) => link('stylesheet', blob(`@import url("${url}")`, 'text/css')),
  font: (url) => new FontFace('odd', `url("${url}")`).load().then(() => 'load'),
  manifest: (url) => link('manifest', url),
  icon: (url) => link('icon', url),
  'preload-script': (url) => link('preload', url, { as: 'script' }),
  'preload-style': (url) => link('preload', url, { as: 'style' }),
  'preload-font': (url) => link('preload', url, { as: 'font', crossOrigin: 'anonymous' }),
  'preload-fetch': (url) => link('preload', url, { as: 'fetch', crossOrigin: 'anonymous' }),
  'preload-image': (url) => link('preload', url, { as: 'image' }),
  modulepreload: (url) => link('modulepreload', url),
  prefetch: (url) => link('prefetch', url),
  frame: (url) => add('iframe', { src: url }, 'load'),
  object: (url) => add('object', { data: url }, 'load'),
  embed: (url) => add('embed', { src: url }, 'load'),
  fetch: (url) => statusOf(fetch(url)),
  'fetch-no-cors': (url) => statusOf(fetch(url, { mode: 'no-cors' })),
  'fetch-same-origin': (url) => statusOf(fetch(url, { mode: 'same-origin' })),
  'event-source': (url) => endOf(new EventSource(url), 'open'),
  'with-header': (url) => statusOf(fetch(url, { headers: { 'X-CSRF': '1' } })),
};

/** How each load has ended, by `way-kind`. */
window.results = undefined;

/** Loads every kind of content in every way. The name of a load follows the prefix. */
window.loadAll = async (prefix, kinds) => {
  window.results = undefined;
  const results = {};
  const names = Object.keys(ways);
  for (let at = 0; at < names.length; at += 6) {
    const loads = names.slice(at, at + 6).flatMap((way) =>
      kinds.map(async (kind) => {
        const name = `${way}-${kind}`;
        const load = async () => ways[way](new URL(prefix + name, location.origin).href);
        const patienceMs = expectedToEnd.test(way) ? LONG_PATIENCE_MS : PATIENCE_MS;
        const late = new Promise((resolve) => setTimeout(resolve, patienceMs, 'silent'));
        results[name] = await Promise.race([load().catch(() => 'error'), late]);
      }),
    );
    await Promise.all(loads);
    stage.replaceChildren();
  }
  for (const one of (await navigator.serviceWorker?.getRegistrations()) ?? []) await one.unregister();
  window.results = results;
};

document.querySelector('h1').hidden = false;
