import { Buffer } from 'node:buffer';
import { BffError } from '../errors.ts';
import type { HttpAnswer } from '../network/http-request.ts';
import { mayBeJson, readMediaType } from '../policy/media-type.ts';
import type { ProxyAnswer } from '../proxy/answer.ts';
import type { PassAnswer } from '../proxy/forward.ts';
import { editMembers } from '../proxy/json-text.ts';
import type { Log } from '../telemetry/log.ts';
import { type HasFileToken, type IsFileAddress, tokenMark } from './file-addresses.ts';
import type { ToOwnAddress } from './own-address.ts';

/** The call that an answer is to. */
export interface AnsweredCall {
  readonly method: string;
  readonly feature: string;
  /** Addresses of files that need no token may come out. */
  readonly fileLinks: boolean;
  /** Our address for a link at the top level that the policy would refuse, if it leads to Graph's next page. */
  readonly nextPage?: (name: string, link: string) => string | undefined;
}

/** What becomes of addresses in Graph's answers. */
export interface Links {
  /**
   * The answer to one call as the browser gets it.
   * @throws {BffError} upstream_answer_refused
   */
  toAnswer(answer: HttpAnswer, pass: PassAnswer, call: AnsweredCall, log: Log): ProxyAnswer;
  /**
   * JSON, one byte a character, with its links changed; undefined when it cannot be read or has too many.
   * @param status the status of an answer that is certainly JSON. Without it, {@link AnsweredCall.nextPage} is not
   * called.
   */
  inJson(text: string, call: AnsweredCall, log: Log, status?: number): string | undefined;
  /** A `Location` as the browser gets it; undefined when it does not. */
  inLocation(status: number, location: string, call: AnsweredCall): string | undefined;
}

export interface LinksNeeds {
  readonly toOwnAddress: ToOwnAddress;
  readonly isFileAddress: IsFileAddress;
  /** Recognizes an address that has its own token, whatever its member's name. */
  readonly hasFileToken: HasFileToken;
}

/** Of the answer itself, or of one of its properties: `members@odata.nextLink`. OData 4.01 leaves `odata.` out. */
const followed = /@(?:odata\.)?(?:nextLink|deltaLink)$/;
const ofFile = /@(?:microsoft\.graph|content)\.downloadUrl$|^uploadUrl$/;

/** A text without one of these holds no link. `\u00` is how JSON can spell a letter in another way. */
const mark = new RegExp(`(?:nextLink|deltaLink|downloadUrl|uploadUrl)"|\\\\u00|${tokenMark.source}`, 'i');
/** Longer than what a mark matches. */
const MARK_LENGTH = 16;
/** The search reads this much at a time, so that a large body is not copied as a whole. */
const WINDOW_BYTES = 64 * 1024;

const MAX_LINKS = 5000;

/** Of one link. A regular expression throws on one of some megabytes. */
const MAX_LINK_LENGTH = 8 * 1024;

/** For all links that are compared with the rules or parsed as URLs, because ten megabytes of links take seconds. */
const MAX_COMPARED_LENGTH = 1024 * 1024;

export function createLinks(needs: LinksNeeds): Links {
  const toOwnAddress: ToOwnAddress = (link) =>
    link.length > MAX_LINK_LENGTH ? undefined : needs.toOwnAddress(link);
  const isFileAddress: IsFileAddress = (link) => link.length <= MAX_LINK_LENGTH && needs.isFileAddress(link);
  const links: Links = {
    toAnswer(answer, pass, call, log) {
      const { location } = answer.headers;
      if (answer.status === 302 && call.method === 'GET' && location !== undefined) {
        const file = links.inLocation(302, location, call);
        if (file !== undefined) return toFileAnswer(file, pass({ ...answer, status: 200 }));
      }
      const { status, headers, body } = pass(answer);
      const passed = location === undefined ? undefined : links.inLocation(status, location, call);
      return {
        status,
        headers: passed === undefined ? headers : { ...headers, location: passed },
        body: mayBeJson(headers['content-type']) ? inBytes(body, call, log, ofJson(headers, status)) : body,
      };
    },
    inJson(text, call, log, status) {
      if (!mark.test(text)) return text;
      let count = 0;
      let comparedLength = 0;
      const isTooMuch = () => count > MAX_LINKS || comparedLength > MAX_COMPARED_LENGTH;
      const hasFileToken = (value: string) =>
        needs.hasFileToken(value, () => {
          count++;
          comparedLength += value.length;
          return !isTooMuch();
        });
      const removed = new Set<string>();
      const edited = editMembers(
        text,
        (name, readText, depth) => {
          const isFollowed = followed.test(name);
          if (!isFollowed && !ofFile.test(name)) {
            const value = call.fileLinks ? undefined : readText();
            return value !== undefined && hasFileToken(value) ? 'remove' : 'keep';
          }
          count++;
          if (isTooMuch()) return 'remove';
          const link = readText() ?? '';
          if (isFollowed) {
            if (link.length <= MAX_LINK_LENGTH) comparedLength += link.length;
            const isTop = depth === 0 && status === 200 && link.length <= MAX_LINK_LENGTH;
            const own = isTooMuch()
              ? undefined
              : (toOwnAddress(link) ?? (isTop ? call.nextPage?.(name, link) : undefined));
            if (own !== undefined) return { text: own };
          } else {
            // If the policy excludes file links, their removal is not logged.
            if (!call.fileLinks) return 'remove';
            if (isFileAddress(link)) return 'keep';
          }
          removed.add(name.slice(name.lastIndexOf('@') + 1));
          return 'remove';
        },
        (item) => call.fileLinks || !hasFileToken(item),
      );
      // Without its link a list looks as if it ended here: whoever writes the policy has to hear of it.
      for (const name of removed) log('warn', { event: 'link-removed', name, feature: call.feature });
      return isTooMuch() ? undefined : edited;
    },
    inLocation(status, location, call) {
      if (status === 201 || status === 202) {
        const own = toOwnAddress(location);
        if (own !== undefined) return own;
      } else if (status !== 302 || call.method !== 'GET') return undefined;
      return call.fileLinks && isFileAddress(location) ? location : undefined;
    },
  };
  return links;

  function inBytes(body: Uint8Array, call: AnsweredCall, log: Log, status: number | undefined): Uint8Array {
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    if (!holdsMark(bytes)) return body;
    const text = bytes.toString('latin1');
    const edited = links.inJson(text, call, log, status);
    if (edited === undefined) {
      throw new BffError('upstream_answer_refused', { detail: 'Its links cannot be read, or are too many.' });
    }
    return edited === text ? body : Buffer.from(edited, 'latin1');
  }
}

function holdsMark(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += WINDOW_BYTES - MARK_LENGTH) {
    if (mark.test(bytes.toString('latin1', at, at + WINDOW_BYTES))) return true;
  }
  return false;
}

/** The status, if the answer is certainly JSON. Only then is a link known to be Graph's. */
function ofJson(headers: ProxyAnswer['headers'], status: number): number | undefined {
  return readMediaType(headers['content-type'] ?? '') === 'application/json' ? status : undefined;
}

/** A script cannot read a redirect to another origin. This is how an item says where its content is. */
function toFileAnswer(file: string, plain: ProxyAnswer): ProxyAnswer {
  return {
    status: 200,
    headers: { ...plain.headers, 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ '@microsoft.graph.downloadUrl': file })),
  };
}
