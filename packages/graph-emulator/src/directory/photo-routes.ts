import type { User } from '@entra-bff/directory';
import { type GraphCall, me, requireUser } from '../call.ts';
import { GraphError, type GraphObject, type GraphReply } from '../reply.ts';
import type { Route } from '../route.ts';
import { drawPortrait } from './portrait.ts';

const ownPhoto = ['User.Read', 'User.ReadBasic.All', 'User.Read.All', 'ProfilePhoto.Read.All'];
const photos = ['User.ReadBasic.All', 'User.Read.All', 'ProfilePhoto.Read.All'];
const sizes = [48, 64, 96, 120, 240, 360, 432, 504, 648] as const;

const replies: readonly { readonly path: string; reply(user: User, size: string): GraphReply }[] = [
  { path: 'photo/$value', reply: (user) => photoReply(user, 'largest') },
  { path: 'photo', reply: (user) => ({ status: 200, body: describe(requirePhoto(user), 240) }) },
  {
    path: 'photos',
    reply: (user) => ({
      status: 200,
      body: { value: sizes.slice(0, 5).map((size) => describe(requirePhoto(user), size)) },
    }),
  },
  { path: 'photos/{size}/$value', reply: photoReply },
  {
    path: 'photos/{size}',
    reply: (user, size) => ({ status: 200, body: describe(requirePhoto(user), requireSize(size)) }),
  },
];

/** Photos of users. Every size is the same picture. */
export const photoRoutes: readonly Route[] = replies.flatMap(({ path, reply }): Route[] => [
  {
    method: 'GET',
    path: `/me/${path}`,
    scopes: ownPhoto,
    handle: (call: GraphCall, size = '') => reply(me(call), size),
  },
  {
    method: 'GET',
    path: `/users/{user}/${path}`,
    scopes: photos,
    handle: (call: GraphCall, key = '', size = '') => reply(requireUser(call, key), size),
  },
]);

function describe({ id }: User, size: number): GraphObject {
  return {
    '@odata.mediaContentType': 'image/png',
    '@odata.mediaEtag': `"${id}"`,
    id: `${size}x${size}`,
    height: size,
    width: size,
  };
}

function photoReply(user: User, size: string): GraphReply {
  if (size !== 'largest') requireSize(size);
  return {
    status: 200,
    headers: { 'content-type': 'image/png', etag: `"${user.id}"` },
    body: drawPortrait(requirePhoto(user).id),
  };
}

function requireSize(text: string): number {
  const size = sizes.find((one) => text === `${one}x${one}`);
  if (size === undefined)
    throw new GraphError(404, 'ErrorItemNotFound', `There is no photo of the size '${text}'.`);
  return size;
}

/** Some users have no photo, so that pages must handle that. */
function requirePhoto(user: User): User {
  if (user.guestIn.length > 0) throw new GraphError(404, 'ImageNotFound', "The photo wasn't found.");
  return user;
}
