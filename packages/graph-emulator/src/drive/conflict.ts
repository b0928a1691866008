import { isObject, parseObject } from '../body.ts';
import type { GraphCall } from '../call.ts';
import { GraphError, type GraphObject } from '../reply.ts';
import type { ConflictBehavior } from './drive.ts';

const names = ['@microsoft.graph.conflictBehavior', '@name.conflictBehavior'];

/**
 * Reads what to do if the name is taken, from the query or the body, where it can be a member of `item`.
 * @param body the default is the body of the call
 * @param otherwise for calls that do not tell
 * @throws {GraphError} for another word
 */
export function readConflictBehavior(
  call: GraphCall,
  body: GraphObject = parseObject(call.body),
  otherwise: ConflictBehavior = 'replace',
): ConflictBehavior {
  const item = isObject(body['item']) ? body['item'] : body;
  const given = names
    .map((name) => call.options.get(name) ?? item[name])
    .find((value) => value !== undefined);
  if (given === undefined) return otherwise;
  if (given === 'fail' || given === 'replace' || given === 'rename') return given;
  throw new GraphError(400, 'invalidRequest', `The conflict behavior '${String(given)}' is not valid.`);
}
