import type { TopicView } from '../../api/live.ts';
import { ApiError, toApiError } from '../../api/problem.ts';
import type { Clock } from '../../lib/clock.ts';
import { Store, type Readable } from '../../lib/store.ts';
import type { MicrophoneState, PhoneState, Softphone, SoftphoneCredentials } from '../../softphone/port.ts';
import { emptyDraft, type Draft, type DraftStore } from './draft-store.ts';
import type { AgentPhase, AgentView } from './desk-types.ts';

/** What the desk asks of the server. Each resolves after the commit and rejects with an `ApiError`. */
export interface DeskApi {
  credentials(): Promise<SoftphoneCredentials>;
  logIn(): Promise<void>;
  logOut(): Promise<void>;
  ready(): Promise<void>;
  pause(reason: string): Promise<void>;
  hangUp(): Promise<void>;
  hold(isHeld: boolean): Promise<void>;
  sendDtmf(digits: string): Promise<void>;
  dispose(disposal: { callId: string; code: string; note?: string; callbackAtMs?: number }): Promise<void>;
}

/** What is under way: one command at a time, so that a doubled key press sends nothing twice. */
export type DeskCommand = 'enter' | 'leave' | 'ready' | 'pause' | 'hangUp' | 'hold' | 'dtmf' | 'dispose';

/** Everything that the desk shows. */
export type DeskState = {
  /** `connecting` until the first snapshot; `stale` while the live connection is away. */
  readonly link: TopicView<AgentView>['kind'];
  readonly agent: AgentView | undefined;
  readonly phone: PhoneState;
  readonly microphone: MicrophoneState;
  readonly isMuted: boolean;
  readonly isSoundBlocked: boolean;
  readonly pending: DeskCommand | undefined;
  /** Last failed command, until the next one. */
  readonly fault: { readonly command: DeskCommand; readonly error: ApiError } | undefined;
  /** What the agent wrote about the present call, not yet sent. */
  readonly draft: Draft;
  /** Digits sent in this call. */
  readonly digits: string;
};

/** What can be done now; absent what cannot. */
export type DeskActions = {
  readonly enter?: () => void;
  /** Takes the phone from another tab. */
  readonly takeOver?: () => void;
  /** Tries the phone again after it failed or the microphone was refused. */
  readonly connect?: () => void;
  readonly leave?: () => void;
  readonly ready?: () => void;
  readonly pause?: (reason: string) => void;
  readonly hangUp?: () => void;
  readonly hold?: () => void;
  readonly unhold?: () => void;
  readonly mute?: () => void;
  readonly sendDigit?: (digit: string) => void;
  /** Sends the draft and ends wrap-up. */
  readonly dispose?: () => void;
};

export type DeskOptions = {
  /** How this agent's phone is reached. Only the browser's is ours to start; only one that is kept up must stand. */
  readonly station: { readonly kind: 'browser' | 'sip' | 'mobile'; readonly mode: 'keptUp' | 'perCall' };
  readonly api: DeskApi;
  readonly view: Readable<TopicView<AgentView>>;
  readonly phone: Softphone;
  readonly drafts: DraftStore;
  readonly clock: Clock;
  /** Dispositions that need a call-back time; asked each time, since they are loaded later than the desk. */
  readonly needsCallbackTime: (code: string) => boolean;
};

const REGISTER_TIMEOUT_MS = 12_000;
/** The engine opens a lost station again by itself; we ask only when it has not done so for this long. */
const REOPEN_AFTER_MS = 4_000;
const IN_CALL: readonly AgentPhase[] = ['ringing', 'talking', 'held'];

/** Whether the phase has a person at the other end. */
export const isInCall = (phase: AgentPhase | undefined): boolean => phase !== undefined && IN_CALL.includes(phase);

