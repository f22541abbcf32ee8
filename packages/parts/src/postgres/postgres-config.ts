/** What our part of postgresql.conf depends on. */
export type PostgresSettings = {
  readonly port: number;
  /** Where the Unix socket goes; none when undefined. */
  readonly socketDir: string | undefined;
};

function quoted(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/**
 * Settings included at the end of postgresql.conf. fsync and synchronous_commit stay on: a dial is written before it is dialled, and a
 * number must not be rung twice because a machine lost its power.
 */
export function postgresConfigText(settings: PostgresSettings): string {
  const lines: readonly (readonly [string, string | number])[] = [
    ['listen_addresses', quoted('127.0.0.1')],
    ['port', settings.port],
    ['unix_socket_directories', quoted(settings.socketDir ?? '')],
    ['unix_socket_permissions', '0700'],
    ['max_connections', 100],
    ['password_encryption', quoted('scram-sha-256')],
    ['shared_buffers', quoted('128MB')],
    ['fsync', 'on'],
    ['synchronous_commit', 'on'],
    ['full_page_writes', 'on'],
    ['wal_compression', 'on'],
    ['max_wal_size', quoted('1GB')],
    ['checkpoint_completion_target', '0.9'],
    ['random_page_cost', '1.1'],
    ['timezone', quoted('UTC')],
    ['log_timezone', quoted('UTC')],
    ['lc_messages', quoted('C')],
    ['logging_collector', 'off'],
    ['log_line_prefix', quoted('%m [%p] %q%a ')],
    // Statements hold phone numbers and names, which logs must not.
    ['log_statement', quoted('none')],
    ['log_min_error_statement', 'panic'],
    ['log_min_duration_statement', -1],
    ['log_parameter_max_length', 0],
    ['log_parameter_max_length_on_error', 0],
    ['log_error_verbosity', quoted('terse')],
    ['cluster_name', quoted('qianhu')],
  ];
  return `${lines.map(([name, value]) => `${name} = ${value}`).join('\n')}\n`;
}

/** pg_hba.conf: everybody with the password, from this machine only. */
export function postgresAccessText(): string {
  return ['local all all scram-sha-256', 'host all all 127.0.0.1/32 scram-sha-256', ''].join('\n');
}

/** What postmaster.pid says: line 1 the pid, line 4 the port, line 8 the state (miscadmin.h, pidfile.h). */
export function parsePostmasterPid(
  text: string,
): { readonly pid: number; readonly port: number; readonly state: string } | undefined {
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return { pid, port: Number(lines[3] ?? 0), state: (lines[7] ?? '').trim() };
}
