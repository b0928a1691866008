import { Buffer } from 'node:buffer';
import { BffError } from '../errors.ts';
import { readMediaType } from '../policy/media-type.ts';
import type { PolicyRule } from '../policy/rule.ts';
import type { ApiResponse } from './api-response.ts';

/**
 * How plain HTML uses a response, without a script that could add `X-CSRF`.
 * - `image`: an `<img>` shows it.
 * - `media`: an `<audio>` or `<video>` plays it. Each of the two elements plays both.
 * - `download`: the user follows a link, and the browser saves it.
 */
export type Embed = 'image' | 'media' | 'download';

/**
 * Refuses a call of plain HTML that its rule does not allow.
 * @param embed undefined for a call that has `X-CSRF`
 * @throws {BffError} cross_site_request
 */
export function requireEmbeddable(embed: Embed | undefined, rule?: Pick<PolicyRule, 'embed'>): void {
  if (embed === undefined || rule?.embed === true) return;
  throw new BffError('cross_site_request', {
    detail: 'Send the header X-CSRF: 1. The rule for this path does not allow that plain HTML embeds it.',
    rules: ['csrf-header'],
  });
}

/**
 * The response as plain HTML gets it. The browser checks the type of no image, audio or video: it would hand any content
 * to whatever reads it next. So the type is checked here, before a byte is sent. A response that is no success has no body.
 * @throws {BffError} upstream_answer_refused
 */
export function toEmbeddedResponse(embed: Embed, response: ApiResponse): ApiResponse {
  const { status, headers, body } = response;
  if (status >= 200 && status < 300 && body.length > 0) {
    if (embed !== 'download') requireType(embed, response);
    return response;
  }
  const kept = Object.entries(headers).filter(([name]) => keptWithoutBody.has(name));
  return { status, headers: Object.fromEntries(kept), body: new Uint8Array() };
}

/** Headers of a response without its body. A browser needs `content-range` to learn the length of a film from a 416. */
const keptWithoutBody = new Set(['client-request-id', 'content-range', 'request-id', 'retry-after']);

const types = { image: /^image\//, media: /^(?:audio|video)\// } as const;

/**
 * SVG can hold script, which runs in the page that loads it with `<use>`, and browsers report that as an image too. A
 * playlist makes the element load the addresses that its author has written into it.
 */
const activeTypes = /xml|svg|mpegurl/;

/** A playlist of HLS by its first bytes, by which Chromium recognizes it under every type (measured). */
const playlistPattern = /^(?:\xef\xbb\xbf)?\s*#EXTM3U/i;

function requireType(embed: 'image' | 'media', { headers, body }: ApiResponse): void {
  const type = readMediaType(headers['content-type'] ?? '') ?? '';
  const beginning = Buffer.from(body.subarray(0, 64)).toString('latin1');
  if (types[embed].test(type) && !activeTypes.test(type) && !playlistPattern.test(beginning)) return;
  const clientRequestId = headers['client-request-id'];
  throw new BffError('upstream_answer_refused', {
    detail: `The response is not ${embed === 'image' ? 'an image' : 'audio or video'} that a page may embed. Read it with X-CSRF: 1.`,
    ...(clientRequestId === undefined ? {} : { clientRequestId }),
  });
}
