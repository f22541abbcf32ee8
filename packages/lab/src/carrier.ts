import { AriClient, type AriEvent, type AriRequest, type Logger, type Scheduler } from '@qianhu/switch';

import type { CallRecord } from './call-record.ts';
import { planOf, type PlanStep, type SoundLengths } from './plan.ts';
import { DEFAULT_POPULATION, type Population } from './population.ts';
import { castCall, type Rule } from './rules.ts';
import { toneSound } from './tone-file.ts';

export type CarrierOptions = {
  /** HTTP base of the lab's Asterisk, without `/ari`. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly app: string;
  readonly scheduler: Scheduler;
  readonly logger: Logger;
  readonly record: CallRecord;
  /** Folder of the sounds, as Asterisk sees it. */
  readonly soundsDir: string;
  /** Folder of what `listen` records. */
  readonly recordingsDir: string;
  readonly lengthMs: SoundLengths;
  readonly population?: Population;
  readonly rules?: readonly Rule[];
  /** Numbers that are agents' phones. Default: those that begin with `agent-`. */
  readonly isAgent?: (number: string) => boolean;
};

/** A call that the carrier handles now. */
type Call = {
  readonly id: string;
  readonly number: string;
  readonly isAgent: boolean;
  readonly steps: readonly PlanStep[];
  /** Index of the next step. */
  at: number;
  cancelTimer: (() => void) | undefined;
  isAnswered: boolean;
  isAnnounced: boolean;
  /** Set once we have asked for its end. */
  ending: { readonly sipStatus?: number } | undefined;
  /** Q.850, when the caller gave one. */
  cause: number | undefined;
  /** The playback that is heard, if any; the next one replaces it. */
  playing: string | undefined;
};

/** Q.850 causes that make the lab's Asterisk answer an INVITE with a status (chan_pjsip, hangup_cause2sip). */
const CAUSE_OF_STATUS = { 404: 1, 480: 19, 486: 17, 503: 34, 603: 0 } as const;

/** A tone's file is 30 s; so often it lasts longer than any trial. */
const TONE_TIMES = 120;

/** Channels by which `listen` hears with a callee; they are no calls. */
const EAR = 'lab-ear-';
/** So long an ear is waited for; then Asterisk says itself why it may not be recorded. */
const EAR_MS = 3_000;

/** Everything else is dropped inside Asterisk; its answers to requests are subject to the filter too. */
const USED_EVENTS = [
  ...['RESTResponse', 'ApplicationReplaced'],
  ...['StasisStart', 'StasisEnd', 'ChannelHangupRequest', 'ChannelDestroyed', 'ChannelDtmfReceived'],
];

/** The carrier: takes each call into the lab's Asterisk, casts its callee, writes it down and plays it. */
export class Carrier {
  readonly #options: CarrierOptions;
  readonly #ari: AriClient;
  readonly #calls = new Map<string, Call>();
  readonly #agentPlan: readonly PlanStep[];
  #population: Population;
  #rules: readonly Rule[];
  #isPaused = false;
  /** Answers held back by the pause; they come when it ends. */
  readonly #heldAnswers = new Set<Call>();
  #errors = 0;
  #whenUp: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  #nextPlayback = 1;
  #nextEar = 1;
  /** Ears that have not begun to hear. */
  readonly #ears = new Map<string, () => void>();

