import { buildPath, CSRF_HEADER, type RouteContract } from '@qianhu/contracts';
import type { z } from 'zod';
import { ApiError, problemFrom } from './problem.ts';

/** What a response is checked with; every zod schema is one. */
interface Schema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: { message: string } };
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

type RequestOptions = {
  readonly query?: Query;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
};

/** What a route's contract asks for, as far as it asks. */
export type CallArgs<C extends RouteContract> = {
  readonly signal?: AbortSignal | undefined;
} & (C extends { params: infer P extends z.ZodType } ? { readonly params: z.input<P> } : object) &
  (C extends { query: infer Q extends z.ZodType } ? { readonly query?: z.input<Q> } : object) &
  (C extends { body: infer B extends z.ZodType } ? { readonly body: z.input<B> } : object);

export type Answer<C extends RouteContract> = C extends { response: infer R extends z.ZodType }
  ? z.output<R>
  : undefined;

type LooseArgs = {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Query;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
};

/** The typed way to the REST API: JSON in, validated JSON out, every failure an `ApiError`. */
export interface ApiClient {
  /** Calls an endpoint by its contract: what goes out is typed by it, what comes back is checked with it. */
  call<const C extends RouteContract>(route: C, args: CallArgs<C>): Promise<Answer<C>>;
  /** Uploads a file with progress (0–1). Fetch cannot tell upload progress, so this one is XMLHttpRequest. */
  upload<T>(
    path: string,
    file: File,
    schema: Schema<T>,
    options?: { query?: Query; onProgress?: (ratio: number) => void; signal?: AbortSignal },
  ): Promise<T>;
  /** The address of a resource that the browser loads by itself (audio, download). */
  href(path: string, query?: Query): string;
}

export type ClientOptions = {
  /** For example `/api/v1`. */
  readonly base: string;
  readonly fetch: typeof fetch;
  /** Told each answer's `Date` header. */
  readonly onDate?: (date: string | null) => void;
  /** Told when the session has ended, whatever was asked. */
  readonly onUnauthenticated?: () => void;
};

const withQuery = (path: string, query: Query | undefined): string => {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {}))
    if (value !== undefined && value !== '') search.set(key, String(value));
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
};

/** Builds the client. Holds no state of its own: the session is a cookie. */
export const createClient = ({ base, fetch: fetchFn, onDate, onUnauthenticated }: ClientOptions): ApiClient => {
  const href = (path: string, query?: Query): string => withQuery(base + path, query);

  const fail = (error: ApiError): never => {
    if (error.kind === 'unauthenticated') onUnauthenticated?.();
    throw error;
  };

  const parse = <T>(path: string, schema: Schema<T>, value: unknown): T => {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    throw new ApiError('contract', `${path}: ${result.error.message}`);
  };

  const call = async (method: RouteContract['method'], path: string, options: RequestOptions): Promise<Response> => {
    let response: Response;
    try {
      response = await fetchFn(href(path, options.query), {
        method,
        credentials: 'same-origin',
        headers: {
          accept: 'application/json',
          ...(method === 'GET' ? {} : { [CSRF_HEADER]: '1' }),
          ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
    } catch (error) {
      // The caller withdrew the request: that is not a failure to be shown.
      if (options.signal?.aborted === true) throw error;
      throw new ApiError('offline', '', { cause: error });
    }
    onDate?.(response.headers.get('date'));
    if (response.ok) return response;
    return fail(problemFrom(response.status, response.headers.get('content-type'), await response.text()));
  };

  return {
    href,
    async call<const C extends RouteContract>(route: C, args: CallArgs<C>): Promise<Answer<C>> {
      const { params, query, body, signal }: LooseArgs = args;
      const path = buildPath(route.path, params);
      const response = await call(route.method, path, { query: query ?? {}, body, signal });
      // Reading the body also frees the connection.
      const text = await response.text();
      if (route.response === undefined) return undefined as Answer<C>;
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch (error) {
        throw new ApiError('contract', `${path}: not JSON`, { status: response.status, cause: error });
      }
      return parse(path, route.response, value) as Answer<C>;
    },
    upload(path, file, schema, options = {}) {
      return new Promise((resolve, reject) => {
        const xhr = new XMLHttpRequest();
        xhr.open('POST', href(path, options.query));
        xhr.setRequestHeader('accept', 'application/json');
        xhr.setRequestHeader(CSRF_HEADER, '1');
        xhr.upload.addEventListener('progress', (event) => {
          if (event.lengthComputable && event.total > 0) options.onProgress?.(event.loaded / event.total);
        });
        xhr.addEventListener('error', () => {
          reject(new ApiError('offline', ''));
        });
        xhr.addEventListener('abort', () => {
          reject(new DOMException('The upload was withdrawn.', 'AbortError'));
        });
        xhr.addEventListener('load', () => {
          try {
            if (xhr.status < 200 || xhr.status >= 300)
              fail(problemFrom(xhr.status, xhr.getResponseHeader('content-type'), xhr.responseText));
            resolve(parse(path, schema, JSON.parse(xhr.responseText)));
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        });
        options.signal?.addEventListener('abort', () => {
          xhr.abort();
        });
        const form = new FormData();
        form.append('file', file, file.name);
        xhr.send(form);
      });
    },
  };
};
