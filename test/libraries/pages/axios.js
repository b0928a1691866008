import { createGraph } from '../../../examples/graph-libraries/axios.js';
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

async function batch(...urls) {
  const { data } = await graph.post('/$batch', { requests: urls.map(part) });
  return data.responses;
}

/** @type {import('../library.ts').Library} */
export const library = {
  read: async () => (await graph.get('/me', { params: { $select: 'displayName' } })).data,
  filter: async () => namesOf((await graph.get('/users', { params: { $filter: filter } })).data.value),
  async pages() {
    const subjects = [];
    for (let path = '/me/messages?$select=subject&$top=10'; path !== undefined; ) {
      const { data } = await graph.get(path);
      subjects.push(...data.value.map(({ subject }) => subject));
      path = data['@odata.nextLink'];
    }
    return subjects;
  },
  async batch() {
    const [me, mail] = await batch('/me?$select=displayName', '/me/messages?$select=subject&$top=1');
    return [me.body.displayName, mail.body.value.length];
  },
  async refusedPart() {
    const [me, refused] = await batch('/me?$select=displayName', '/auditLogs/signIns');
    return [me.body.displayName, refused.body.code];
  },
  async upload() {
    const path = `/me/drive/root:/${encodeURIComponent(fileName)}:/content`;
    const headers = { 'content-type': 'application/octet-stream' };
    return (await graph.put(path, smallFile, { headers })).data;
  },
  async uploadSession() {
    const session = await graph.post('/me/drive/root:/large.bin:/createUploadSession', {});
    let last;
    for (let from = 0; from < largeFile.size; from += pieceBytes) {
      const piece = largeFile.slice(from, from + pieceBytes);
      const range = `bytes ${from}-${from + piece.size - 1}/${largeFile.size}`;
      last = await graph.put(session.data.uploadUrl, piece, { headers: { 'content-range': range } });
    }
    return last.data;
  },
  download: async (id) => (await graph.get(`/me/drive/items/${id}/content`, { responseType: 'text' })).data,
  photo: async () => describeBlob((await graph.get('/me/photo/$value', { responseType: 'blob' })).data),
  remove: async (id) => (await graph.delete(`/me/messages/${id}`)).data,
  refusal: () => refusalOf(graph.get('/auditLogs/signIns')),
  consent: () => refusalOf(graph.get('/me/calendars')),
};
