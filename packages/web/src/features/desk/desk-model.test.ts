import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TopicView } from '../../api/live.ts';
import { ApiError } from '../../api/problem.ts';
import { Store } from '../../lib/store.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { FakeSoftphone } from '../../softphone/fake-softphone.ts';
import type { SoftphoneCredentials } from '../../softphone/port.ts';
import { DeskModel, type DeskApi, type DeskOptions } from './desk-model.ts';
import type { AgentView } from './desk-types.ts';
import { sessionDraftStore } from './draft-store.ts';
import { MemoryStorage } from '../../lib/testing/memory-storage.ts';

const credentials: SoftphoneCredentials = { user: 'a1', secret: 's', domain: 'qianhu', wsPath: '/sip', iceServers: [] };

const agent = (change: Partial<AgentView> = {}): AgentView => ({
  agentId: 'a1' as AgentView['agentId'],
  name: '王芳',
  phase: 'loggedOut',
  sinceMs: 0,
  stationUp: false,
  demo: false,
  ...change,
});

const call = (id = 'c1') => ({ callId: id, answeredAtMs: 1 }) as unknown as NonNullable<AgentView['call']>;

/** Lets all settled promises run. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 12; i += 1) await Promise.resolve();
};

class FakeApi implements DeskApi {
  readonly calls: string[] = [];
  failNext: ApiError | undefined;
  /** While set, commands do not come back. */
  gate: Promise<void> | undefined;
  readonly #act = async (name: string): Promise<void> => {
    this.calls.push(name);
    await this.gate;
    const error = this.failNext;
    this.failNext = undefined;
    if (error !== undefined) throw error;
  };
  credentials(): Promise<SoftphoneCredentials> {
    this.calls.push('credentials');
    return Promise.resolve(credentials);
  }
  logIn = (): Promise<void> => this.#act('logIn');
  logOut = (): Promise<void> => this.#act('logOut');
  ready = (): Promise<void> => this.#act('ready');
  pause = (reason: string): Promise<void> => this.#act(`pause ${reason}`);
  hangUp = (): Promise<void> => this.#act('hangUp');
  hold = (isHeld: boolean): Promise<void> => this.#act(`hold ${isHeld}`);
  sendDtmf = (digits: string): Promise<void> => this.#act(`dtmf ${digits}`);
  dispose = (disposal: object): Promise<void> => this.#act(`dispose ${JSON.stringify(disposal)}`);
}

const setUp = (
  view: TopicView<AgentView> = { kind: 'live', data: agent() },
  storage: Storage = new MemoryStorage(),
  station: DeskOptions['station'] = { kind: 'browser', mode: 'keptUp' },
) => {
  const clock = new VirtualClock();
  const api = new FakeApi();
  const phone = new FakeSoftphone();
  const source = new Store<TopicView<AgentView>>(view);
  const model = new DeskModel({
    api,
    phone,
    clock,
    station,
    view: source,
    drafts: sessionDraftStore(storage),
    needsCallbackTime: (code) => code === 'callback',
  });
  const show = (change: Partial<AgentView>): void => source.set({ kind: 'live', data: agent(change) });
  return { clock, api, phone, source, model, show, actions: () => model.actionsOf(model.state.get()) };
};

