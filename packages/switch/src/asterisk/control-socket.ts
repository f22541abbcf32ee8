import { connect } from 'node:net';
import { SwitchError } from '../port.ts';
import type { Scheduling } from './scheduling.ts';

/** Longest answer kept. */
const MOST = 1_000_000;
/** Asterisk reads a command of at most 512 bytes with its prefix. */
const LONGEST_COMMAND = 480;

/**
 * Runs one command on Asterisk's control socket (`asterisk.ctl`, what `asterisk -rx` uses) and resolves with its text. The
 * socket is guarded by the folder's rights; ARI has no word for registrations, round trips and the SIP logger.
 * @throws SwitchError `notConnected`, `timeout`, `invalid`.
 */
export const runCommand = (
  socketPath: string,
  command: string,
  scheduling: Scheduling,
  timeoutMs = 3_000,
): Promise<string> => {
  if (/[\0\r\n]/.test(command) || Buffer.byteLength(command) > LONGEST_COMMAND) {
    return Promise.reject(new SwitchError('invalid', 'This is not a command that Asterisk takes.'));
  }
  return new Promise<string>((resolve, reject) => {
    const socket = connect(socketPath);
    const parts: Buffer[] = [];
    let size = 0;
    const cancel = scheduling.setTimer(timeoutMs, () => {
      socket.destroy();
      reject(new SwitchError('timeout', 'Asterisk did not answer on its control socket.'));
    });
    socket.on('connect', () => socket.write(`cli quit after ${command}\0`));
    socket.on('data', (data) => {
      size += data.length;
      if (size <= MOST) parts.push(data);
    });
    socket.on('error', (error) => {
      cancel();
      reject(new SwitchError('notConnected', "Asterisk's control socket cannot be reached.", { cause: error }));
    });
    socket.on('close', () => {
      cancel();
      // First a greeting line (host/pid/version); NULs are verbose markers and colours are escape sequences.
      const text = Buffer.concat(parts).toString('utf8').replaceAll('\0', '');
      const plain = text.split('\u001b').map((part, n) => (n === 0 ? part : part.replace(/^\[[0-9;]*m/, '')));
      resolve(plain.join('').split('\n').slice(1).join('\n'));
    });
  });
};
