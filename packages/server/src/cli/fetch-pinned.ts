import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { connect, type TLSSocket } from 'node:tls';

/**
 * Asks a server over TLS that shows exactly this certificate, whoever signed it and for whatever name: one of our own making
 * is trusted by nobody, and a bought one is not good for the address that we listen on. Nothing is sent before it is checked.
 * @param fingerprint SHA-256 of the certificate, in hexadecimal with colons.
 */
export const fetchPinned = async (request: Request, fingerprint: string): Promise<Response> => {
  const url = new URL(request.url);
  const socket = await connectPinned(url, fingerprint);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const sending = httpRequest(
      {
        createConnection: () => socket,
        method: request.method,
        path: `${url.pathname}${url.search}`,
        headers: { ...Object.fromEntries(request.headers), host: url.host, connection: 'close' },
      },
      resolve,
    );
    sending.once('error', reject);
    if (request.body === null) sending.end();
    else
      Readable.fromWeb(request.body as ReadableStream)
        .once('error', reject)
        .pipe(sending);
  });
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers))
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  const status = answer.statusCode ?? 500;
  const hasBody = status !== 204 && status !== 304;
  if (!hasBody) answer.resume();
  return new Response(hasBody ? (Readable.toWeb(answer) as globalThis.ReadableStream<Uint8Array>) : null, {
    status,
    headers,
  });
};

const connectPinned = (url: URL, fingerprint: string): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    // Not left unchecked: the one certificate that is right is compared below.
    const socket = connect({ host, port: Number(url.port || 443), rejectUnauthorized: false }, () => {
      if (socket.getPeerCertificate().fingerprint256 === fingerprint) {
        socket.off('error', reject);
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(new Error('It shows another certificate than the server of this home.'));
    });
    socket.once('error', reject);
  });
