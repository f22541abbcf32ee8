import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LegId } from '@qianhu/core';
import type { Logger } from '../logger.ts';
import { SwitchError, type SipMessage } from '../port.ts';
import { runCommand } from './control-socket.ts';
import { parsePcap } from './pcap.ts';
import type { Scheduling } from './scheduling.ts';

export type SipTracerDeps = {
  readonly controlSocket: string | undefined;
  readonly spoolDir: string;
  readonly scheduling: Scheduling;
  readonly logger: Logger;
};

/** A forgotten trace stops after this time: it is for one test call, and its file holds phone numbers. */
const LONGEST_MS = 10 * 60_000;
/** Traced legs remembered. */
const REMEMBERED = 50;

const PREFIX = 'sip-trace-';

const callIdOf = (text: string): string | undefined => /^(?:Call-ID|i)\s*:\s*(\S+)/im.exec(text)?.[1];

/**
 * The SIP messages of single legs: Asterisk's PJSIP logger writes a capture file while at least one leg is traced, and is off
 * otherwise, when it costs a comparison per message. Messages are told apart by the leg's Call-ID. The logger can filter by
 * host, but not by the address a name resolves to, so while it is on it takes all traffic.
 */
export class SipTracer {
  readonly #deps: SipTracerDeps;
  /** Call-ID by traced leg, oldest first; undefined when it could not be had. */
  readonly #traced = new Map<LegId, string | undefined>();
  #isOn = false;
  /** How many files were begun; the last one is being written. */
  #fileNumber = 0;
  #cancelOff: (() => void) | undefined;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(deps: SipTracerDeps) {
    this.#deps = deps;
  }

  /** Switches the logger on, before the dial. A trace that cannot be had does not keep the call from being made. */
  begin(legId: LegId, findCallId: () => Promise<string | undefined>): Promise<void> {
    return this.#inTurn(async () => {
      try {
        await this.#switchOn();
        this.#traced.set(legId, await findCallId());
      } catch (error) {
        this.#deps.logger.warn({ legId, err: error }, 'the SIP messages of this leg cannot be kept');
      }
      const oldest = this.#traced.keys().next();
      if (this.#traced.size > REMEMBERED && oldest.done !== true) this.#traced.delete(oldest.value);
    });
  }

  /** @throws SwitchError `notFound` for a leg that was not traced. */
  async messages(legId: LegId): Promise<readonly SipMessage[]> {
    const callId = this.#traced.get(legId);
    if (callId === undefined) throw new SwitchError('notFound', 'This leg was not traced.');
    // Asterisk writes through a buffer and never flushes it; beginning the next file closes the one before.
    if (this.#isOn) await this.#inTurn(() => this.#nextFile());
    const packets = (await this.#files()).flatMap((file) => parsePcap(file));
    return packets
      .filter((packet) => callIdOf(packet.text) === callId)
      .map(({ atMs, from, to, text }): SipMessage => {
        const sent = isSent(from);
        return { atMs, direction: sent ? 'sent' : 'received', peer: sent ? to : from, text };
      });
  }

  /** Switches the logger off and removes the file. */
  close(): Promise<void> {
    return this.#inTurn(() => this.#switchOff());
  }

  async #files(): Promise<readonly Buffer[]> {
    const paths = Array.from({ length: this.#fileNumber }, (_, n) => this.#path(n));
    return Promise.all(paths.map((path) => readFile(path).catch(() => Buffer.alloc(0))));
  }

  #path(n: number): string {
    return join(this.#deps.spoolDir, `${PREFIX}${String(n)}.pcap`);
  }

  async #nextFile(): Promise<void> {
    const { controlSocket, scheduling } = this.#deps;
    if (controlSocket === undefined) return;
    await runCommand(controlSocket, `pjsip set logger pcap ${this.#path(this.#fileNumber)}`, scheduling);
    this.#fileNumber += 1;
  }

  async #switchOn(): Promise<void> {
    const { controlSocket, spoolDir, scheduling } = this.#deps;
    if (controlSocket === undefined) throw new SwitchError('refused', 'Tracing needs the control socket.');
    this.#cancelOff?.();
    this.#cancelOff = scheduling.setTimer(LONGEST_MS, () => void this.close());
    if (this.#isOn) return;
    await mkdir(spoolDir, { recursive: true });
    await this.#removeFiles();
    await this.#nextFile();
    await runCommand(controlSocket, 'pjsip set logger verbose off', scheduling);
    await runCommand(controlSocket, 'pjsip set logger on', scheduling);
    this.#isOn = true;
  }

  async #switchOff(): Promise<void> {
    this.#cancelOff?.();
    this.#cancelOff = undefined;
    this.#traced.clear();
    if (!this.#isOn || this.#deps.controlSocket === undefined) return;
    this.#isOn = false;
    try {
      await runCommand(this.#deps.controlSocket, 'pjsip set logger off', this.#deps.scheduling);
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'could not switch the SIP logger off');
    }
    await this.#removeFiles();
  }

  async #removeFiles(): Promise<void> {
    this.#fileNumber = 0;
    const names = await readdir(this.#deps.spoolDir).catch((): string[] => []);
    const ours = names.filter((name) => name.startsWith(PREFIX));
    await Promise.all(ours.map((name) => rm(join(this.#deps.spoolDir, name), { force: true })));
  }

  #inTurn(run: () => Promise<void>): Promise<void> {
    const done = this.#tail.then(run);
    this.#tail = done.catch(() => undefined);
    return done;
  }
}

/** Whether Asterisk sent it: the logger leaves the near side's address out. */
const isSent = (from: string): boolean => from.endsWith(':0');