  constructor(options: CarrierOptions) {
    this.#options = options;
    this.#population = options.population ?? DEFAULT_POPULATION;
    this.#rules = options.rules ?? [];
    this.#agentPlan = agentPlan(options.lengthMs);
    this.#ari = new AriClient(
      {
        url: options.url,
        username: options.username,
        password: options.password,
        app: options.app,
        scheduling: options.scheduler,
        logger: options.logger,
      },
      {
        onEvent: (event) => this.#take(event),
        prepare: () => this.#adopt(),
        onRefused: (error) => {
          for (const { reject } of this.#whenUp.splice(0)) reject(error);
        },
        onUp: () => {
          for (const { resolve } of this.#whenUp.splice(0)) resolve();
        },
        onDown: (reason) => options.logger.warn({ reason }, 'the lab lost its switch'),
        onReplaced: () => options.logger.error({}, 'another process took over the lab'),
      },
    );
  }

  /** Connects; resolves when calls are taken, rejects when the switch refuses the password. */
  async start(): Promise<void> {
    const up = new Promise<void>((resolve, reject) => this.#whenUp.push({ resolve, reject }));
    this.#ari.start();
    await up;
  }

  /** Stops taking calls; those under way stay in the switch. */
  close(): void {
    this.#ari.close();
    for (const call of this.#calls.values()) call.cancelTimer?.();
    this.#calls.clear();
  }

  get state(): string {
    return this.#ari.state;
  }
  /** Requests that the switch refused though the call was alive. */
  get errors(): number {
    return this.#errors;
  }
  get openCalls(): number {
    return this.#calls.size;
  }
  get population(): Population {
    return this.#population;
  }
  setPopulation(population: Population): void {
    this.#population = population;
  }
  get rules(): readonly Rule[] {
    return this.#rules;
  }
  /** For calls that come from now on. */
  setRules(rules: readonly Rule[]): void {
    this.#rules = rules;
  }
  get isPaused(): boolean {
    return this.#isPaused;
  }
  /** While paused every callee goes on ringing instead of answering; agents' phones answer all the same. */
  setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
    if (isPaused) return;
    for (const call of this.#heldAnswers) this.#answer(call);
    this.#heldAnswers.clear();
  }

  /** Hangs up calls as their callee. @returns how many. */
  hangUp(matches: (call: { readonly id: string; readonly number: string }) => boolean): number {
    const calls = [...this.#calls.values()].filter((call) => call.ending === undefined && matches(call));
    for (const call of calls) this.#end(call, undefined);
    return calls.length;
  }

  /** Presses keys as the callee of a living call. @returns whether it is alive. */
  press(id: string, digits: string): boolean {
    const call = this.#calls.get(id);
    if (call === undefined) return false;
    this.#press(call, digits);
    return true;
  }

  /**
   * Records what the callee of a living call hears, for `ms`.
   * @returns path of the file (WAV, 8 kHz, 16 bit, mono), or undefined when there is no such call. Rejects when it ends meanwhile.
   */
  async listen(id: string, ms: number): Promise<string | undefined> {
    if (!this.#calls.has(id)) return undefined;
    const ear = `${EAR}${process.pid}-${this.#nextEar++}`;
    const { app, recordingsDir, scheduler } = this.#options;
    // `in` is what comes from the channel, which is what its caller says.
    const query = { spy: 'in', app };
    const ready = new Promise<void>((resolve) => this.#ears.set(ear, resolve));
    try {
      await this.#ari.request({ method: 'POST', path: `channels/${id}/snoop/${ear}`, query });
      // Before it has entered our application Asterisk refuses to record it.
      await Promise.race([ready, new Promise<void>((resolve) => void scheduler.setTimer(EAR_MS, resolve))]);
      const recording = { name: ear, format: 'wav', ifExists: 'overwrite' };
      await this.#ari.request({ method: 'POST', path: `channels/${ear}/record`, query: recording });
      await new Promise<void>((resolve) => void scheduler.setTimer(ms, resolve));
      await this.#ari.request({ method: 'POST', path: `recordings/live/${ear}/stop` });
    } finally {
      this.#ears.delete(ear);
      this.#ask({ method: 'DELETE', path: `channels/${ear}` });
    }
    return `${recordingsDir}/${ear}.wav`;
  }

  /** After our own restart: living calls are taken back (and kept until someone hangs up), the others are closed as lost. */
  async #adopt(): Promise<void> {
    const { record, app } = this.#options;
    await this.#ari.request({
      method: 'PUT',
      path: `applications/${app}/eventFilter`,
      body: { allowed: USED_EVENTS.map((type) => ({ type })) },
    });
    const { body } = await this.#ari.request({ method: 'GET', path: 'channels' });
    const alive = new Set<string>();
    for (const channel of Array.isArray(body)
      ? (body as readonly { id?: unknown; dialplan?: { app_data?: unknown } }[])
      : []) {
      const { id, dialplan } = channel;
      if (typeof id === 'string' && String(dialplan?.app_data ?? '').startsWith(app)) alive.add(id);
    }
    for (const open of record.open()) {
      if (!alive.has(open.id)) {
        this.#calls.get(open.id)?.cancelTimer?.();
        this.#calls.delete(open.id);
        record.append({ type: 'ended', atMs: this.#now(), id: open.id, by: 'lost' });
      } else if (!this.#calls.has(open.id)) {
        const call = this.#newCall(open.id, open.number, open.character === 'agent', []);
        call.isAnswered = open.answeredAtMs !== undefined;
        if (open.character === 'agent' && !call.isAnswered) this.#answer(call);
      }
    }
  }

  #take(event: AriEvent): void {
    switch (event.type) {
      case 'StasisStart':
        if (event.channel.id.startsWith(EAR)) {
          this.#ears.get(event.channel.id)?.();
          return;
        }
        return this.#invited(
          event.channel.id,
          event.args[1] ?? event.channel.exten,
          event.channel.callerNumber,
          event.atMs,
        );
      case 'ChannelDtmfReceived': {
        if (!this.#calls.has(event.channel.id)) return;
        const { id } = event.channel;
        this.#options.record.append({ type: 'dtmf', atMs: event.atMs, id, digit: event.digit, from: 'caller' });
        return;
      }
      case 'ChannelHangupRequest': {
        const call = this.#calls.get(event.channel.id);
        // Ours comes as a soft request with a cause of the switch's own.
        if (call !== undefined && !event.soft) call.cause = event.cause;
        return;
      }
      // Nothing leaves the application but by its end, and the destruction is told only to those still subscribed.
      case 'StasisEnd':
        return this.#ended(event.channel.id, event.atMs, undefined);
      case 'ChannelDestroyed':
        return this.#ended(event.channel.id, event.atMs, event.cause);
      default:
        return;
    }
  }

  #ended(id: string, atMs: number, cause: number | undefined): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    this.#forget(call);
    const { ending } = call;
    this.#options.record.append({
      type: 'ended',
      atMs,
      id,
      by: ending === undefined ? 'caller' : 'callee',
      ...(ending?.sipStatus === undefined ? {} : { sipStatus: ending.sipStatus }),
      ...withCause(cause ?? call.cause),
    });
  }

  #invited(id: string, number: string, callerId: string, atMs: number): void {
    const { record, lengthMs } = this.#options;
    // A connection that came back may tell again of a call that stands in the book: it is the same INVITE.
    if (record.call(id) !== undefined) return;
    const attempt = record.attempts(number);
    const isAgent = this.#options.isAgent?.(number) ?? number.startsWith('agent-');
    if (isAgent) {
      record.append({ type: 'invite', atMs, id, number, callerId, character: 'agent', attempt });
      this.#run(this.#newCall(id, number, true, this.#agentPlan));
      return;
    }
    const character = castCall(this.#population, this.#rules, number, attempt);
    record.append({ type: 'invite', atMs, id, number, callerId, character: character.kind, attempt });
    const seed = this.#population.seed + attempt + Number(number.slice(-6).replace(/\D/g, '') || 0);
    this.#run(this.#newCall(id, number, false, planOf(character, lengthMs, seed)));
  }

  #newCall(id: string, number: string, isAgent: boolean, steps: readonly PlanStep[]): Call {
    const call: Call = {
      id,
      number,
      isAgent,
      steps,
      at: 0,
      cancelTimer: undefined,
      isAnswered: false,
      isAnnounced: false,
      ending: undefined,
      cause: undefined,
      playing: undefined,
    };
    this.#calls.set(id, call);
    return call;
  }

