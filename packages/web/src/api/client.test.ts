import { sessionRoutes, trunkRoutes } from '@qianhu/contracts';
import { describe, expect, it } from 'vitest';
import { createClient } from './client.ts';
import { ApiError, problemFrom } from './problem.ts';

type Sent = { readonly url: string; readonly init: RequestInit | undefined };

const clientAnswering = (answer: () => Response) => {
  const sent: Sent[] = [];
  let ended = 0;
  const client = createClient({
    base: '/api/v1',
    fetch: (input, init) => {
      sent.push({ url: String(input), init });
      return Promise.resolve().then(answer);
    },
    onUnauthenticated: () => (ended += 1),
  });
  return { client, sent, ended: () => ended };
};

const json = (value: unknown, status = 200, type = 'application/json') =>
  new Response(JSON.stringify(value), { status, headers: { 'content-type': type } });

const failure = async (promise: Promise<unknown>): Promise<ApiError> => {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error('It should have failed.');
};

const ID = '018f3c2e-7d4a-7abc-8def-0123456789ab';

describe('the client', () => {
  it('fills the path, leaves empty filters out, and sends the header that a foreign page cannot', async () => {
    const { client, sent } = clientAnswering(() => json({ ok: true }));
    await client.call(trunkRoutes.deleteTrunk, { params: { trunkId: ID } });
    await client.call(trunkRoutes.listTrunks, {}).catch(() => undefined);
    expect(sent[0]?.url).toBe(`/api/v1/trunks/${ID}`);
    expect(sent[0]?.init?.headers).toMatchObject({ 'x-qianhu-csrf': '1' });
    expect(sent[1]?.init?.headers).not.toHaveProperty('x-qianhu-csrf');
    expect(client.href('/attempts', { outcome: 'busy', number: undefined, agent: '' })).toBe(
      '/api/v1/attempts?outcome=busy',
    );
  });

  it('refuses an answer of a wrong shape instead of showing nonsense', async () => {
    const { client } = clientAnswering(() => json({ items: 'none' }));
    expect((await failure(client.call(trunkRoutes.listTrunks, {}))).kind).toBe('contract');
  });

  it('tells once that the session has ended', async () => {
    const { client, ended } = clientAnswering(() => json({ title: 'Log in' }, 401, 'application/problem+json'));
    expect((await failure(client.call(sessionRoutes.getMe, {}))).kind).toBe('unauthenticated');
    expect(ended()).toBe(1);
  });

  it('tells a lost network from a refusal', async () => {
    const { client } = clientAnswering(() => {
      throw new TypeError('fetch failed');
    });
    expect((await failure(client.call(sessionRoutes.getMe, {}))).kind).toBe('offline');
  });

  it('lets a withdrawn request end as such', async () => {
    const { client } = clientAnswering(() => {
      throw new DOMException('aborted', 'AbortError');
    });
    await expect(client.call(sessionRoutes.getMe, { signal: AbortSignal.abort() })).rejects.toThrow('aborted');
  });
});

describe('a problem', () => {
  it('brings the server’s words, code and faulty fields', () => {
    const problem = problemFrom(
      400,
      'application/problem+json; charset=utf-8',
      JSON.stringify({
        title: 'Invalid',
        detail: 'Two faults.',
        code: 'invalid',
        errors: [{ path: 'name', message: 'Too short.' }],
      }),
    );
    expect(problem).toMatchObject({
      kind: 'invalid',
      message: 'Two faults.',
      code: 'invalid',
      fields: [{ path: 'name', message: 'Too short.' }],
    });
  });
  it('shows no proxy’s HTML and survives half an answer', () => {
    expect(problemFrom(502, 'text/html', '<h1>Bad gateway</h1>')).toMatchObject({ kind: 'unavailable', message: '' });
    expect(problemFrom(409, 'application/json', '{"detail":')).toMatchObject({ kind: 'conflict', message: '' });
  });
});
