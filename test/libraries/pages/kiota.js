import {
  AnonymousAuthenticationProvider,
  HttpMethod,
  RequestInformation,
} from '@microsoft/kiota-abstractions';
import { FetchRequestAdapter, KiotaClientFactory } from '@microsoft/kiota-http-fetchlibrary';
import { createMessageCollectionResponseFromDiscriminatorValue } from '@microsoft/msgraph-sdk/models/index.js';
import { createODataErrorFromDiscriminatorValue } from '@microsoft/msgraph-sdk/models/oDataErrors/index.js';
import { BatchRequestContent, LargeFileUploadTask, PageIterator } from '@microsoft/msgraph-sdk-core';
import { graphFetch } from 'entra-bff/client/graph';
import { createAdapter, createGraph } from '../../../examples/graph-libraries/kiota.js';
import { bff, fileName, filter, largeFile, namesOf, pieceBytes, refusalOf } from './client.ts';

const graph = createGraph(bff);
const adapter = createAdapter(bff);
adapter.baseUrl = 'https://graph.microsoft.com/v1.0';
const errors = { XXX: createODataErrorFromDiscriminatorValue };

/** A call that no request builder has: `@microsoft/msgraph-sdk-drives` is not published. */
function call(method, path) {
  const info = new RequestInformation(method, `{+baseurl}${path}`);
  info.pathParameters = { baseurl: adapter.baseUrl };
  return info;
}

/** Reads the members of any response that the tests compare. */
const anything =
  () =>
  (kept = {}) => ({
    name: (node) => Object.assign(kept, { name: node.getStringValue() }),
    size: (node) => Object.assign(kept, { size: node.getNumberValue() }),
    uploadUrl: (node) => Object.assign(kept, { uploadUrl: node.getStringValue() }),
    nextExpectedRanges: (node) =>
      Object.assign(kept, { nextExpectedRanges: node.getCollectionOfPrimitiveValues('string') }),
  });

async function postBatch(...requests) {
  const content = new BatchRequestContent(adapter, errors);
  for (const [index, info] of requests.entries()) content.addBatchRequest(info, String(index));
  const answer = await content.postAsync();
  return requests.map((_info, index) => answer.getResponseById(String(index)));
}

const selectName = { queryParameters: { select: ['displayName'] } };

/** @type {import('../library.ts').Library} */
export const library = {
  read: async () => ({ displayName: (await graph.me.get(selectName)).displayName }),
  filter: async () => namesOf((await graph.users.get({ queryParameters: { filter } })).value),
  async pages() {
    const subjects = [];
    const first = await graph.me.messages.get({ queryParameters: { select: ['subject'], top: 10 } });
    const visit = ({ subject }) => subjects.push(subject) > 0;
    const factory = createMessageCollectionResponseFromDiscriminatorValue;
    await new PageIterator(adapter, first, visit, factory, errors).iterate();
    return subjects;
  },
  async batch() {
    const [me, mail] = await postBatch(
      graph.me.toGetRequestInformation(selectName),
      graph.me.messages.toGetRequestInformation({ queryParameters: { select: ['subject'], top: 1 } }),
    );
    return [me, mail].map(({ status, body }) => body ?? status);
  },
  async refusedPart() {
    const [me, refused] = await postBatch(
      graph.me.toGetRequestInformation(selectName),
      call(HttpMethod.GET, '/auditLogs/signIns'),
    );
    return [me, refused].map(({ status, body }) => body ?? status);
  },
  async upload() {
    const info = call(HttpMethod.PUT, `/me/drive/root:/${encodeURIComponent(fileName)}:/content`);
    info.setStreamContent(new TextEncoder().encode('Hello').buffer, 'application/octet-stream');
    return adapter.send(info, anything, errors);
  },
  async uploadSession() {
    const info = call(HttpMethod.POST, '/me/drive/root:/large.bin:/createUploadSession');
    info.setStreamContent(new TextEncoder().encode('{}').buffer, 'application/json');
    const session = await adapter.send(info, anything, errors);
    const range = `0-${largeFile.size - 1}`;
    const task = new LargeFileUploadTask(
      adapter,
      { ...session, nextExpectedRanges: [range] },
      largeFile.stream(),
      pieceBytes,
      anything,
      errors,
    );
    return (await task.upload()).itemResponse;
  },
  async download(id) {
    // As for a client that Kiota generates without the Graph SDK.
    const plain = new FetchRequestAdapter(
      new AnonymousAuthenticationProvider(),
      undefined,
      undefined,
      KiotaClientFactory.create(graphFetch(bff, { retry: false })),
    );
    const info = call(HttpMethod.GET, `/me/drive/items/${id}/content`);
    const content = await plain.sendPrimitive(info, 'ArrayBuffer', errors);
    return new TextDecoder().decode(content);
  },
  async photo() {
    const bytes = await graph.me.photo.content.get();
    return ['image/png', new TextDecoder('latin1').decode(bytes.slice(1, 4))];
  },
  remove: (id) => graph.me.messages.byMessageId(id).delete(),
  refusal: () => refusalOf(graph.me.onenote.notebooks.get()),
  consent: () => refusalOf(graph.me.calendars.get()),
};
