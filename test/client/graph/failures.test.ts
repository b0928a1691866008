import { describe, expect, it, vi } from 'vitest';
import { BffProblem, InteractionFailed } from '../../../client/client.ts';
import { toErrorResponse } from '../../../client/graph/failures.ts';
import { failureOf, problemOf, problemsOf } from '../../../client/graph.ts';
import { showFailure, showRefusedParts } from '../../../examples/graph-libraries/problems.ts';

const document = {
  code: 'interaction_required',
  detail: 'Allow this app to read your mail.',
  reason: 'consent_required',
  login_url: '/api/auth/login?ticket=t',
  feature: 'mail',
  scopes: ['Mail.Read'],
  resolved_by: 'user',
  admin_consent_url: 'https://login.example/adminconsent',
  ask_again_at: '2026-11-22T17:00:00Z',
  correlation_id: 'c0ffee',
  entra_error_code: 65001,
};
const problem = new BffProblem(document, 401, 3);

/** The forms in which libraries keep the headers of a response in their errors. */
const errorsWith = (response: Response) => [
  Object.assign(new Error('graph-client'), { headers: response.headers }),
  Object.assign(new Error('ky, PnPjs'), { response }),
  Object.assign(new Error('axios'), { response: { headers: Object.fromEntries(response.headers) } }),
  Object.assign(new Error('kiota'), {
    responseHeaders: Object.fromEntries([...response.headers].map(([name, value]) => [name, [value]])),
  }),
];

describe('what the client threw', () => {
  it('is found in the errors that libraries make of its response', async () => {
    const failed = new InteractionFailed('canceled', problem);
    for (const thrown of [problem, failed]) {
      const response = toErrorResponse(thrown);
      for (const error of [response, thrown, ...errorsWith(response)]) {
        expect(failureOf(error)).toBe(thrown);
        expect(await problemOf(error)).toBe(problem);
      }
    }
  });

  it('is also a failed interaction without a problem', async () => {
    const failed = new InteractionFailed('user_changed');
    const response = toErrorResponse(failed);
    expect([response.status, response.headers.get('bff-problem')]).toEqual([401, null]);
    expect(failureOf(response)).toBe(failed);
    expect(await problemOf(response)).toBeUndefined();
  });

  it('is known by its name, because a page may load the client twice', async () => {
    const other = Object.assign(new Error('other copy'), { ...problem, name: 'BffProblem' });
    const response = toErrorResponse(other);
    expect(failureOf(errorsWith(response)[0])).toBe(other);
  });

  it('is nothing for other errors', async () => {
    for (const error of [undefined, null, 'x', new Error('x'), new Response('{}', { status: 500 })]) {
      expect(failureOf(error)).toBeUndefined();
      expect(await problemOf(error)).toBeUndefined();
    }
    expect(() => toErrorResponse(new TypeError('offline'))).toThrow('offline');
  });

  it('is forgotten after 200 more', () => {
    const first = toErrorResponse(problem);
    for (let more = 0; more < 199; more++) toErrorResponse(problem);
    expect(failureOf(first)).toBe(problem);
    toErrorResponse(problem);
    expect(failureOf(first)).toBeUndefined();
  });
});

describe('the response for it', () => {
  it('has all members of the problem', async () => {
    const response = toErrorResponse(problem);
    expect(response.headers.get('retry-after')).toBe('3');
    expect(new BffProblem(await response.json(), 401, 3)).toEqual(problem);
  });
});

describe('a part of a batch', () => {
  const part = { code: 'path_not_allowed', detail: 'No rule names this path.' };
  const answered = (positions: string | undefined, responses: unknown) =>
    Response.json(
      { responses },
      positions === undefined ? {} : { headers: { 'bff-answered-parts': positions } },
    );

  it('has the problem that its header names, whose body stays readable', async () => {
    const response = new Response(JSON.stringify(part), {
      status: 403,
      headers: { 'bff-problem': 'path_not_allowed' },
    });
    expect(await problemOf(response)).toMatchObject({ code: 'path_not_allowed', status: 403 });
    expect(await problemOf(Object.assign(new Error('PnPjs'), { response }))).toMatchObject(part);
    expect(await response.json()).toEqual(part);
  });

  it('is found by its position in the response around it', async () => {
    const response = answered('1,2', [
      { id: 'me', status: 200, body: {} },
      { id: 'logs', status: 403, body: part },
      { id: 'after', status: 424, body: { error: { code: 'failedDependency' } } },
    ]);
    const problems = await problemsOf(response);
    expect([...problems.keys()]).toEqual(['logs']);
    expect(problems.get('logs')).toMatchObject({ code: 'path_not_allowed', status: 403 });
    expect(await response.json()).toHaveProperty('responses');
  });

  it('that Graph wrote has no problem, whatever its body is', async () => {
    const forged = { id: '1', status: 403, headers: { 'bff-problem': 'path_not_allowed' }, body: part };
    expect((await problemsOf(answered(undefined, [forged]))).size).toBe(0);
    expect((await problemsOf(answered('7', [forged]))).size).toBe(0);
    expect((await problemsOf(answered('0', { length: 1 }))).size).toBe(0);
  });
});

describe('examples/graph-libraries/problems.ts', () => {
  const view = () => ({ show: vi.fn(), showButton: vi.fn() });
  const client = { interact: vi.fn() };

  it('offers a button for a missing permission', async () => {
    const shown = view();
    await showFailure(client as never, errorsWith(toErrorResponse(problem))[0], shown);
    expect(shown.show).not.toHaveBeenCalled();
    shown.showButton.mock.calls[0]?.[1]();
    expect(client.interact).toHaveBeenCalledExactlyOnceWith(problem);
  });

  it('shows the text of another problem, and other errors as they are', async () => {
    const shown = view();
    const refused = new BffProblem({ code: 'path_not_allowed', detail: 'No rule names this path.' }, 403);
    for (const error of [toErrorResponse(refused), new Error('offline')]) {
      await showFailure(client as never, error, shown);
    }
    expect(shown.show.mock.calls).toEqual([['No rule names this path.'], ['Error: offline']]);
  });

  it('shows nothing while the browser leaves the page', async () => {
    const shown = view();
    const leaving = toErrorResponse(new InteractionFailed('redirecting', problem));
    await showFailure(client as never, leaving, shown);
    expect([shown.show, shown.showButton].flatMap(({ mock }) => mock.calls)).toEqual([]);
  });

  it('shows the refused parts of a batch', async () => {
    const shown = view();
    const refused = { id: 'logs', status: 403, body: { code: 'path_not_allowed' } };
    await showRefusedParts(
      Response.json({ responses: [refused] }, { headers: { 'bff-answered-parts': '0' } }),
      shown,
    );
    expect(shown.show.mock.calls).toEqual([['logs: path_not_allowed']]);
  });
});
