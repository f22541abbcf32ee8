import { connect, createServer, type Socket } from 'node:net';

/** A TCP relay that can be cut and mended, or made to swallow everything without a word. */
export type TcpProxy = {
  readonly port: number;
  cut(): void;
  mend(): void;
  /** Both directions stall; connections stay open. */
  freeze(isFrozen: boolean): void;
  close(): Promise<void>;
};

export const startTcpProxy = (targetPort: number, host = '127.0.0.1'): Promise<TcpProxy> => {
  const sockets = new Set<Socket>();
  let isCut = false;
  let isFrozen = false;
  const server = createServer((client) => {
    if (isCut) {
      client.destroy();
      return;
    }
    const upstream = connect(targetPort, host);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on('data', (data) => {
        if (!isFrozen) other.write(data);
      });
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : 0,
        cut: () => {
          isCut = true;
          for (const socket of sockets) socket.destroy();
        },
        mend: () => {
          isCut = false;
        },
        freeze: (frozen) => {
          isFrozen = frozen;
        },
        close: () =>
          new Promise<void>((done) => {
            isCut = true;
            for (const socket of sockets) socket.destroy();
            server.close(() => done());
          }),
      });
    });
  });
};
