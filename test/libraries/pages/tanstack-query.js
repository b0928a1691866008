import { MutationObserver, QueryClient } from '@tanstack/query-core';
import { graphFetch, problemsOf } from 'entra-bff/client/graph';
import { graphPages, graphQuery } from '../../../examples/graph-libraries/tanstack-query.js';
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

const queries = new QueryClient();
const send = graphFetch(bff);
const mutate = (mutationFn) => new MutationObserver(queries, { mutationFn }).mutate();
const fetchAs = (key, queryFn) => queries.fetchQuery({ queryKey: [key], queryFn, retry: false });

const part = (url, index) => ({ id: String(index), method: 'GET', url });
const batch = (...urls) =>
  bff.graph('/$batch', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ requests: urls.map(part) }),
  });

/** @type {import('../library.ts').Library} */
export const library = {
  read: () => queries.fetchQuery(graphQuery(bff, '/me?$select=displayName')),
  filter: async () => {
    const query = graphQuery(bff, `/users?$filter=${encodeURIComponent(filter)}`);
    return namesOf((await queries.fetchQuery(query)).value);
  },
  async pages() {
    const query = graphPages(bff, '/me/messages?$select=subject&$top=10');
    const { pages } = await queries.fetchInfiniteQuery({ ...query, pages: 100 });
    return pages.flatMap(({ value }) => value.map(({ subject }) => subject));
  },
  batch: () =>
    fetchAs('batch', async () => {
      const response = await batch('/me?$select=displayName', '/me/messages?$select=subject&$top=1');
      const [me, mail] = (await response.json()).responses;
      return [me.body.displayName, mail.body.value.length];
    }),
  refusedPart: () =>
    fetchAs('parts', async () => {
      const response = await batch('/me?$select=displayName', '/auditLogs/signIns');
      const problems = await problemsOf(response);
      const [me] = (await response.json()).responses;
      return [me.body.displayName, problems.get('1')?.code];
    }),
  upload: () =>
    mutate(async () => {
      const path = `/me/drive/root:/${encodeURIComponent(fileName)}:/content`;
      return (await bff.graph(path, { method: 'PUT', body: smallFile })).json();
    }),
  uploadSession: () =>
    mutate(async () => {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
      const session = await send('/me/drive/root:/large.bin:/createUploadSession', init);
      const { uploadUrl } = await session.json();
      let last;
      for (let from = 0; from < largeFile.size; from += pieceBytes) {
        const body = largeFile.slice(from, from + pieceBytes);
        const range = `bytes ${from}-${from + body.size - 1}/${largeFile.size}`;
        last = await send(uploadUrl, { method: 'PUT', body, headers: { 'content-range': range } });
      }
      return last.json();
    }),
  download: (id) => fetchAs('file', async () => (await send(`/me/drive/items/${id}/content`)).text()),
  photo: () => fetchAs('photo', async () => describeBlob(await (await bff.graph('/me/photo/$value')).blob())),
  remove: (id) => mutate(async () => (await bff.graph(`/me/messages/${id}`, { method: 'DELETE' })).status),
  refusal: () => refusalOf(queries.fetchQuery(graphQuery(bff, '/auditLogs/signIns'))),
  consent: () => refusalOf(queries.fetchQuery(graphQuery(bff, '/me/calendars'))),
};