/** The agent's desk without any screen: what is so, what can be done, and the phone kept in step with the server. */
export class DeskModel {
  readonly #options: DeskOptions;
  readonly #state: Store<DeskState>;
  readonly #unsubscribe: (() => void)[] = [];
  /** Invariant: set while we wait to ask for a lost station. */
  #cancelReopen: (() => void) | undefined;
  /** Invariant: whether the phone was brought back after a reload: once, then it is the agent's to try again. */
  #hasResumed = false;
  #isClosed = false;
  /** Invariant: settles when all digits so far were sent. */
  #digitChain: Promise<void> = Promise.resolve();

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#state = new Store(this.#read(undefined));
    const { view, phone } = options;
    const sources = [view, phone.state, phone.microphone, phone.isMuted, phone.isSoundBlocked];
    for (const source of sources) this.#unsubscribe.push(source.subscribe(() => this.#refresh()));
    this.#refresh();
  }

  get #isBrowserPhone(): boolean {
    return this.#options.station.kind === 'browser';
  }

  get state(): Readable<DeskState> {
    return this.#state;
  }

  /** Leaves the screen; the phone goes on unless the agent logged out. */
  close(): void {
    this.#isClosed = true;
    this.#cancelReopen?.();
    this.#cancelReopen = undefined;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  /** Derived from a state, so that a button and a key always agree. */
  actionsOf(state: DeskState): DeskActions {
    const { agent, phone } = state;
    if (agent === undefined || state.pending !== undefined) return {};
    const isOut = agent.phase === 'loggedOut';
    if (isOut) return { enter: () => void this.#enter() };
    if (phone.kind === 'elsewhere') return { takeOver: () => void this.#startPhone({ takeOver: true }) };
    const needsPhone = this.#isBrowserPhone && (phone.kind === 'off' || phone.kind === 'failed');
    const hasStation = agent.stationUp || this.#options.station.mode === 'perCall';
    const inCall = isInCall(agent.phase);
    const wrapUp = agent.phase === 'wrapUp';
    const isTalking = agent.phase === 'talking' || agent.phase === 'held';
    const canDispose = agent.call !== undefined && (inCall || wrapUp) && this.#isDraftComplete(state.draft);
    return {
      ...(needsPhone ? { connect: () => void this.#startPhone({}) } : {}),
      ...(inCall ? {} : { leave: () => void this.#leave() }),
      ...(hasStation && (agent.phase === 'paused' || wrapUp || agent.pauseAfterCall !== undefined)
        ? { ready: () => void this.#run('ready', () => this.#options.api.ready()) }
        : {}),
      ...(agent.phase === 'paused' || agent.phase === 'connecting'
        ? {}
        : { pause: (reason: string) => void this.#run('pause', () => this.#options.api.pause(reason)) }),
      ...(inCall ? { hangUp: () => void this.#run('hangUp', () => this.#options.api.hangUp()) } : {}),
      ...(agent.phase === 'talking' ? { hold: () => void this.#run('hold', () => this.#options.api.hold(true)) } : {}),
      ...(agent.phase === 'held' ? { unhold: () => void this.#run('hold', () => this.#options.api.hold(false)) } : {}),
      ...(phone.kind === 'up' ? { mute: () => this.#options.phone.setMuted(!state.isMuted) } : {}),
      ...(isTalking ? { sendDigit: (digit: string) => void this.#sendDigit(digit) } : {}),
      ...(canDispose ? { dispose: () => void this.#dispose() } : {}),
    };
  }

  /** Changes what the agent is writing; kept over a reload. */
  edit(change: Partial<Draft>): void {
    const { draft, agent } = this.#state.get();
    const next = { ...draft, ...change };
    if (agent?.call !== undefined) this.#options.drafts.save(agent.call.callId, next);
    this.#state.update((state) => ({ ...state, draft: next }));
  }

  checkMicrophone(deviceId?: string): void {
    void this.#options.phone.checkMicrophone(deviceId);
  }

  unblockSound(): void {
    this.#options.phone.unblockSound();
  }

  dismissFault(): void {
    this.#state.update((state) => ({ ...state, fault: undefined }));
  }

  #read(before: DeskState | undefined): DeskState {
    const { view: viewStore, phone, drafts } = this.#options;
    const view = viewStore.get();
    const agent = view.kind === 'live' || view.kind === 'stale' ? view.data : undefined;
    const callId = agent?.call?.callId;
    const isSameCall = before !== undefined && before.agent?.call?.callId === callId;
    return {
      link: view.kind,
      agent,
      phone: phone.state.get(),
      microphone: phone.microphone.get(),
      isMuted: phone.isMuted.get(),
      isSoundBlocked: phone.isSoundBlocked.get(),
      pending: before?.pending,
      fault: before?.fault,
      draft: isSameCall ? before.draft : callId === undefined ? emptyDraft : drafts.load(callId),
      digits: isSameCall ? before.digits : '',
    };
  }

  #refresh(): void {
    const before = this.#state.get();
    const next = this.#read(before);
    this.#state.set(next);
    // A silenced microphone is a choice about one call: the next callee must not speak to nobody.
    if (next.agent?.call?.callId !== before.agent?.call?.callId && next.isMuted) this.#options.phone.setMuted(false);
    this.#keepPhone(next);
  }

  /** After a reload the server still has us logged in: bring the phone back without a question. */
  #keepPhone(state: DeskState): void {
    const { agent, phone } = state;
    if (state.link !== 'live' || agent === undefined || this.#isClosed || !this.#isBrowserPhone) return;
    if (agent.phase === 'loggedOut') {
      if (phone.kind !== 'off' && state.pending === undefined) this.#options.phone.stop();
      return;
    }
    if (phone.kind === 'off' && state.pending === undefined && !this.#hasResumed) {
      this.#hasResumed = true;
      void this.#startPhone({});
    }
    const isLost =
      this.#options.station.mode === 'keptUp' &&
      phone.kind === 'registered' &&
      !agent.stationUp &&
      state.pending === undefined;
    if (!isLost) {
      this.#cancelReopen?.();
      this.#cancelReopen = undefined;
    } else
      this.#cancelReopen ??= this.#options.clock.setTimer(REOPEN_AFTER_MS, () => {
        this.#cancelReopen = undefined;
        void this.#run('enter', () => this.#options.api.logIn());
      });
  }

  async #startPhone(options: { takeOver?: boolean }): Promise<void> {
    const { phone, api } = this.#options;
    try {
      const microphone = await phone.checkMicrophone();
      if (microphone.kind !== 'granted') return;
      phone.start(await api.credentials(), options);
    } catch (error) {
      this.#fail('enter', error);
    }
  }

  async #enter(): Promise<void> {
    await this.#run('enter', async () => {
      const { phone, api } = this.#options;
      if (!this.#isBrowserPhone) {
        await api.logIn();
        return;
      }
      this.#hasResumed = true;
      const microphone = await phone.checkMicrophone();
      // The microphone's state says what is wrong and how to mend it; nothing to add.
      if (microphone.kind !== 'granted') return;
      phone.start(await api.credentials());
      await this.#registered();
      await api.logIn();
    });
  }

  /** Waits until the switch can ring us, or says why it cannot. */
  #registered(): Promise<void> {
    const { phone, clock } = this.#options;
    return new Promise((resolve, reject) => {
      const finish = (act: () => void): void => {
        unsubscribe();
        cancel();
        act();
      };
      const look = (): void => {
        const state = phone.state.get();
        if (state.kind === 'registered' || state.kind === 'up') finish(resolve);
        else if (state.kind === 'failed' || state.kind === 'elsewhere')
          finish(() => reject(new ApiError('unavailable', '', { code: `phone.${state.kind}` })));
      };
      const unsubscribe = phone.state.subscribe(look);
      const cancel = clock.setTimer(REGISTER_TIMEOUT_MS, () =>
        finish(() => {
          phone.stop();
          reject(new ApiError('unavailable', '', { code: 'phone.timeout' }));
        }),
      );
      look();
    });
  }

  async #leave(): Promise<void> {
    await this.#run('leave', async () => {
      await this.#options.api.logOut();
      this.#options.phone.stop();
    });
  }

  async #sendDigit(digit: string): Promise<void> {
    // Digits may come faster than answers; they are sent in order by the chain of promises, without a pending state.
    this.#state.update((state) => ({ ...state, digits: state.digits + digit }));
    this.#digitChain = this.#digitChain.then(async () => {
      try {
        await this.#options.api.sendDtmf(digit);
      } catch (error) {
        this.#fail('dtmf', error);
      }
    });
    await this.#digitChain;
  }
  async #dispose(): Promise<void> {
    const { agent, draft } = this.#state.get();
    const callId = agent?.call?.callId;
    if (callId === undefined || draft.code === undefined) return;
    const { code, note, callbackAtMs } = draft;
    await this.#run('dispose', async () => {
      await this.#options.api.dispose({
        callId,
        code,
        ...(note.trim() === '' ? {} : { note: note.trim() }),
        ...(callbackAtMs === undefined || !this.#options.needsCallbackTime(code) ? {} : { callbackAtMs }),
      });
      this.#options.drafts.forget(callId);
    });
  }

  #isDraftComplete(draft: Draft): boolean {
    if (draft.code === undefined) return false;
    return !this.#options.needsCallbackTime(draft.code) || draft.callbackAtMs !== undefined;
  }

  async #run(command: DeskCommand, act: () => Promise<void>): Promise<void> {
    if (this.#state.get().pending !== undefined) return;
    this.#state.update((state) => ({ ...state, pending: command, fault: undefined }));
    try {
      await act();
    } catch (error) {
      this.#fail(command, error);
    } finally {
      this.#state.update((state) => ({ ...state, pending: undefined }));
      this.#keepPhone(this.#state.get());
    }
  }

  #fail(command: DeskCommand, error: unknown): void {
    this.#state.update((state) => ({ ...state, fault: { command, error: toApiError(error) } }));
  }
}
