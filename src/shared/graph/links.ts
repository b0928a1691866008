import { Buffer } from 'node:buffer';
import { BffError } from '../errors.ts';
import type { AllowedCall } from '../policy/match.ts';
import { mayBeJson, readMediaType } from '../policy/media-type.ts';
import { isRead } from '../policy/methods.ts';
import { type ApiResponse, toApiResponse } from '../proxy/api-response.ts';
import type { Exchange } from '../proxy/send-with-token.ts';
import type { Caller } from '../session/caller.ts';
import type { Log } from '../telemetry/log.ts';
import { type EditMember, editMembers, type MemberEdit } from './edit-members.ts';
import { type HasFileToken, type IsFileUrl, tokenPattern } from './file-urls.ts';
import type { ToOwnUrl } from './own-url.ts';
import type { PageLinks } from './page-links.ts';

/** The call whose response holds the links. */
export interface LinkContext {
  readonly user: Caller['user'];
  readonly call: AllowedCall;
}

/** Replaces or removes links in Graph's responses. */
export interface Links {
  /**
   * The response to a single call, with the links that the browser may follow.
   * @throws {BffError} upstream_answer_refused
   */
  toResponse(exchange: Exchange, context: LinkContext, log: Log, now: Date): ApiResponse;
  /**
   * Edits the links in JSON, one byte per character. Undefined if the text is not JSON, or the links are too many or
   * too long in total.
   * @param status the status of a response that certainly is JSON. Without it, links to a next page are not signed.
   */
  editJson(text: string, context: LinkContext, log: Log, status?: number): string | undefined;
  /** A `Location` as the browser gets it. Undefined if it is removed. */
  editLocation(status: number, location: string, call: AllowedCall): string | undefined;
}

export interface LinksDependencies {
  readonly toOwnUrl: ToOwnUrl;
  readonly isFileUrl: IsFileUrl;
  /** Recognizes a file's URL that contains a token, in a member of any name. */
  readonly hasFileToken: HasFileToken;
  readonly pageLinks: Pick<PageLinks, 'sign'>;
}

/** Links of the response itself, or of a property: `members@odata.nextLink`. OData 4.01 omits `odata.`. */
const pageLinkName = /@(?:odata\.)?(?:nextLink|deltaLink)$/;
const fileLinkName = /@(?:microsoft\.graph|content)\.downloadUrl$|^uploadUrl$/;

/** Names of members with this prefix are reserved for this service. An API could otherwise write in its name. */
const RESERVED_PREFIX = '@entra-bff.';

/** A text that does not match has no link to edit and no reserved name. With `\u00`, JSON can escape a letter of a name. */
const mayBeLinkPattern = new RegExp(
  `(?:nextLink|deltaLink|downloadUrl|uploadUrl)"|"@entra-bff\\.|\\\\u00|${tokenPattern.source}`,
  'i',
);
/** Two windows overlap by more than the longest match of {@link mayBeLinkPattern}. */
const WINDOW_OVERLAP = 16;
/** The search reads this much at a time, so that a large body is not copied as a whole. */
const WINDOW_BYTES = 64 * 1024;

const MAX_LINKS = 5000;

/** For one link. A regular expression throws on a text of several megabytes. */
const MAX_LINK_LENGTH = 8 * 1024;

/**
 * The host refuses a request line of more than 8,192 bytes before any code of the app runs. The line also has a method, a
 * version and a line end. The origin is not part of it, but counts here.
 */
const MAX_OWN_URL_LENGTH = 8_192 - 'HEAD  HTTP/1.1\r\n'.length;

/** For all links that are compared with the rules or parsed as URLs. Ten megabytes of links take seconds. */
const MAX_COMPARED_LENGTH = 1024 * 1024;

export function createLinks(dependencies: LinksDependencies): Links {
  const links: Links = {
    toResponse(exchange, context, log, now) {
      const { status, headers: received } = exchange.response;
      const { location } = received;
      const newLocation =
        location === undefined ? undefined : links.editLocation(status, location, context.call);
      if (status === 302 && newLocation !== undefined) return toFileResponse(newLocation, exchange, now);
      const { headers, body } = toApiResponse(exchange, now);
      return {
        status,
        headers: newLocation === undefined ? headers : { ...headers, location: newLocation },
        body: mayBeJson(headers['content-type'])
          ? editBody(body, links, context, log, headers, status)
          : body,
      };
    },
    editJson: (text, context, log, status) => editLinks(text, context, dependencies, log, status),
    editLocation(status, location, { method, rule }) {
      const isRedirect = status >= 300 && status < 400;
      if (isRedirect && (status !== 302 || !isRead(method))) return undefined;
      // Graph also writes it into errors: after a 410, a list with changes begins again there.
      const ownUrl = isRedirect ? undefined : toOwnUrl(location, dependencies);
      const mayBeFile = rule.fileLinks && (status === 201 || status === 202 || status === 302);
      return ownUrl ?? (mayBeFile && isFileUrl(location, dependencies) ? location : undefined);
    },
  };
  return links;
}

const toOwnUrl = (link: string, dependencies: LinksDependencies) =>
  link.length > MAX_LINK_LENGTH ? undefined : ifRequestable(dependencies.toOwnUrl(link));

