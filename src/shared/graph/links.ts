import { Buffer } from 'node:buffer';
import { BffError } from '../errors.ts';
import type { AllowedCall } from '../policy/match.ts';
import { mayBeJson, readMediaType } from '../policy/media-type.ts';
import { isRead } from '../policy/methods.ts';
import { type ApiResponse, toApiResponse } from '../proxy/api-response.ts';
import { createByteSearch } from '../proxy/byte-search.ts';
import type { Exchange } from '../proxy/send-with-token.ts';
import type { Caller } from '../session/caller.ts';
import type { Log } from '../telemetry/log.ts';
import { type EditMember, editMembers } from './edit-members.ts';
import { type HasFileToken, type IsFileUrl, marksOfTokens } from './file-urls.ts';
import { createLinkBudget, type LinkBudget } from './link-budget.ts';
import type { ToOwnUrl } from './own-url.ts';
import { MAX_PAGE_LINK_LENGTH, type PageLinks } from './page-links.ts';
import { createRemovedLinks, isPageLinkName, type LinkEdit, removed } from './removed-links.ts';

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
   * @param batch the budget of the batch, if the text is one of its parts
   */
  editJson(
    text: string,
    context: LinkContext,
    log: Log,
    status?: number,
    batch?: LinkBudget,
  ): EditedJson | undefined;
  /** A `Location` as the browser gets it. Undefined if it is removed. */
  editLocation(status: number, location: string, context: LinkContext, log: Log): string | undefined;
}

export interface EditedJson {
  readonly text: string;
  /** Names removed links to further pages, for the browser. Empty if none was removed. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface LinksDependencies {
  readonly toOwnUrl: ToOwnUrl;
  readonly isFileUrl: IsFileUrl;
  /** Recognizes a file's URL that contains a token, in a member of any name. */
  readonly hasFileToken: HasFileToken;
  readonly pageLinks: Pick<PageLinks, 'sign' | 'signLocation'>;
}

const fileLinkName = /@(?:microsoft\.graph|content)\.downloadUrl$|^uploadUrl$/;

/** Names of members with this prefix are reserved for this service. An API could otherwise write in its name. */
const RESERVED_PREFIX = '@entra-bff.';

/**
 * In any letter case. JSON without one of these has no link to edit and no reserved name. With `\u00`, JSON can escape a
 * letter of a name.
 */
const marksOfLinks = [
  ...['nextLink"', 'deltaLink"', 'downloadUrl"', 'uploadUrl"', `"${RESERVED_PREFIX}`, '\\u00'],
  ...marksOfTokens,
];
const mayHaveLinks = createByteSearch(
  marksOfLinks.map((mark) => Buffer.from(mark)),
  { ignoresCase: true },
);

/** For the address of one file. A regular expression throws on a text of several megabytes. */
const MAX_FILE_URL_LENGTH = 8 * 1024;

/**
 * The host refuses a request line of more than 8,192 bytes before any code of the app runs. The line also has a method, a
 * version and a line end. The origin is not part of it, but counts here. A longer link is sent in a header, for which it
 * needs a MAC.
 */
const MAX_OWN_URL_LENGTH = 8_192 - 'HEAD  HTTP/1.1\r\n'.length;

export function createLinks(dependencies: LinksDependencies): Links {
  const links: Links = {
    toResponse(exchange, context, log, now) {
      const { status, headers: received } = exchange.response;
      const { location } = received;
      const newLocation =
        location === undefined ? undefined : links.editLocation(status, location, context, log);
      if (status === 302 && newLocation !== undefined) return toFileResponse(newLocation, exchange, now);
      const { headers, body } = toApiResponse(exchange, now);
      const edited = mayBeJson(headers['content-type'])
        ? editBody(body, links, context, log, headers, status)
        : { body, headers: {} };
      const locationHeader = newLocation === undefined ? {} : { location: newLocation };
      return { status, headers: { ...headers, ...locationHeader, ...edited.headers }, body: edited.body };
    },
    editJson: (text, context, log, status, batch) =>
      editLinks(text, context, dependencies, log, status, createLinkBudget(batch)),
    editLocation: (status, location, context, log) =>
      editLocation(status, location, context, dependencies, log),
  };
  return links;
}

function editLocation(
  status: number,
  location: string,
  { user, call }: LinkContext,
  dependencies: LinksDependencies,
  log: Log,
): string | undefined {
  const { feature, fileLinks } = call.rule;
  const isRedirect = status >= 300 && status < 400;
  if (isRedirect && (status !== 302 || !isRead(call.method))) return undefined;
  const isFile = isFileUrl(location, dependencies);
  if (isFile) return fileLinks && (status === 201 || status === 202 || status === 302) ? location : undefined;
  if (isRedirect) return undefined;
  // Graph also writes it into errors: after a 410, a list with changes begins again there.
  const edit = toPageLink(location, user, dependencies, () =>
    dependencies.pageLinks.signLocation(user, call, location),
  );
  if (edit.kind === 'own') return edit.url;
  log('warn', { event: 'link-removed', name: 'location', reason: edit.reason, feature });
  return undefined;
}

