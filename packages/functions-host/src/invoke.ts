import { randomBytes, randomUUID } from 'node:crypto';
import type { CoreApi, RegisteredFunction } from './core-api.ts';
import type { CoreInvocationContext, ProgrammingModel, RpcData, RpcHttpResponse } from './core-types.ts';
import { triggerOf } from './routes.ts';

/**
 * Runs one function as the worker does: arguments, hooks, handler, hooks, response. Rejects with the error of the handler,
 * unless a postInvocation hook has replaced it by a result.
 */
export async function invoke(
  core: CoreApi,
  model: ProgrammingModel,
  registered: RegisteredFunction,
  input: RpcData,
): Promise<RpcHttpResponse | undefined> {
  const invocationId = randomUUID();
  const names = { functionName: registered.metadata.name, invocationId };
  let invocationContext: unknown;
  const coreContext: CoreInvocationContext = {
    invocationId,
    metadata: registered.metadata,
    request: {
      inputData: [{ name: triggerOf(registered).name, data: input }],
      triggerMetadata: {},
      traceContext: { traceParent: `00-${randomHex(16)}-${randomHex(8)}-01` },
    },
    log: (level, category, message) => core.log(level, category, message, { ...names, invocationContext }),
  };
  const invocation = model.getInvocationModel(coreContext);
  try {
    const { context, inputs } = await invocation.getArguments();
    invocationContext = context;
    const hookData = {};
    const appHookData = core.appHookData;

    coreContext.state = 'preInvocationHooks';
    const before = await core.runHooks('preInvocation', {
      hookData,
      appHookData,
      invocationContext: context,
      inputs,
      functionCallback: registered.callback,
    });

    coreContext.state = 'invocation';
    const outcome: { result: unknown; error: unknown } = { result: undefined, error: undefined };
    try {
      outcome.result = await invocation.invokeFunction(context, before.inputs, before.functionCallback);
    } catch (error) {
      outcome.error = error;
    }

    coreContext.state = 'postInvocationHooks';
    const after = await core.runHooks('postInvocation', {
      hookData,
      appHookData,
      invocationContext: context,
      inputs: before.inputs,
      ...outcome,
    });
    if (after.error !== undefined && after.error !== null) throw after.error;
    const response = await invocation.getResponse(context, after.result);
    return response.returnValue?.http;
  } catch (error) {
    core.log('error', 'system', describeError(error), names);
    throw error;
  }
}

const randomHex = (bytes: number) => randomBytes(bytes).toString('hex');

function describeError(error: unknown) {
  return error instanceof Error ? (error.stack ?? error.message) : `Thrown: ${String(error)}`;
}