const ifRequestable = (ownUrl: string | undefined) =>
  ownUrl !== undefined && ownUrl.length <= MAX_OWN_URL_LENGTH ? ownUrl : undefined;

const isFileUrl = (link: string, dependencies: LinksDependencies) =>
  link.length <= MAX_LINK_LENGTH && dependencies.isFileUrl(link);

/** @throws {BffError} upstream_answer_refused */
function editBody(
  body: Uint8Array,
  links: Links,
  context: LinkContext,
  log: Log,
  headers: ApiResponse['headers'],
  status: number,
): Uint8Array {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!mayHaveLinks(bytes)) return body;
  const text = bytes.toString('latin1');
  // A link is known to be Graph's only if the response certainly is JSON.
  const isJson = readMediaType(headers['content-type'] ?? '') === 'application/json';
  const edited = links.editJson(text, context, log, isJson ? status : undefined);
  if (edited === undefined) {
    throw new BffError('upstream_answer_refused', {
      detail: 'The links in the response cannot be read, or are too many.',
    });
  }
  return edited === text ? body : Buffer.from(edited, 'latin1');
}

function mayHaveLinks(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += WINDOW_BYTES - WINDOW_OVERLAP) {
    if (mayBeLinkPattern.test(bytes.toString('latin1', at, at + WINDOW_BYTES))) return true;
  }
  return false;
}

function editLinks(
  text: string,
  context: LinkContext,
  dependencies: LinksDependencies,
  log: Log,
  status: number | undefined,
): string | undefined {
  if (!mayBeLinkPattern.test(text)) return text;
  const { feature, fileLinks } = context.call.rule;
  const budget = createLinkBudget();
  const hasFileToken = (value: string) => dependencies.hasFileToken(value, () => budget.mayCompare(value));
  const removed = new Set<string>();

  const editMember: EditMember = (name, readText, depth) => {
    if (name.toLowerCase().startsWith(RESERVED_PREFIX)) return 'remove';
    const isPageLink = pageLinkName.test(name);
    if (isPageLink || fileLinkName.test(name)) {
      const link = readText() ?? '';
      const isSignable = depth === 0 && status === 200 && context.call.method === 'GET';
      const edit = isPageLink
        ? editPageLink(name, link, isSignable, context, dependencies, budget)
        : editFileLink(link, fileLinks, dependencies, budget);
      // If the rule does not allow file links, their removal is expected.
      if (edit === 'remove' && (isPageLink || fileLinks)) removed.add(name.slice(name.lastIndexOf('@') + 1));
      return edit;
    }
    const value = fileLinks ? undefined : readText();
    return value !== undefined && hasFileToken(value) ? 'remove' : 'keep';
  };
  const edited = editMembers(text, editMember, (item) => fileLinks || !hasFileToken(item));
  if (budget.isExceeded()) return undefined;
  // Without its link, a list looks complete. The log tells the author of the policy that it is not.
  for (const name of removed) log('warn', { event: 'link-removed', name, feature });
  return edited;
}

function editPageLink(
  name: string,
  link: string,
  isSignable: boolean,
  { user, call }: LinkContext,
  dependencies: LinksDependencies,
  budget: LinkBudget,
): MemberEdit {
  if (!budget.mayCompare(link.length <= MAX_LINK_LENGTH ? link : '')) return 'remove';
  const ownUrl =
    toOwnUrl(link, dependencies) ??
    (isSignable && link.length <= MAX_LINK_LENGTH
      ? ifRequestable(dependencies.pageLinks.sign(user, call, name, link))
      : undefined);
  return ownUrl === undefined ? 'remove' : { text: ownUrl };
}

function editFileLink(
  link: string,
  fileLinks: boolean,
  dependencies: LinksDependencies,
  budget: LinkBudget,
): MemberEdit {
  if (!budget.mayCompare('') || !fileLinks) return 'remove';
  return isFileUrl(link, dependencies) ? 'keep' : 'remove';
}

/** Limits the work for the links of one response. */
interface LinkBudget {
  /** Counts a link and, if it is to be compared or parsed, its length. False if a limit is exceeded. */
  mayCompare(link: string): boolean;
  isExceeded(): boolean;
}

function createLinkBudget(): LinkBudget {
  let count = 0;
  let comparedLength = 0;
  const isExceeded = () => count > MAX_LINKS || comparedLength > MAX_COMPARED_LENGTH;
  return {
    isExceeded,
    mayCompare(link) {
      count++;
      comparedLength += link.length;
      return !isExceeded();
    },
  };
}

/** Marks JSON that stands for a file. A library would otherwise take the JSON for the content of the file. */
const fileUrlHeader = 'bff-file-url';

/**
 * Replaces the redirect to a file with JSON, because a script cannot read a redirect to another origin. The only member
 * of the JSON has the name that Graph uses in the metadata of a file for the URL of the content.
 */
function toFileResponse(fileUrl: string, exchange: Exchange, now: Date): ApiResponse {
  const { headers } = toApiResponse({ ...exchange, response: { ...exchange.response, status: 200 } }, now);
  return {
    status: 200,
    headers: { ...headers, 'content-type': 'application/json', [fileUrlHeader]: '1' },
    body:
      exchange.request.method === 'HEAD'
        ? new Uint8Array()
        : Buffer.from(JSON.stringify({ '@microsoft.graph.downloadUrl': fileUrl })),
  };
}