/** @param sign adds a MAC, which a link needs that the policy alone does not allow, or that is too long for a request line */
function toPageLink(
  link: string,
  user: Caller['user'],
  { toOwnUrl }: Pick<LinksDependencies, 'toOwnUrl'>,
  sign: () => LinkEdit | undefined,
): LinkEdit {
  if (link.length > MAX_PAGE_LINK_LENGTH) return removed('too-long');
  const plain = toOwnUrl(link, user);
  if (plain.kind === 'own' && plain.url.length <= MAX_OWN_URL_LENGTH) return plain;
  if (plain.kind === 'removed' && plain.reason === 'other-host') return plain;
  return sign() ?? (plain.kind === 'own' ? removed('too-long') : plain);
}

const isFileUrl = (link: string, dependencies: LinksDependencies) =>
  link.length <= MAX_FILE_URL_LENGTH && dependencies.isFileUrl(link);

/** @throws {BffError} upstream_answer_refused */
function editBody(
  body: Uint8Array,
  links: Links,
  context: LinkContext,
  log: Log,
  headers: ApiResponse['headers'],
  status: number,
): Pick<ApiResponse, 'headers' | 'body'> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!mayHaveLinks(bytes)) return { headers: {}, body };
  const text = bytes.toString('latin1');
  // A link is known to be Graph's only if the response certainly is JSON.
  const isJson = readMediaType(headers['content-type'] ?? '') === 'application/json';
  const edited = links.editJson(text, context, log, isJson ? status : undefined);
  if (edited === undefined) {
    throw new BffError('upstream_answer_refused', {
      detail: 'The links in the response cannot be read, or are too many.',
    });
  }
  return {
    headers: edited.headers,
    body: edited.text === text ? body : Buffer.from(edited.text, 'latin1'),
  };
}

function editLinks(
  text: string,
  context: LinkContext,
  dependencies: LinksDependencies,
  log: Log,
  status: number | undefined,
  budget: LinkBudget,
): EditedJson | undefined {
  if (!mayHaveLinks(Buffer.from(text, 'latin1'))) return { text, headers: {} };
  const { feature, fileLinks } = context.call.rule;
  const hasFileToken = (value: string) => dependencies.hasFileToken(value, () => budget.mayCompare(value));
  const removedLinks = createRemovedLinks();

  const editMember: EditMember = (name, readText, depth) => {
    if (name.toLowerCase().startsWith(RESERVED_PREFIX)) return 'remove';
    if (isPageLinkName(name)) {
      const isSignable = depth === 0 && status === 200 && context.call.method === 'GET';
      const edit = editPageLink(name, readText() ?? '', isSignable, context, dependencies, budget);
      if (edit.kind === 'own') return { text: edit.url };
      removedLinks.addPageLink(name, depth, edit.reason);
      return 'remove';
    }
    if (fileLinkName.test(name)) {
      const link = readText() ?? '';
      // If the rule does not allow file links, their removal is expected.
      if (!budget.mayCompare('') || !fileLinks) return 'remove';
      if (isFileUrl(link, dependencies)) return 'keep';
      removedLinks.addFileLink(name, link.length > MAX_FILE_URL_LENGTH ? 'too-long' : 'other-host');
      return 'remove';
    }
    const value = fileLinks ? undefined : readText();
    return value !== undefined && hasFileToken(value) ? 'remove' : 'keep';
  };
  const edited = editMembers(text, editMember, (item) => fileLinks || !hasFileToken(item));
  if (edited === undefined || budget.isExceeded()) return undefined;
  removedLinks.writeLog(log, feature);
  return { text: edited, headers: removedLinks.headers() };
}

function editPageLink(
  name: string,
  link: string,
  isSignable: boolean,
  { user, call }: LinkContext,
  dependencies: LinksDependencies,
  budget: LinkBudget,
): LinkEdit {
  // If the budget is exceeded, the whole response is refused.
  if (!budget.mayCompare(link.length <= MAX_PAGE_LINK_LENGTH ? link : '')) return removed('too-long');
  return toPageLink(link, user, dependencies, () =>
    isSignable && budget.maySign() ? dependencies.pageLinks.sign(user, call, name, link) : undefined,
  );
}

/** Marks JSON that stands for a file. A library would otherwise take the JSON for the content of the file. */
export const fileUrlHeader = 'bff-file-url';

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
