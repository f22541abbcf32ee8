import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';

import type { CharacterKind } from './character.ts';

/** One line of the record. `id` is the call's; `seq` grows by one from line to line. */
export type RecordLine = { readonly seq: number; readonly atMs: number; readonly id: string } & (
  | {
      readonly type: 'invite';
      readonly number: string;
      readonly callerId: string;
      /** Callee's character; `agent` for agents' phones. */
      readonly character: CharacterKind | 'agent';
      /** How many INVITEs this number had before this one. */
      readonly attempt: number;
    }
  | { readonly type: 'ringing' | 'announced' | 'answered' }
  | { readonly type: 'dtmf'; readonly digit: string; readonly from: 'caller' | 'callee' }
  | {
      readonly type: 'ended';
      /** Who ended it; `lost`: it ended while the lab itself was down. */
      readonly by: 'caller' | 'callee' | 'lost';
      /** The status the lab refused with. */
      readonly sipStatus?: number;
      /** Q.850, as the lab's switch saw it. */
      readonly cause?: number;
    }
);

type NewLine<L> = L extends RecordLine ? Omit<L, 'seq'> : never;

/** A call put together from its lines. */
export type RecordedCall = {
  readonly id: string;
  readonly number: string;
  readonly callerId: string;
  readonly character: CharacterKind | 'agent';
  readonly attempt: number;
  readonly invitedAtMs: number;
  answeredAtMs?: number;
  endedAtMs?: number;
  endedBy?: 'caller' | 'callee' | 'lost';
  sipStatus?: number;
  cause?: number;
  digitsFromCaller: string;
};

/**
 * The carrier's own book: every INVITE and what became of it, one JSON object a line, appended before the lab acts. It is
 * a witness for tests, so nothing is ever changed or taken back. Kept in memory too.
 */
export class CallRecord {
  readonly path: string;
  readonly #fd: number;
  readonly #lines: RecordLine[] = [];
  readonly #calls = new Map<string, RecordedCall>();
  /** Calls of each number, in order. */
  readonly #byNumber = new Map<string, RecordedCall[]>();

  /** Reads what is there and goes on behind it; a half line at the end (a crash) is closed and ignored. */
  constructor(path: string) {
    this.path = path;
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    for (const line of text.split('\n')) {
      const parsed = parseLine(line);
      if (parsed !== undefined) this.#take(parsed);
    }
    this.#fd = openSync(path, 'a', 0o644);
    if (text !== '' && !text.endsWith('\n')) writeSync(this.#fd, '\n');
  }

  append(line: NewLine<RecordLine>): RecordLine {
    const whole = { seq: this.#lines.length + 1, ...line } as RecordLine;
    writeSync(this.#fd, `${JSON.stringify(whole)}\n`);
    this.#take(whole);
    return whole;
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** Calls to a number so far. */
  attempts(number: string): number {
    return this.#byNumber.get(number)?.length ?? 0;
  }

  call(id: string): Readonly<RecordedCall> | undefined {
    return this.#calls.get(id);
  }

  calls(): readonly Readonly<RecordedCall>[] {
    return [...this.#calls.values()];
  }

  callsTo(number: string): readonly Readonly<RecordedCall>[] {
    return this.#byNumber.get(number) ?? [];
  }

  /** Lines after a sequence number. */
  linesAfter(seq: number, limit: number): readonly RecordLine[] {
    return this.#lines.slice(seq, seq + limit);
  }

  /** Calls without an end. */
  open(): readonly Readonly<RecordedCall>[] {
    return this.calls().filter((call) => call.endedAtMs === undefined);
  }

  #take(line: RecordLine): void {
    this.#lines.push(line);
    if (line.type === 'invite') {
      const { id, number, callerId, character, attempt, atMs } = line;
      const call: RecordedCall = { id, number, callerId, character, attempt, invitedAtMs: atMs, digitsFromCaller: '' };
      this.#calls.set(id, call);
      const calls = this.#byNumber.get(number);
      if (calls === undefined) this.#byNumber.set(number, [call]);
      else calls.push(call);
      return;
    }
    const call = this.#calls.get(line.id);
    if (call === undefined) return;
    if (line.type === 'answered') call.answeredAtMs = line.atMs;
    if (line.type === 'dtmf' && line.from === 'caller') call.digitsFromCaller += line.digit;
    if (line.type !== 'ended') return;
    call.endedAtMs = line.atMs;
    call.endedBy = line.by;
    if (line.sipStatus !== undefined) call.sipStatus = line.sipStatus;
    if (line.cause !== undefined) call.cause = line.cause;
  }
}

const parseLine = (text: string): RecordLine | undefined => {
  if (text.trim() === '') return undefined;
  try {
    // Written by ourselves; only its end can be damaged.
    return JSON.parse(text) as RecordLine;
  } catch {
    return undefined;
  }
};
