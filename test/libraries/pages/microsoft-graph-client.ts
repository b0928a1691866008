import {
  BatchRequestContent,
  BatchResponseContent,
  FileUpload,
  OneDriveLargeFileUploadTask,
  PageIterator,
  ResponseType,
} from '@microsoft/microsoft-graph-client';
import { problemOf } from 'entra-bff/client/graph';
import { createGraphClient } from '../../../examples/graph-libraries/microsoft-graph-client.ts';
import type { Library } from '../library.ts';
import {
  bff,
  describeBlob,
  fileName,
  filter,
  largeFile,
  namesOf,
  pieceBytes,
  refusalOf,
  smallFile,
} from './client.ts';

const graph = createGraphClient(bff);

async function batch(paths: readonly string[]) {
  const content = new BatchRequestContent(
    paths.map((path, index) => ({ id: String(index), request: new Request(path) })),
  );
  const answer = new BatchResponseContent(await graph.api('/$batch').post(await content.getContent()));
  return paths.map((_path, index) => answer.getResponseById(String(index)));
}

export const library: Library & { manyBatches(): Promise<unknown> } = {
  read: () => graph.api('/me').select('displayName').get(),
  filter: async () => namesOf((await graph.api('/users').filter(filter).get()).value),
  async pages() {
    const subjects: unknown[] = [];
    const first = await graph.api('/me/messages').select('subject').top(10).get();
    await new PageIterator(graph, first, ({ subject }) => subjects.push(subject) > 0).iterate();
    return subjects;
  },
  async batch() {
    const [me, mail] = await Promise.all(
      (await batch(['/me?$select=displayName', '/me/messages?$select=subject&$top=1'])).map((part) =>
        part.json(),
      ),
    );
    return [me.displayName, mail.value.length];
  },
  async refusedPart() {
    const [me = new Response(), refused] = await batch(['/me?$select=displayName', '/auditLogs/signIns']);
    return [(await me.json()).displayName, (await problemOf(refused))?.code];
  },
  upload: () => graph.api(`/me/drive/root:/${encodeURIComponent(fileName)}:/content`).put(smallFile),
  async uploadSession() {
    const task = await OneDriveLargeFileUploadTask.createTaskWithFileObject(
      graph,
      new FileUpload(largeFile, 'large.bin', largeFile.size),
      { fileName: 'large.bin', path: '/', rangeSize: pieceBytes },
    );
    return (await task.upload()).responseBody;
  },
  async download(id) {
    const content = await graph.api(`/me/drive/items/${id}/content`).getStream();
    return new Response(content).text();
  },
  photo: async () => describeBlob(await graph.api('/me/photo/$value').responseType(ResponseType.BLOB).get()),
  remove: (id) => graph.api(`/me/messages/${id}`).delete(),
  /** More calls at once than the service lets one user have. */
  async manyBatches() {
    const paths = Array.from({ length: 20 }, () => '/me?$select=displayName');
    const batches = await Promise.all(Array.from({ length: 6 }, () => batch(paths)));
    return batches.flat().map((part) => part.status);
  },
  refusal: () => refusalOf(graph.api('/auditLogs/signIns').get()),
  consent: () => refusalOf(graph.api('/me/calendars').get()),
};