  #forget(call: Call): void {
    call.cancelTimer?.();
    this.#heldAnswers.delete(call);
    this.#calls.delete(call.id);
  }

  /** Waits for the call's next step and does it. */
  #run(call: Call): void {
    const step = call.steps[call.at];
    if (step === undefined || call.ending !== undefined) return;
    call.at++;
    call.cancelTimer = this.#options.scheduler.setTimer(step.afterMs, () => {
      if (!this.#calls.has(call.id)) return;
      if (step.do === 'answer' && this.#isPaused && !call.isAgent) {
        this.#heldAnswers.add(call);
        return;
      }
      this.#act(call, step);
      this.#run(call);
    });
  }

  #act(call: Call, step: PlanStep): void {
    switch (step.do) {
      case 'ring':
        this.#write(call, 'ringing');
        return this.#ask({ method: 'POST', path: `channels/${call.id}/ring` });
      case 'announce':
        // Playing on a channel that is not up makes Asterisk send 183 first.
        if (!call.isAnnounced) this.#write(call, 'announced');
        call.isAnnounced = true;
        return this.#play(call, step.sound);
      case 'answer':
        return this.#answer(call);
      case 'say':
        return this.#play(call, step.sound);
      case 'tone':
        return this.#play(call, toneSound(this.#options.soundsDir, step.hz), TONE_TIMES);
      case 'press':
        return this.#press(call, step.digits);
      case 'refuse':
        return this.#end(call, step.sipStatus);
      case 'hangUp':
        return this.#end(call, undefined);
      case 'wait':
        return;
    }
  }

  #answer(call: Call): void {
    if (call.ending !== undefined || call.isAnswered) return;
    call.isAnswered = true;
    this.#write(call, 'answered');
    this.#stopPlaying(call);
    this.#ask({ method: 'POST', path: `channels/${call.id}/answer` });
    // An answer that the pause held back is not followed by its step's own "next".
    if (this.#heldAnswers.has(call)) this.#run(call);
  }

  #play(call: Call, sound: string, times = 1): void {
    this.#stopPlaying(call);
    const playbackId = `lab-${process.pid}-${this.#nextPlayback++}`;
    call.playing = playbackId;
    this.#ask({
      method: 'POST',
      path: `channels/${call.id}/play/${playbackId}`,
      query: { media: Array<string>(times).fill(`sound:${this.#options.soundsDir}/${sound}`).join(',') },
    });
  }

  /** Playbacks of one channel queue up, so what still plays is cut off first. */
  #stopPlaying(call: Call): void {
    if (call.playing === undefined) return;
    this.#ask({ method: 'DELETE', path: `playbacks/${call.playing}` });
    call.playing = undefined;
  }

  #press(call: Call, digits: string): void {
    for (const digit of digits)
      this.#options.record.append({ type: 'dtmf', atMs: this.#now(), id: call.id, digit, from: 'callee' });
    this.#ask({
      method: 'POST',
      path: `channels/${call.id}/dtmf`,
      query: { dtmf: digits, between: 150, duration: 120 },
    });
  }

  #end(call: Call, sipStatus: keyof typeof CAUSE_OF_STATUS | undefined): void {
    if (call.ending !== undefined) return;
    call.cancelTimer?.();
    call.ending = sipStatus === undefined ? {} : { sipStatus };
    const query = sipStatus === undefined ? {} : { reason_code: CAUSE_OF_STATUS[sipStatus] };
    this.#ask({ method: 'DELETE', path: `channels/${call.id}`, query });
  }

  #write(call: Call, type: 'ringing' | 'announced' | 'answered'): void {
    this.#options.record.append({ type, atMs: this.#now(), id: call.id });
  }

  /** Nothing waits for the answer: a call that is gone by then has ended, and its end is an event of its own. */
  #ask(request: AriRequest): void {
    this.#ari.request({ ...request, accept: [404, 409, 412] }).catch((error: unknown) => {
      this.#errors++;
      this.#options.logger.warn({ error: String(error), path: request.path }, 'the lab switch refused a request');
    });
  }

  #now(): number {
    return this.#options.scheduler.now();
  }
}

const withCause = (cause: number | undefined): { cause?: number } => (cause === undefined ? {} : { cause });

/** An agent's phone: answers by itself, greets, says something now and then, and never hangs up. */
const agentPlan = (lengthMs: SoundLengths): readonly PlanStep[] => {
  const msOf = (sound: string): number => lengthMs(sound) ?? 4000;
  const turns = Array.from({ length: 500 }, (_, index): PlanStep => {
    const before = index === 0 ? 'agent-hello' : 'agent-more';
    return { afterMs: msOf(before) + 9000, do: 'say', sound: 'agent-more' };
  });
  return [{ afterMs: 100, do: 'answer' }, { afterMs: 200, do: 'say', sound: 'agent-hello' }, ...turns];
};
