import { problemsOf } from 'entra-bff/client/graph';
import { createGraph } from '../../../examples/graph-libraries/ky.js';
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

const graph = createGraph(bff);
const part = (url, index) => ({ id: String(index), method: 'GET', url });
const batch = (...urls) => graph.post('$batch', { json: { requests: urls.map(part) } });

/** @type {import('../library.ts').Library} */
export const library = {
  read: () => graph.get('me', { searchParams: { $select: 'displayName' } }).json(),
  filter: async () => namesOf((await graph.get('users', { searchParams: { $filter: filter } }).json()).value),
  async pages() {
    const subjects = [];
    let page = await graph.get('me/messages?$select=subject&$top=10').json();
    for (;;) {
      subjects.push(...page.value.map(({ subject }) => subject));
      const next = page['@odata.nextLink'];
      if (next === undefined) return subjects;
      // ky puts its prefix before every text.
      page = await graph.get(new URL(next)).json();
    }
  },
  async batch() {
    const [me, mail] = (await batch('/me?$select=displayName', '/me/messages?$select=subject&$top=1').json())
      .responses;
    return [me.body.displayName, mail.body.value.length];
  },
  async refusedPart() {
    const response = await batch('/me?$select=displayName', '/auditLogs/signIns');
    const problems = await problemsOf(response);
    const [me] = (await response.json()).responses;
    return [me.body.displayName, problems.get('1')?.code];
  },
  upload: () =>
    graph.put(`me/drive/root:/${encodeURIComponent(fileName)}:/content`, { body: smallFile }).json(),
  async uploadSession() {
    const session = await graph.post('me/drive/root:/large.bin:/createUploadSession', { json: {} }).json();
    let last;
    for (let from = 0; from < largeFile.size; from += pieceBytes) {
      const body = largeFile.slice(from, from + pieceBytes);
      const range = `bytes ${from}-${from + body.size - 1}/${largeFile.size}`;
      last = graph.put(new URL(session.uploadUrl), { body, headers: { 'content-range': range } });
      await last;
    }
    return last.json();
  },
  download: (id) => graph.get(`me/drive/items/${id}/content`).text(),
  photo: async () => describeBlob(await graph.get('me/photo/$value').blob()),
  remove: (id) => graph.delete(`me/messages/${id}`).text(),
  refusal: () => refusalOf(graph.get('auditLogs/signIns').json()),
  consent: () => refusalOf(graph.get('me/calendars').json()),
};