describe('the desk', () => {
  let open: { model: DeskModel; clock: VirtualClock }[] = [];
  const desk = (...args: Parameters<typeof setUp>) => {
    const made = setUp(...args);
    open.push(made);
    return made;
  };
  beforeEach(() => {
    open = [];
  });
  afterEach(() => {
    for (const { model, clock } of open) {
      model.close();
      expect(clock.pending).toBe(0);
    }
  });

  it('checks the microphone, registers and only then logs in', async () => {
    const { actions, api, phone } = desk();
    actions().enter?.();
    await settle();
    expect(phone.started).toHaveLength(1);
    expect(api.calls).toEqual(['credentials', 'logIn']);
  });

  it('does not log in without a microphone, and says so by the microphone’s state alone', async () => {
    const { actions, api, phone, model } = desk();
    phone.nextMicrophone = { kind: 'denied' };
    actions().enter?.();
    await settle();
    expect(api.calls).toEqual([]);
    expect(model.state.get().microphone.kind).toBe('denied');
    expect(model.state.get().fault).toBeUndefined();
    expect(actions().enter).toBeDefined();
  });

  it('gives up when the phone does not register, and can be tried again', async () => {
    const { actions, phone, model, clock } = desk();
    phone.start = () => phone.state.set({ kind: 'connecting', attempt: 1 });
    actions().enter?.();
    await settle();
    clock.advance(12_000);
    await settle();
    expect(model.state.get().fault?.error.code).toBe('phone.timeout');
    expect(actions().enter).toBeDefined();
  });

  it('brings the phone back after a reload without a question and without a second log-in', async () => {
    const { api, phone } = desk({ kind: 'live', data: agent({ phase: 'paused', stationUp: true }) });
    await settle();
    expect(phone.started).toHaveLength(1);
    expect(api.calls).toEqual(['credentials']);
  });

  it('asks for the station again when the engine has not opened it some seconds after the phone came back', async () => {
    const { api, clock } = desk({ kind: 'live', data: agent({ phase: 'paused', stationUp: false }) });
    await settle();
    expect(api.calls).toEqual(['credentials']);
    clock.advance(4000);
    await settle();
    expect(api.calls).toEqual(['credentials', 'logIn']);
    // Close at once: the fake never brings the station up, so that it would ask again.
  });

  it('offers no command twice while one is under way', async () => {
    const { api, actions, show } = desk();
    show({ phase: 'paused', stationUp: true });
    await settle();
    let letGo = (): void => undefined;
    api.gate = new Promise((resolve) => (letGo = resolve));
    const { ready } = actions();
    ready?.();
    ready?.();
    expect(actions()).toEqual({});
    letGo();
    await settle();
    expect(api.calls.filter((name) => name === 'ready')).toHaveLength(1);
  });

  it('cannot be ready without a station', () => {
    const { actions, show } = desk();
    show({ phase: 'paused', stationUp: false });
    expect(actions().ready).toBeUndefined();
    show({ phase: 'paused', stationUp: true });
    expect(actions().ready).toBeDefined();
  });

  it('offers in each phase what makes sense in it', async () => {
    const { actions, show, phone } = desk();
    show({ phase: 'paused', stationUp: true });
    await settle();
    phone.state.set({ kind: 'up', sinceMs: 0 });
    const offered = (change: Partial<AgentView>): string[] => {
      show({ stationUp: true, ...change });
      return Object.keys(actions()).sort();
    };
    expect(offered({ phase: 'paused' })).toEqual(['leave', 'mute', 'ready']);
    expect(offered({ phase: 'ready' })).toEqual(['leave', 'mute', 'pause']);
    expect(offered({ phase: 'talking', call: call() })).toEqual(['hangUp', 'hold', 'mute', 'pause', 'sendDigit']);
    expect(offered({ phase: 'held', call: call() })).toEqual(['hangUp', 'mute', 'pause', 'sendDigit', 'unhold']);
    expect(offered({ phase: 'wrapUp', call: call() })).toEqual(['leave', 'mute', 'pause', 'ready']);
  });

  it('sends the draft once it is complete, and forgets it', async () => {
    const storage = new MemoryStorage();
    const { actions, api, model, show } = desk(undefined, storage);
    show({ phase: 'wrapUp', stationUp: true, call: call() });
    await settle();
    expect(actions().dispose).toBeUndefined();
    model.edit({ code: 'callback', note: ' 周五下午 ' });
    expect(actions().dispose).toBeUndefined();
    model.edit({ callbackAtMs: 5000 });
    actions().dispose?.();
    await settle();
    expect(api.calls.at(-1)).toBe('dispose {"callId":"c1","code":"callback","note":"周五下午","callbackAtMs":5000}');
    expect(storage.length).toBe(0);
  });

  it('keeps what was written over a reload, and not into the next call', async () => {
    const storage = new MemoryStorage();
    const before = desk(undefined, storage);
    before.show({ phase: 'talking', stationUp: true, call: call('c1') });
    before.model.edit({ note: '要发票' });
    const after = desk({ kind: 'live', data: agent({ phase: 'talking', stationUp: true, call: call('c1') }) }, storage);
    expect(after.model.state.get().draft.note).toBe('要发票');
    after.show({ phase: 'talking', stationUp: true, call: call('c2') });
    expect(after.model.state.get().draft.note).toBe('');
    await settle();
  });

  it('opens a silenced microphone for the next call', async () => {
    const { show, phone } = desk();
    show({ phase: 'talking', stationUp: true, call: call('c1') });
    await settle();
    phone.setMuted(true);
    show({ phase: 'wrapUp', stationUp: true, call: call('c1') });
    expect(phone.isMuted.get()).toBe(true);
    show({ phase: 'talking', stationUp: true, call: call('c2') });
    expect(phone.isMuted.get()).toBe(false);
  });

  it('sends digits in the order they were pressed', async () => {
    const { show, actions, api, model } = desk();
    show({ phase: 'talking', stationUp: true, call: call() });
    await settle();
    for (const digit of '12#') actions().sendDigit?.(digit);
    await settle();
    expect(api.calls.slice(-3)).toEqual(['dtmf 1', 'dtmf 2', 'dtmf #']);
    expect(model.state.get().digits).toBe('12#');
  });

  it('shows why a command failed and lets the agent go on', async () => {
    const { show, actions, api, model } = desk();
    show({ phase: 'paused', stationUp: true });
    await settle();
    api.failNext = new ApiError('conflict', 'The station is gone.', { status: 409 });
    actions().ready?.();
    await settle();
    expect(model.state.get().fault).toMatchObject({ command: 'ready', error: { kind: 'conflict' } });
    expect(actions().ready).toBeDefined();
  });

  it('lets go of the phone when the server says that the agent is logged out', async () => {
    const { show, phone } = desk({ kind: 'live', data: agent({ phase: 'ready', stationUp: true }) });
    await settle();
    expect(phone.state.get().kind).toBe('registered');
    show({ phase: 'loggedOut' });
    expect(phone.state.get().kind).toBe('off');
  });

  it('logs in an agent with a SIP phone without touching the browser’s', async () => {
    const { actions, api, phone, show } = desk(undefined, undefined, { kind: 'sip', mode: 'perCall' });
    actions().enter?.();
    await settle();
    expect(api.calls).toEqual(['logIn']);
    show({ phase: 'paused', stationUp: false });
    expect(phone.started).toHaveLength(0);
    expect(Object.keys(actions()).sort()).toEqual(['leave', 'ready']);
  });

  it('takes the phone from another tab only when asked', async () => {
    const { show, actions, phone } = desk();
    show({ phase: 'paused', stationUp: true });
    await settle();
    phone.state.set({ kind: 'elsewhere' });
    expect(Object.keys(actions())).toEqual(['takeOver']);
    actions().takeOver?.();
    await settle();
    expect(phone.started).toHaveLength(2);
  });
});
