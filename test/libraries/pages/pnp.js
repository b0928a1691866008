import '@pnp/graph/batching';
import '@pnp/graph/calendars';
import '@pnp/graph/files';
import '@pnp/graph/mail';
import '@pnp/graph/photos';
import '@pnp/graph/users';
import { problemOf } from 'entra-bff/client/graph';
import { createGraph } from '../../../examples/graph-libraries/pnp.js';
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

/** @type {import('../library.ts').Library} */
export const library = {
  read: () => graph.me.select('displayName')(),
  filter: async () => namesOf(await graph.users.filter(filter).select('displayName')()),
  async pages() {
    const subjects = [];
    for await (const page of graph.me.messages.select('subject').top(10)) {
      subjects.push(...page.map(({ subject }) => subject));
    }
    return subjects;
  },
  async batch() {
    const [batched, execute] = graph.batched();
    const me = batched.me.select('displayName')();
    const mail = batched.me.messages.select('subject').top(1)();
    await execute();
    return [(await me).displayName, (await mail).length];
  },
  async refusedPart() {
    const [batched, execute] = graph.batched();
    const me = batched.me.select('displayName')();
    const refused = batched.users.select('passwordProfile')().catch(problemOf);
    await execute();
    return [(await me).displayName, (await refused).code];
  },
  upload: () =>
    graph.me.drive.root.upload({ filePathName: encodeURIComponent(fileName), content: smallFile }),
  async uploadSession() {
    const { resumableUpload } = await graph.me.drive
      .getItemById('root')
      .createUploadSession({ item: { name: 'large.bin' } });
    let result;
    for (let from = 0; from < largeFile.size; from += pieceBytes) {
      const piece = largeFile.slice(from, from + pieceBytes);
      const range = `bytes ${from}-${from + piece.size - 1}/${largeFile.size}`;
      result = await resumableUpload.upload(piece.size, piece, range);
    }
    return result;
  },
  download: async (id) => (await graph.me.drive.getItemById(id).getContent()).text(),
  photo: async () => describeBlob(await graph.me.photo.getBlob()),
  remove: (id) => graph.me.messages.getById(id).delete(),
  refusal: () => refusalOf(graph.users.select('passwordProfile')()),
  consent: () => refusalOf(graph.me.calendars()),
};
