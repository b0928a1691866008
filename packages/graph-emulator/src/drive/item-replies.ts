import { entityReply } from '../answer.ts';
import type { GraphCall } from '../call.ts';
import type { GraphReply } from '../reply.ts';
import type { DriveNode } from './drive.ts';
import { driveOf, toItem, typeOfItems } from './items.ts';

export function itemReply(call: GraphCall, node: DriveNode, status = 200): GraphReply {
  return entityReply(
    call,
    `drives('${driveOf(call).id}')/items`,
    typeOfItems(call),
    toItem(call, node),
    status,
  );
}

/** Replies with 201 if the item is new, and else with 200. */
export function itemCreated(call: GraphCall, node: DriveNode, isNew: boolean): GraphReply {
  // The options of the call are about the write.
  return itemReply(
    { ...call, options: { entries: [], get: () => undefined, has: () => false } },
    node,
    isNew ? 201 : 200,
  );
}
