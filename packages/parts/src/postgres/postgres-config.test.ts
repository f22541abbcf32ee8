import { describe, expect, it } from 'vitest';
import { parsePostmasterPid, postgresAccessText, postgresConfigText } from './postgres-config.ts';
import { parseLinkList } from './postgres-binaries.ts';
import { socketDirOf } from './start-postgres.ts';

describe("PostgreSQL's configuration", () => {
  const text = postgresConfigText({ port: 5433, socketDir: "/it's here" });

  it('keeps what was committed and listens on loopback only', () => {
    for (const line of [
      "listen_addresses = '127.0.0.1'",
      'port = 5433',
      'fsync = on',
      'synchronous_commit = on',
      "shared_buffers = '128MB'",
      'max_connections = 100',
      'wal_compression = on',
    ])
      expect(text.split('\n')).toContain(line);
  });

  it('quotes a folder with an apostrophe, and has no socket without a folder', () => {
    expect(text).toContain("unix_socket_directories = '/it''s here'");
    expect(postgresConfigText({ port: 1, socketDir: undefined })).toContain("unix_socket_directories = ''");
  });

  it('writes no statement and no parameter into the log, since they hold personal data', () => {
    expect(text).toContain("log_statement = 'none'");
    expect(text).toContain('log_parameter_max_length_on_error = 0');
    expect(text).toContain("log_error_verbosity = 'terse'");
  });

  it('lets nobody in without the password', () => {
    for (const line of postgresAccessText().trim().split('\n')) expect(line).toMatch(/scram-sha-256$/);
  });
});

describe('the folder of the Unix socket', () => {
  it('is left out where its path would be too long', () => {
    expect(socketDirOf('/var/lib/qianhu/postgres')).toBe('/var/lib/qianhu/postgres/run');
    expect(socketDirOf(`/${'x'.repeat(100)}`)).toBeUndefined();
  });
});

describe('postmaster.pid', () => {
  it('gives pid, port and state', () => {
    expect(parsePostmasterPid('4711\n/data\n1795362133\n5433\n/run\n127.0.0.1\n  1 2\nready   \n')).toEqual({
      pid: 4711,
      port: 5433,
      state: 'ready',
    });
  });
  it('is incomplete while the server starts', () => {
    expect(parsePostmasterPid('4711\n/data\n')).toEqual({ pid: 4711, port: 0, state: '' });
    expect(parsePostmasterPid('')).toBeUndefined();
  });
});

describe('the list of links in the npm package', () => {
  it('is read without its first folder, and never leads outside', () => {
    const text =
      '[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"},{"source":"native/../../etc/x","target":"native/y"},{"source":1}]';
    expect(parseLinkList(text)).toEqual([{ file: 'lib/libpq.so.5.18', link: 'lib/libpq.so.5' }]);
  });
});
